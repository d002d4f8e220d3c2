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
 * {@code /stream}, {@code /iframe} and {@code /sse}: protocol page, "Envelopes". Every object is wrapped by itself. <i>Owned by one
 * response's drainer.</i>
 */
final class Stream implements Framing {
    private final Envelope envelope;
    private final Wanted wanted;
    private final Duration silence;
    private final Duration age;
    private int noops;

    Stream(Envelope envelope, Wanted wanted, Duration silence, Duration age) {
        this.envelope = envelope;
        this.wanted = wanted;
        this.silence = silence;
        this.age = age;
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
        envelope.begin(out);
        if (wanted.fromNow()) {
            nextSeq(at, out);
        }
        return true;
    }

    /** What the buffer no longer holds is skipped without a word: the wire has none. The statistics count it. */
    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap && gap.reason() == Gap.Reason.RESET) {
            nextSeq(at, out);
        } else if (event instanceof Message m) {
            envelope.wrap(m.encoded(Json.MESSAGE), out);
            if (m.kind() == Message.Kind.BROADCAST) {
                envelope.wrap(m.encoded(Json.NEXT_SEQ), out);
            }
        }
        return true;
    }

    private void nextSeq(Subscriber at, Frames out) {
        envelope.wrap(Json.nextSeq(wanted.cname(), at.nextSeq()), out);
    }

    @Override
    public Duration heartbeatEvery() {
        return silence;
    }

    @Override
    public void heartbeat(Frames out) {
        envelope.wrap(wanted.noop(noops++), out);
    }

    @Override
    public Duration holdFor() {
        return age;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.MAX_AGE;
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        if (reason == CloseReason.CLOSED) {
            envelope.wrap(wanted.close(at), out);
        }
    }
}
