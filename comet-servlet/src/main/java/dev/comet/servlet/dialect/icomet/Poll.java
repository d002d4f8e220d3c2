package dev.comet.servlet.dialect.icomet;

import dev.comet.CloseReason;
import dev.comet.Event;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.time.Duration;
import java.util.List;

/**
 * {@code /poll} and {@code /sub}: protocol page, "Envelopes". What is buffered comes as an array, one message that was waited for
 * as a bare object, and ends it; those behind it are the next poll's. <i>Owned by one response's drainer.</i>
 */
final class Poll implements Framing {
    private static final byte[] ARRAY = Json.bytes("[");
    private static final byte[] ARRAY_END = Json.bytes("]");
    private static final byte[] COMMA = Json.bytes(",");

    private final Envelope envelope;
    private final Wanted wanted;
    private final Duration timeout;
    private boolean waited;
    private boolean said;
    private boolean array;

    Poll(Envelope envelope, Wanted wanted, Duration timeout) {
        this.envelope = envelope;
        this.wanted = wanted;
        this.timeout = timeout;
    }

    @Override
    public List<Header> headers() {
        return envelope.headers();
    }

    @Override
    public boolean sendsHeadersAtOnce() {
        return true;
    }

    @Override
    public boolean begin(Subscriber at, Frames out) {
        if (wanted.fromNow()) {
            say(Json.nextSeq(wanted.cname(), at.nextSeq()), out);
        }
        return !said;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            if (gap.reason() == Gap.Reason.RESET) {
                say(Json.nextSeq(wanted.cname(), at.nextSeq()), out);
            }
            return !said;
        }
        if (event instanceof Message m) {
            boolean broadcast = m.kind() == Message.Kind.BROADCAST;
            array = !waited || broadcast;
            say(m.encoded(Json.MESSAGE), out);
            if (broadcast) {
                say(m.encoded(Json.NEXT_SEQ), out);
            }
        }
        return !waited;
    }

    @Override
    public boolean takesGaps() {
        return !said;
    }

    private void say(byte[] object, Frames out) {
        if (said) {
            out.add(COMMA);
        } else {
            envelope.open(out);
            if (array) {
                out.add(ARRAY);
            }
        }
        out.add(object);
        said = true;
    }

    /** Asked when there is nothing left to read: what comes after that has been waited for. */
    @Override
    public boolean isDone() {
        waited = true;
        return said;
    }

    @Override
    public Duration holdFor() {
        return timeout;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.DONE;
    }

    /** A channel that closes under a poll with messages tells its news to the next poll: clients look at an array's last. */
    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        if (!said) {
            say(reason == CloseReason.CLOSED ? wanted.close(at) : wanted.noop(0), out);
        }
        if (array) {
            out.add(ARRAY_END);
        }
        envelope.close(out);
    }
}
