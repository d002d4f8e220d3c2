package dev.comet;

import dev.comet.spi.Entry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A ring and those who follow it: the messages of a channel, or its joins and leaves. Its monitor is the one lock of a publish,
 * a leaf: no user code, no I/O, no encoding, no log and no second lock inside. <i>Thread-safe.</i>
 */
final class Feed {
    final Channel channel;
    final Ring ring;
    final Fanout fanout;

    private final int history;
    private final boolean presence;
    private final long idleNanos;

    // Written under the lock, read by anyone. Once true it stays.
    private volatile boolean closed;

    // Written under the lock before it is closed, read by anyone after.
    private long closedAt = Long.MAX_VALUE;
    private @Nullable Feed successor;

    // Guarded by the lock.
    private long touched;
    private int sessions;
    private long patience;
    private long lastTime;

    /**
     * An empty feed.
     *
     * @param history how many messages a newcomer is replayed at most; the ring may hold more, for those who are behind
     * @param presence whether it holds joins and leaves, which have no place in a cursor
     */
    Feed(Channel channel, Ring ring, int history, boolean presence) {
        this.channel = channel;
        this.ring = ring;
        this.history = history;
        this.presence = presence;
        Duration idle = channel.options().idleTimeout();
        boolean shared = channel.local != null; // then it goes on living elsewhere, and here only for readers
        if (shared && idle.isZero()) {
            idle = ChannelOptions.DEFAULT.idleTimeout();
        }
        this.idleNanos = idle.isZero() ? Long.MAX_VALUE : idle.toNanos();
        this.patience = idleNanos;
        this.fanout = new Fanout(channel.hub.scheduler, channel.hub.few);
        this.touched = channel.hub.scheduler.nanoTime();
    }

    boolean closed() {
        return closed;
    }

    /** Whether it holds joins and leaves. */
    boolean isPresence() {
        return presence;
    }

    /** Stores a message and signals; null when the feed is closed. Refused as {@link #store}. */
    @Nullable
    Message append(Message.Kind kind, Draft draft) {
        Message m = store(kind, draft);
        if (m == null) {
            return null;
        }
        if (kind == Message.Kind.BROADCAST) {
            fanout.signal(); // few on each of many channels are many
        } else if (fanout.signalHere()) {
            m.forget();
            return m;
        }
        forgetBefore(m.seq());
        return m;
    }

    /** Who is to be woken by others shares the newest's bytes meanwhile; not those of the one before. */
    private void forgetBefore(long seq) {
        Message before = ring.get(seq - 1);
        if (before != null) {
            before.forget();
        }
    }

    /**
     * Stores a message; null when the feed is closed. The caller signals, when it holds no lock any more.
     *
     * @throws RefusedException {@link Refusal#HISTORY_FULL}
     */
    @Nullable
    Message store(Message.Kind kind, Draft draft) {
        Comet hub = channel.hub;
        long nanos = hub.scheduler.nanoTime();
        long millis = hub.scheduler.currentTimeMillis();
        Message m;
        synchronized (this) {
            if (closed) {
                return null;
            }
            lastTime = Math.max(lastTime, millis);
            m = new Message(channel.name(), channel.epoch(), ring.next(), hub.nextId(), lastTime, kind, draft);
            if (!ring.append(m)) {
                throw hub.refused(
                        Refusal.HISTORY_FULL,
                        "the hub's channels hold their maximum of "
                                + hub.settings().maxHistoryBytesTotal() + " bytes (max-history-bytes-total)");
            }
            touch(nanos, idleNanos);
        }
        return m;
    }

    /** Stores a message that has its place. What does not follow the last one leaves a gap. The caller signals. */
    void store(Entry e) {
        Message m = new Message(channel.name(), channel.epoch(), e.seq(), e.id(), e.timeMillis(), e.kind(), e.draft());
        synchronized (this) {
            if (closed || e.seq() < ring.next()) {
                return;
            }
            if (e.seq() > ring.next()) {
                ring.skipTo(e.seq(), e.id() - 1);
            }
            forgetBefore(e.seq());
            if (!ring.append(m)) { // all channels together hold the most that they may: a gap, not a silent loss
                ring.skipTo(e.seq() + 1, e.id());
            }
        }
    }

