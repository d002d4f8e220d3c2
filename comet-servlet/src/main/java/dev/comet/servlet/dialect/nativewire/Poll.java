package dev.comet.servlet.dialect.nativewire;

import dev.comet.CloseReason;
import dev.comet.Cursor;
import dev.comet.Encoder;
import dev.comet.Event;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One JSON document with what there is, or with what comes first: docs/native.md, "poll objects". <i>Owned by one response's
 * drainer.</i>
 *
 * <p>Gaps stand before the messages in the answer, so one that shows up between messages is left for the next poll.
 */
final class Poll implements Framing {
    private static final byte[] COMMA = Json.ascii(",");
    private static final byte[] BETWEEN = Json.ascii("],\"messages\":[");
    private static final byte[] END = Json.ascii("]}\n");

    /** One channel: the cursor is the same for every subscriber. */
    private static final Encoder WHOLE = Json::whole;

    private final List<Header> headers;
    private final Duration wait;
    private final Frames gaps = new Frames();
    private final Frames messages = new Frames();
    private final boolean several;
    private @Nullable Cursor cursor;

    Poll(List<Header> headers, Duration wait, boolean severalChannels) {
        this.headers = headers;
        this.wait = wait;
        this.several = severalChannels;
    }

    @Override
    public List<Header> headers() {
        return headers;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            cursor = at.cursor();
            next(gaps).add(Json.gap(gap, cursor.toString()));
        } else if (event instanceof Message m && !several && Json.isNumbered(m)) {
            cursor = m.cursor(); // the same for every subscriber
            next(messages).add(m.encoded(WHOLE));
        } else if (event instanceof Message m) {
            cursor = at.cursor();
            next(messages).add(m.encoded(Json.OPEN)).add(Json.withCursor(cursor.toString()));
        }
        return !messages.isFull();
    }

    private static Frames next(Frames of) {
        return of.size() == 0 ? of : of.add(COMMA);
    }

    @Override
    public boolean takesGaps() {
        return messages.size() == 0;
    }

    @Override
    public boolean isDone() {
        return wait.isZero() || gaps.size() > 0 || messages.size() > 0;
    }

    @Override
    public Duration holdFor() {
        return wait;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.DONE;
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        Cursor reached = cursor == null ? at.cursor() : cursor;
        out.add("{\"cursor\":\"" + reached + "\",\"gaps\":[")
                .add(gaps)
                .add(BETWEEN)
                .add(messages)
                .add(END);
    }

    /** For tests and logs. */
    @Override
    public String toString() {
        return "poll " + new String(messages.bytes(), 0, messages.size(), StandardCharsets.UTF_8);
    }
}
