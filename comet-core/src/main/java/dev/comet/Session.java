package dev.comet;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client that is known across its requests by an id, with the position that it has reached. Between polls the session keeps
 * its channels alive; each poll follows them anew from the position, which moves when the poll's answer has been written. <i>Thread-safe.</i>
 */
public final class Session {
    private final Sessions sessions;
    private final String id;
    private final boolean follows;

    // Guarded by the monitor; the timer reads and writes the last one too.
    private @Nullable Cursor position;
    private long commits;
    private @Nullable Subscriber poll;
    private boolean closed;
    private long touched;

    /** Whether it is known that the last poll is over: by its commit, or because the timer has seen it since. */
    private boolean pollOver = true;

    private List<Channel> retained = List.of();
    private Scheduler.@Nullable Timer watch;

    /** When the other nodes were told last that it lives; where they are told. Read and written by anyone: a number too many does no harm. */
    private volatile long told;

    /**
     * A session.
     *
     * @param position where its first poll begins; null: where that poll asks for, and it keeps no channel alive
     */
    Session(Sessions sessions, String id, @Nullable Cursor position) {
        this(sessions, id, position, 0);
    }

    /** One that has moved so often, on other nodes. */
    Session(Sessions sessions, String id, @Nullable Cursor position, long commits) {
        this.sessions = sessions;
        this.commits = commits;
        this.told = sessions.now();
        this.id = id;
        this.follows = position != null;
        this.position = position;
        this.touched = sessions.now();
    }

    /** Keeps the channels alive that this subscriber follows, which are those of its last poll; earlier ones no longer. */
    void follow(Subscriber subscriber) {
        List<Channel> now = new ArrayList<>();
        for (Channel channel : subscriber.channels()) {
            if (channel.feed.retain()) {
                now.add(channel);
            }
        }
        retain(now);
    }

    private void retain(List<Channel> channels) {
        List<Channel> released = channels;
        synchronized (this) {
            if (!closed) {
                released = retained;
                retained = channels;
            }
        }
        released.forEach(channel -> channel.feed.release());
    }

    /** The timer that looks after it next; none once it is closed, for the timer holds on to it. */
    void watchedBy(Scheduler.Timer timer) {
        boolean over;
        synchronized (this) {
            watch = timer;
            over = closed;
        }
        if (over) {
            timer.cancel();
        }
    }

    /** Its id: 1 to 200 bytes of UTF-8 without control characters. */
    public String id() {
        return id;
    }

    /** Says that the client is there: its time-out starts anew. */
    public void touch() {
        long now = sessions.now();
        synchronized (this) {
            seen(now);
        }
        if (now - told > sessions.timeoutNanos() / 4) {
            sayThatItLives();
        }
    }

    /** To the other nodes, where there are any. */
    void sayThatItLives() {
        SharedSessions shared = sessions.shared();
        boolean over;
        synchronized (this) {
            over = closed;
        }
        if (shared != null && !over) {
            told = sessions.now();
            shared.touch(id, standing());
        }
    }

    synchronized SharedSessions.Standing standing() {
        return new SharedSessions.Standing(commits, position);
    }

    /** Others may have read the clock later, and been faster. Its numbers compare by their difference only. */
    private void seen(long now) {
        if (now - touched > 0) {
            touched = now;
        }
    }

    /**
     * Begins a poll: a subscriber that starts at the session's position. A poll of the session that is still open ends with
     * {@link CloseReason#REPLACED}.
     *
     * @param options what the poll asks for; where it starts is the session's affair once there is a position. Whether the client
     *     counts as {@linkplain SubscribeOptions#withSession registered} is theirs to say: some sessions anyone can open
     */
    public Subscriber poll(SubscribeOptions options, Runnable wake) {
        catchUp();
        while (true) {
            Cursor at;
            synchronized (this) {
                at = position;
            }
            Subscriber fresh = sessions.hub().attach(at == null ? options : options.withFrom(From.cursor(at)), wake);
            if (begin(fresh, at)) {
                if (follows) {
                    follow(fresh);
                }
                return fresh;
            }
            fresh.close(CloseReason.REPLACED); // a commit came in between: it would begin at what has been written
        }
    }

    /** Its last poll may have been at another node. While nobody can say, it stands where it stood here. */
    private void catchUp() {
        SharedSessions shared = sessions.shared();
        if (shared == null) {
            return;
        }
        try {
            Optional<SharedSessions.Standing> known = shared.find(id);
            if (known.isEmpty()) {
                shared.begin(id, standing()); // they have forgotten it, all but this one
            } else if (!movedTo(known.get())) {
                shared.move(id, standing());
            }
            told = sessions.now();
        } catch (RefusedException e) {
            if (!SharedHistory.isForNow(e)) {
                throw e;
            }
        }
    }

    /** False where this one has come further. */
    private synchronized boolean movedTo(SharedSessions.Standing known) {
        if (known.commits() > commits) {
            commits = known.commits();
            position = known.at();
        }
        return known.commits() == commits;
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
            pollOver = false;
            seen(now);
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
        SharedSessions shared = sessions.shared();
        synchronized (this) {
            if (poll != of) {
                return;
            }
            position = reached;
            commits++;
            pollOver = true;
            seen(now);
        }
        if (shared != null) {
            shared.move(id, standing());
        }
    }

    /**
     * Forgets the client; a poll that is open ends with {@link CloseReason#EXPIRED}. Other nodes that know it do so when it has not
     * polled them for the time-out.
     */
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        SharedSessions shared = sessions.shared();
        if (shared != null) {
            shared.remove(id);
        }
        finish();
    }

    /** It was never used, and nobody knows it. */
    void abandon() {
        retain(List.of());
    }

    private void finish() {
        Subscriber open;
        Scheduler.Timer timer;
        List<Channel> released;
        synchronized (this) {
            open = poll;
            timer = watch;
            released = retained;
            retained = List.of();
        }
        sessions.forget(this);
        if (timer != null) {
            timer.cancel();
        }
        if (open != null) {
            open.end(CloseReason.EXPIRED);
        }
        released.forEach(channel -> channel.feed.release());
    }

    /**
     * Closes it when its time is over. Nobody says when a poll's connection broke: it may have been a moment ago, so the client has
     * the whole time from when that is seen.
     *
     * @return how long it may still go without a poll; 0 or less: it is closed, by this very look, so that nobody comes in between
     */
    long closeWhenOver(long now, long timeoutNanos) {
        long left;
        synchronized (this) {
            if (closed) {
                return 0;
            }
            boolean open = poll != null && !poll.isClosed();
            if (open || !pollOver) {
                pollOver = !open;
                seen(now);
            }
            left = timeoutNanos - (now - touched);
            closed = left <= 0;
        }
        if (left <= 0) {
            finish();
        }
        return left;
    }
}
