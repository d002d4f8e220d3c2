package dev.comet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The named members of a channel: who is there, by how many subscribers, and who has gone but may come back within the grace
 * period, so that a reconnect is no leave. Joins and leaves go through a feed of their own, with the same ring, cursor and
 * fan-out as messages; so a slow reader of them costs nothing either. <i>Guarded by its monitor, which is taken before the
 * feed's and never inside it; signals are sent after it.</i>
 */
final class Members {
    private static final int RING = 256;

    /** One member: its subscribers, since when it has had none, and whether a timer watches over it. One timer at most. */
    private static final class Member {
        int subscribers;
        long leftAt;
        boolean watched;
    }

    private final Comet hub;
    private final String channel;
    private final int epoch;

    // Guarded by the monitor.
    private @Nullable Map<String, Member> byName;
    private @Nullable Feed feed;

    /** Of a channel, in the life in which they begin; they may outlive it, and keep nothing of it. */
    Members(Comet hub, String channel, int epoch) {
        this.hub = hub;
        this.channel = channel;
        this.epoch = epoch;
    }

    /** The feed of joins and leaves. */
    synchronized Feed feed() {
        Feed f = feed;
        if (f == null) {
            Channel empty = new Channel(hub, channel, epoch, ChannelOptions.DEFAULT.withIdleTimeout(Duration.ZERO));
            f = new Feed(empty, new Ring(RING, Long.MAX_VALUE, HistoryBudget.unlimited()), 0, true);
            feed = f;
        }
        return f;
    }

    synchronized @Nullable Feed feedIfAny() {
        return feed;
    }

    synchronized List<String> names() {
        return byName == null ? List.of() : new ArrayList<>(new TreeSet<>(byName.keySet()));
    }

    synchronized boolean has(String name) {
        return byName != null && byName.containsKey(name);
    }

    /**
     * One subscriber more by this name.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MEMBERS}, and nothing has changed
     */
    void join(String name) {
        Feed told = null;
        boolean isNew;
        synchronized (this) {
            isNew = !has(name);
            Member member = member(name);
            if (isNew) {
                told = announceHere(Message.Kind.JOIN, Draft.text(name));
            }
            member.subscribers++;
        }
        signal(told);
        if (isNew) {
            try {
                hub.memberCame(channel, name, false);
            } catch (RefusedException e) { // all nodes together have their maximum
                forget(name);
                throw e;
            }
        }
    }

    private synchronized void forget(String name) {
        Map<String, Member> all = byName;
        Member member = all == null ? null : all.get(name);
        if (all != null && member != null && --member.subscribers == 0) {
            all.remove(name);
        }
    }

    /** The member of this name, a new one when there is none. The caller holds the monitor. */
    private Member member(String name) {
        Map<String, Member> all = byName;
        if (all == null) {
            all = new HashMap<>();
            byName = all;
        }
        Member member = all.get(name);
        if (member == null) {
            requireRoom(all);
            member = new Member();
            all.put(name, member);
        }
        return member;
    }

    /**
     * Looks whether one may join by this name, now.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MEMBERS}
     */
    synchronized void requireRoomFor(String name) {
        if (byName != null && !byName.containsKey(name)) {
            requireRoom(byName);
        }
    }

    private void requireRoom(Map<String, Member> all) {
        int most = hub.settings().maxMembersPerChannel();
        if (all.size() >= most) {
            throw hub.refused(
                    Refusal.TOO_MANY_MEMBERS, "channel '" + channel + "' has its maximum of " + most + " members");
        }
    }

    /** Announces one who is coming, and counts it as just gone unless it is there. */
    void sign(String name) {
        long now = hub.scheduler.nanoTime();
        boolean watch = false;
        Feed told;
        synchronized (this) {
            Member member = member(name);
            told = announceHere(Message.Kind.JOIN, signed(name));
            if (member.subscribers == 0) {
                member.leftAt = now;
                watch = !member.watched;
                member.watched = true;
            }
        }
        signal(told);
        if (watch) {
            watch(name, graceNanos());
        }
        hub.memberCame(channel, name, true);
    }

    private static Draft signed(String name) {
        return Draft.text(name).withAttribute("sign", "");
    }

    /** One subscriber less by this name; the last one's going becomes a leave when the grace period is over. */
    void leave(String name) {
        long now = hub.scheduler.nanoTime();
        synchronized (this) {
            Member member = byName == null ? null : byName.get(name);
            if (member == null || --member.subscribers > 0) {
                return;
            }
            member.leftAt = now;
            if (member.watched) {
                return;
            }
            member.watched = true;
        }
        watch(name, graceNanos());
    }

    private void watch(String name, long nanos) {
        hub.scheduler.schedule(() -> look(name), nanos);
    }

    private void look(String name) {
        long now = hub.scheduler.nanoTime();
        Feed told = null;
        long left;
        synchronized (this) {
            Member member = byName == null ? null : byName.get(name);
            if (member == null || byName == null) {
                return;
            }
            left = graceNanos() - (now - member.leftAt);
            if (member.subscribers > 0) {
                member.watched = false;
                return;
            }
            if (left <= 0) {
                byName.remove(name);
                told = announceHere(Message.Kind.LEAVE, Draft.text(name));
            }
        }
        signal(told);
        if (left > 0) {
            watch(name, left);
        } else {
            hub.memberWent(channel, name);
        }
    }

    private long graceNanos() {
        return hub.settings().presenceGrace().toNanos();
    }

    // ---- what the log tells, where nodes share one

    void joined(String name, boolean signs) {
        Feed told;
        synchronized (this) {
            told = announce(Message.Kind.JOIN, signs ? signed(name) : Draft.text(name));
        }
        signal(told);
    }

    void left(String name) {
        Feed told;
        synchronized (this) {
            told = announce(Message.Kind.LEAVE, Draft.text(name));
        }
        signal(told);
    }

    /** Those who follow are told that they have missed some, as whoever is too slow is. */
    void missedSome() {
        Feed f = feedIfAny();
        if (f != null) {
            f.gone(f.tail() + 1, hub.lastId());
            signal(f);
        }
    }

    // ---- announce

    /** With a log that is shared, it is the log that announces, and to all nodes. */
    private @Nullable Feed announceHere(Message.Kind kind, Draft draft) {
        return hub.shared() == null ? announce(kind, draft) : null;
    }

    private @Nullable Feed announce(Message.Kind kind, Draft draft) {
        Feed f = feed;
        return f != null && f.store(kind, draft) != null ? f : null;
    }

    private static void signal(@Nullable Feed told) {
        if (told != null) {
            told.fanout.signal();
        }
    }
}
