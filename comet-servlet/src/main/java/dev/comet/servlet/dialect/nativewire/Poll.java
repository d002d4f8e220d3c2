package dev.comet.servlet.dialect.nativewire;

import dev.comet.CloseReason;
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

    private final List<Header> headers;
    private final Duration wait;
    private final Frames gaps = new Frames();
    private final Frames messages = new Frames();
    private @Nullable String cursor;
    private boolean full;

    Poll(List<Header> headers, Duration wait) {
        this.headers = headers;
        this.wait = wait;
    }

    @Override
    public List<Header> headers() {
        return headers;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            String now = at.cursor().toString();
            gaps.add(gaps.size() == 0 ? "" : ",").add(Json.gap(gap, now));
            cursor = now;
        } else if (event instanceof Message m) {
            String now = at.cursor().toString();
            messages.add(messages.size() == 0 ? "" : ",")
                    .add(m.encoded(Json.OPEN))
                    .add(Json.withCursor(now));
            cursor = now;
            full = messages.isFull();
        }
        return !full;
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
        String reached = cursor == null ? at.cursor().toString() : cursor;
        out.add("{\"cursor\":\"" + reached + "\",\"gaps\":[")
                .add(copy(gaps))
                .add("],\"messages\":[")
                .add(copy(messages))
                .add("]}\n");
    }

    private static byte[] copy(Frames frames) {
        return frames.size() == 0 ? new byte[0] : java.util.Arrays.copyOf(frames.bytes(), frames.size());
    }

    /** For tests and logs. */
    @Override
    public String toString() {
        return "poll " + new String(copy(messages), StandardCharsets.UTF_8);
    }
}