    /** What has a seq below this one and is not here, is gone; and so is what is here. The caller signals. */
    synchronized void gone(long next, long goneId) {
        if (next > ring.next()) {
            ring.skipTo(next, goneId);
        } else {
            ring.clear();
        }
    }

    /** Whether this place lies beyond what is here, or in another life: another node may have come further than this one. */
    boolean isBehind(From from, boolean only) {
        if (from instanceof From.After after) {
            return after.id() > channel.hub.lastId();
        }
        if (from instanceof From.Seq wanted) {
            return wanted.seq() > ring.next();
        }
        if (from instanceof From.At at) {
            Cursor cursor = at.cursor();
            int entry = cursor.entry(channel.hash(), channel.epoch(), only);
            return entry >= 0 && (cursor.epoch(entry) != channel.epoch() || cursor.seq(entry) > ring.next());
        }
        return false;
    }

    /**
     * Adds a subscriber at its position.
     *
     * @param most the most subscribers that this feed may have; 0: no limit
     * @return false when the feed is closed
     */
    boolean attach(Attachment a, From from, boolean only, int most) {
        long expired = channel.expired();
        synchronized (this) {
            if (closed) {
                return false;
            }
            if (most > 0 && fanout.size() >= most) {
                throw channel.hub.refused(
                        Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                        "channel '" + channel.name() + "' has its maximum of " + most + " subscribers");
            }
            ring.evictBefore(expired);
            place(a, from, only);
            fanout.add(a);
            return true;
        }
    }

    private void place(Attachment a, From from, boolean only) {
        if (from instanceof From.Last last) {
            a.next = Math.max(oldestReplayed(), ring.next() - last.n());
        } else if (from instanceof From.After after) {
            placeAfter(a, after.id());
        } else if (from instanceof From.Seq wanted) {
            placeAt(a, wanted.seq());
        } else if (from instanceof From.At at) {
            int entry = at.cursor().entry(channel.hash(), channel.epoch(), only);
            if (entry < 0) {
                place(a, at.otherwise(), only);
            } else if (at.cursor().epoch(entry) != channel.epoch()
                    || at.cursor().seq(entry) > ring.next()) {
                reset(a);
            } else {
                a.next = at.cursor().seq(entry);
            }
        }
    }

    private void placeAfter(Attachment a, long id) {
        // Not what has reached this hub: another channel may lack messages, and this one has all that were asked for.
        if (id > channel.hub.newestId()) {
            reset(a); // a number from a later time than ours: the hub was restarted, and its clock went back
            return;
        }
        a.next = ring.after(id);
        if (ring.evictedId() > id) {
            a.pending = new Gap(channel.name(), Gap.Reason.LAPPED, 0, a.next - 1);
        }
    }

    private void placeAt(Attachment a, long seq) {
        long next = ring.next();
        a.next = Math.min(next, Math.max(seq, oldestReplayed()));
        if (seq > next) {
            a.pending = new Gap(channel.name(), Gap.Reason.RESET, 0, next - 1);
        } else if (seq < a.next) {
            a.pending = new Gap(channel.name(), Gap.Reason.LAPPED, seq, a.next - 1);
        }
    }

    /** Places a reader whose past is unknown at the oldest message, and has it told so. */
    private void reset(Attachment a) {
        a.next = oldestReplayed();
        a.pending = new Gap(channel.name(), Gap.Reason.RESET, 0, a.next - 1);
    }

    /** {@link #reset} for one that is attached already, but has not read yet. */
    synchronized void resetAttached(Attachment a) {
        reset(a);
    }

