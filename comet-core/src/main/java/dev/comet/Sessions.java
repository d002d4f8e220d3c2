package dev.comet;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one dialect: found by id, forgotten when they have not polled for a while. Where nodes share them, each has those that
 * have polled it, and finds others by what all know. <i>Thread-safe.</i>
 */
public final class Sessions {
    private final Comet hub;
    private final @Nullable SharedSessions shared;
    private final long timeoutNanos;
    private final Map<String, Session> byId = new ConcurrentHashMap<>();

    Sessions(Comet hub, @Nullable SharedSessions shared, Duration timeout) {
        this.hub = hub;
        this.shared = shared;
        this.timeoutNanos = timeout.toNanos();
    }

    /**
     * Opens a session that has no position of its own.
     *
     * @throws RefusedException {@link Refusal#EXISTS}, {@link Refusal#TOO_MANY_SESSIONS}, {@link Refusal#BAD_NAME},
     *     {@link Refusal#UNAVAILABLE}
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
        return add(id, follows == null, () -> {
            Session fresh = follows == null ? new Session(this, id, null) : following(id, follows);
            if (shared != null && !shared.begin(id, fresh.standing())) {
                fresh.abandon();
                throw exists(id);
            }
            return fresh;
        });
    }

    /** Adds one, which counts from before it is made; of this id there is none here. */
    private Session add(String id, boolean registered, Supplier<Session> made) {
        hub.admitSession(registered);
        Session fresh;
        try {
            fresh = made.get();
        } catch (Throwable e) { // refused, or out of memory
            hub.releaseSession();
            throw e;
        }
        if (byId.putIfAbsent(id, fresh) != null) {
            fresh.abandon();
            hub.releaseSession();
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

    /**
     * The session of this id. Finding it is no sign of life: see {@link Session#touch}.
     *
     * @throws RefusedException only where nodes share them: {@link Refusal#UNAVAILABLE}, {@link Refusal#TOO_MANY_SESSIONS}
     */
    public Optional<Session> find(String id) {
        Session here = byId.get(id);
        if (here != null || shared == null) {
            return Optional.ofNullable(here);
        }
        return shared.find(id).map(standing -> adopted(id, standing));
    }

    /** One that has polled another node. */
    private Session adopted(String id, SharedSessions.Standing standing) {
        try {
            return add(id, standing.at() == null, () -> new Session(this, id, standing.at(), standing.commits()));
        } catch (RefusedException e) {
            Session other = byId.get(id); // another request was faster
            if (e.refusal() != Refusal.EXISTS || other == null) {
                throw e;
            }
            return other;
        }
    }

    /** The ids of all sessions, sorted; where nodes share them, of those that have polled this one. */
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

    @Nullable
    SharedSessions shared() {
        return shared;
    }

    /** How long one may go without a poll. */
    long timeoutNanos() {
        return timeoutNanos;
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
            session.sayThatItLives();
            watch(session, left);
        }
    }

    private static RefusedException exists(String id) {
        return new RefusedException(Refusal.EXISTS, "session " + Names.shown(id) + " exists already");
    }
}
