package dev.comet;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A client that is known across its requests by an id, with the position that it has reached. Between polls the session itself
 * follows the channels, so that they live on; each poll follows them anew from the position, which moves when the poll's answer
 * has been written. <i>Thread-safe.</i>
 */
public final class Session {
    private final Sessions sessions;
    private final String id;
    private final @Nullable Subscriber anchor;

    // Guarded by the monitor; the timer reads and writes the last one too.
    private @Nullable Cursor position;
    private @Nullable Subscriber poll;
    private boolean closed;
    private long touched;

    Session(Sessions sessions, String id, @Nullable Subscriber anchor, long now) {
        this.sessions = sessions;
        this.id = id;
        this.anchor = anchor;
        this.position = anchor == null ? null : anchor.cursor();
        this.touched = now;
    }

    /** Its id: 1 to 200 bytes of UTF-8 without control characters. */
    public String id() {
        return id;
    }

    /** Says that the client is there: its time-out starts anew. */
    public void touch() {
        long now = sessions.now();
        synchronized (this) {
            touched = now;
        }
    }

    /**
     * Begins a poll: a subscriber that starts at the session's position. A poll of the session that is still open ends with
     * {@link CloseReason#REPLACED}.
     *
     * @param options what the poll asks for; where it starts is the session's affair once there is a position
     */
    public Subscriber poll(SubscribeOptions options, Runnable wake) {
        while (true) {
            Cursor at;
            synchronized (this) {
                at = position;
            }
            Subscriber fresh = sessions.hub().attach(at == null ? options : options.withFrom(From.cursor(at)), wake);
            if (begin(fresh, at)) {
                return fresh;
            }
            fresh.close(CloseReason.REPLACED); // a commit came in between: it would begin at what has been written
        }
    }

    private boolean begin(Subscriber fresh, @Nullable Cursor at) {
        Subscriber replaced;
        boolean over;
        long now = sessions.now();
        synchronized (this) {
            if (!Objects.equals(position, at)) {
                return false;
            }
            replaced = poll;
            poll = fresh;
            touched = now;
            over = closed;
        }
        if (replaced != null) {
            replaced.end(CloseReason.REPLACED);
        }
        if (over) {
            fresh.end(CloseReason.EXPIRED);
        }
        return true;
    }

    /** Says that what a poll read has been written: the session goes on from there, unless another poll has begun since. */
    public void commit(Subscriber of, Cursor reached) {
        long now = sessions.now();
        synchronized (this) {
            if (poll == of) {
                position = reached;
                touched = now;
            }
        }
    }

    /** Forgets the client; a poll that is open ends with {@link CloseReason#EXPIRED}. */
    public void close() {
        Subscriber open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = poll;
        }
        sessions.forget(this);
        if (open != null) {
            open.end(CloseReason.EXPIRED);
        }
        if (anchor != null) {
            anchor.close(CloseReason.EXPIRED);
        }
    }

    /** How long it may still go without a poll; 0 or less: it is to be forgotten. */
    synchronized long left(long now, long timeoutNanos) {
        if (closed) {
            return 0;
        }
        if (poll != null && !poll.isClosed()) {
            touched = now;
        }
        return timeoutNanos - (now - touched);
    }
}
