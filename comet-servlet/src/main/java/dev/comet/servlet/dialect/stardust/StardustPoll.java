package dev.comet.servlet.dialect.stardust;

import dev.comet.CloseReason;
import dev.comet.Cursor;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.Session;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a poll: an array of what has come since the one before. There is no cursor on this wire; the session's position
 * moves when all of it is written. stardust.md, "The poll is stateful by ID". <i>Owned by one response's drainer.</i>
 */
final class StardustPoll implements Framing {
    private final List<Header> headers;
    private final Duration timeout;
    private final Session session;
    private boolean any;
    private @Nullable Cursor reached;

    StardustPoll(List<Header> headers, Duration timeout, Session session) {
        this.headers = headers;
        this.timeout = timeout;
        this.session = session;
    }

    @Override
    public List<Header> headers() {
        return headers;
    }

    /** What is gone is gone: this wire has no word for it. The statistics count it. */
    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Message m) {
            out.add(any ? "," : "[").add(m.encoded(Stars.OBJECT));
            any = true;
        }
        return true;
    }

    @Override
    public boolean isDone() {
        return any;
    }

    @Override
    public Duration holdFor() {
        return timeout;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.DONE;
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        out.add(any ? "]" : "[]");
        reached = at.cursor();
    }

    @Override
    public void written(Subscriber at) {
        if (reached != null) {
            session.commit(at, reached);
        }
    }
}
