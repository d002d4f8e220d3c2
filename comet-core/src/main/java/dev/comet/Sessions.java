package dev.comet;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The sessions of one dialect: found by id, forgotten when they have not polled for a while. <i>Thread-safe.</i> */
public final class Sessions {
    private final Comet hub;
    private final long timeoutNanos;
    private final Map<String, Session> byId = new ConcurrentHashMap<>();

    Sessions(Comet hub, Duration timeout) {
        this.hub = hub;
        this.timeoutNanos = timeout.toNanos();
    }

    /**
     * Opens a session that has no position of its own.
     *
     * @throws RefusedException {@link Refusal#EXISTS}, {@link Refusal#TOO_MANY_SESSIONS}, {@link Refusal#BAD_NAME}
     */
    public Session open(String id) {
        return begin(id, null);
    }

    /**
     * Opens a session that follows channels: it starts where the options say, and loses nothing between polls.
     *
     * @throws RefusedException as {@link #open(String)}, and as {@link Comet#attach}
     */
    public Session open(String id, SubscribeOptions follows) {
        return begin(id, follows);
    }

    private Session begin(String id, @Nullable SubscribeOptions follows) {
        Names.member(id);
        if (byId.containsKey(id)) {
            throw exists(id);
        }
        hub.admitSession(follows == null);
        Session fresh;
        try {
            fresh = follows == null ? new Session(this, id, null) : following(id, follows);
        } catch (Throwable e) { // refused, or out of memory
            hub.releaseSession();
            throw e;
        }
        if (byId.putIfAbsent(id, fresh) != null) {
            fresh.close();
            throw exists(id);
        }
        watch(fresh, timeoutNanos);
        return fresh;
    }

    /** It attaches to learn its position, and stays without a subscriber: between polls nobody reads. */
    private Session following(String id, SubscribeOptions follows) {
        Subscriber subscriber = hub.attach(follows, () -> {});
        Session session = new Session(this, id, subscriber.cursor());
        session.follow(subscriber);
        subscriber.undo();
        return session;
    }

    /** The session of this id. Finding it is no sign of life: see {@link Session#touch}. */
    public Optional<Session> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    /** The ids of all sessions, sorted. */
    public List<String> ids() {
        return byId.keySet().stream().sorted().toList();
    }

    void forget(Session session) {
        byId.remove(session.id(), session);
        hub.releaseSession();
    }

    Comet hub() {
        return hub;
    }

    long now() {
        return hub.scheduler.nanoTime();
    }

    private void watch(Session session, long nanos) {
        session.watchedBy(hub.scheduler.schedule(() -> look(session), nanos));
    }

    private void look(Session session) {
        long left = session.closeWhenOver(now(), timeoutNanos);
        if (left > 0) {
            watch(session, left);
        }
    }

    private static RefusedException exists(String id) {
        return new RefusedException(Refusal.EXISTS, "session " + Names.shown(id) + " exists already");
    }
}