    void detach(Attachment a) {
        long nanos = channel.hub.scheduler.nanoTime();
        boolean last;
        synchronized (this) {
            touch(nanos, idleNanos);
            fanout.remove(a);
            unbookWhenLeft();
            last = closed && !presence && fanout.size() == 0;
        }
        if (last) {
            channel.hub.left(channel);
        }
    }

    /** Keeps it alive for a session, which follows it between its polls too; false when it is closed. */
    synchronized boolean retain() {
        if (!closed) {
            sessions++;
        }
        return !closed;
    }

    /** Undoes one {@link #retain} that answered true. */
    void release() {
        long nanos = channel.hub.scheduler.nanoTime();
        synchronized (this) {
            touch(nanos, idleNanos);
            sessions--;
        }
    }

    /** Lives at least and at most this long from now, unless something happens. */
    void expect(long patienceNanos) {
        long nanos = channel.hub.scheduler.nanoTime();
        synchronized (this) {
            touch(nanos, patienceNanos);
        }
    }

    private void touch(long nanos, long patienceNanos) {
        touched = nanos;
        patience = patienceNanos;
    }

    synchronized int sessions() {
        return sessions;
    }

    /**
     * The seq that the next message will have, read under the lock: every message whose id was drawn before this call is in the
     * ring when it returns.
     */
    synchronized long tail() {
        return ring.next();
    }

    /** The oldest seq that a newcomer is replayed. */
    long oldestReplayed() {
        return Math.max(ring.oldest(), ring.next() - history);
    }

    synchronized void clear() {
        ring.clear();
    }

    /** Closes, unless it has been closed. The caller signals: its subscribers then read what is left and find it closed. */
    synchronized boolean close() {
        boolean first = !closed;
        end();
        return first;
    }

    /** Closes; its subscribers read what is left, and go on in the life that takes its place. The caller signals. */
    synchronized void closeFor(Feed next) {
        if (!closed) {
            successor = next;
            end();
        }
    }

    /** The life that has taken the place of this one, which is closed; null when none has, or it is not. */
    @Nullable
    Feed successor() {
        return closed ? successor : null;
    }

    /** Whether nothing comes after what is left here. */
    boolean over() {
        return closed && successor == null;
    }

    /** Closes when nobody follows and nothing was ever appended. */
    synchronized boolean closeUnused() {
        boolean unused = !closed && fanout.size() + sessions == 0 && ring.next() == 1;
        if (unused) {
            end();
        }
        return unused;
    }

    /**
     * Evicts what is too old, and closes when nobody follows and nothing has happened for a while.
     *
     * @return how long it must still be left alone; 0 or less: it is closed
     */
    synchronized long tend(long expiredMillis, long nanos) {
        ring.evictBefore(expiredMillis);
        // A publish may have read the clock after the caller did, and been faster: then nothing has been quiet yet.
        long quiet = Math.max(0, nanos - touched);
        long left = fanout.size() + sessions > 0 ? idleNanos : patience - quiet;
        if (left <= 0) {
            end();
        }
        return left;
    }

    private void end() {
        if (!closed) {
            Message last = ring.get(ring.next() - 1);
            closedAt = Math.max(channel.hub.lastId(), last == null ? 0 : last.id());
            closed = true;
            unbookWhenLeft();
        }
    }

    /** Who is slow may still read what is left of a life that is over: until then it counts. */
    private void unbookWhenLeft() {
        if (closed && fanout.size() == 0) {
            ring.unbook();
        }
    }

    /** The hub's number when it was closed: what has a greater one may be of the channel's next life. */
    long closedAt() {
        return closed ? closedAt : Long.MAX_VALUE;
    }

    /** What a newcomer is replayed now, oldest first. */
    List<Message> replayed() {
        List<Message> held = new ArrayList<>();
        for (long seq = oldestReplayed(); seq < ring.next(); seq++) {
            Message m = ring.get(seq);
            if (m != null) { // else it was evicted meanwhile
                held.add(m);
            }
        }
        return held;
    }
}
