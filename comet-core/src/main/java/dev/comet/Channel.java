package dev.comet;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One life of a channel: from its creation to its removal, with an epoch of its own. <i>Thread-safe.</i>
 *
 * <p>An application may keep the object: to publish to a channel that has been removed since (it was idle) creates it anew with
 * the same options, as a new life.
 */
public final class Channel {
    final Comet hub;
    final Feed feed;

    private final String name;
    private final int hash;
    private final int epoch;
    private final ChannelOptions options;
    private final Members members;

    // Written once, under the monitor; read by anyone.
    private volatile @Nullable String token;

    // Written by whoever set the timer: at the beginning, then by the timer itself.
    private final AtomicReference<Scheduler.@Nullable Timer> tending = new AtomicReference<>();

    /** How it is followed in the log that hubs share; null with the log in memory. */
    final SharedHistory.@Nullable Local local;

    Channel(Comet hub, String name, int epoch, ChannelOptions options) {
        this(hub, name, epoch, options, null, null);
    }

    /** The life that takes the place of another, whose members stay; of one in a shared log. */
    Channel(
            Comet hub,
            String name,
            int epoch,
            ChannelOptions options,
            SharedHistory.@Nullable Local local,
            @Nullable Channel before) {
        this.hub = hub;
        this.local = local;
        this.name = name;
        this.hash = Cursor.hash(name);
        this.epoch = epoch;
        this.options = options;
        int window = Math.max(options.historyMessages(), hub.settings().liveWindow());
        this.feed = new Feed(
                this, new Ring(window, options.historyBytes(), hub.historyBudget), options.historyMessages(), false);
        this.members = before == null ? new Members(hub, name, epoch) : before.members;
    }

    /** The channel's name. */
    public String name() {
        return name;
    }

    /** The number that tells this life from others of the same name; never 0. */
    public int epoch() {
        return epoch;
    }

    int hash() {
        return hash;
    }

    /** What it keeps, and how long it lives, capped by the hub's limits. */
    public ChannelOptions options() {
        return options;
    }

    Members membership() {
        return members;
    }

    /** Publishes a text. See {@link Comet#publish(String, Draft)}. */
    public Message publish(String text) {
        return publish(Draft.text(text));
    }

    /** Publishes one JSON value. See {@link Comet#publish(String, Draft)}. */
    public Message publishJson(String json) {
        return publish(Draft.json(json));
    }

    /** Publishes. See {@link Comet#publish(String, Draft)}. */
    public Message publish(Draft draft) {
        return hub.publish(this, draft);
    }

    /** Publishes without waiting for the log. See {@link Comet#publishAsync(String, Draft)}. */
    public CompletionStage<Message> publishAsync(Draft draft) {
        return hub.publishAsync(this, draft);
    }

    /** The seq that its next message will have; 1 at first. */
    public long nextSeq() {
        return feed.ring.next();
    }

    /** The seq of the oldest message that a newcomer is replayed; {@link #nextSeq()} when there is none. */
    public long oldestSeq() {
        return feed.oldestReplayed();
    }

    /** How many subscribers it has. */
    public int subscribers() {
        return feed.fanout.size();
    }

    /** How many sessions follow it, whether they are polling now or not. See {@link Sessions#open(String, SubscribeOptions)}. */
    public int sessions() {
        return feed.sessions();
    }

    /** What a newcomer is replayed now, oldest first. A snapshot. */
    public List<Message> history() {
        return feed.replayed();
    }

    /**
     * Has it go after this time, unless somebody subscribes or publishes before: then its options count again. Where the log is
     * shared it goes from this hub; from the log when its idle time-out has passed twice.
     *
     * @param idle longer than 0
     */
    public void expireAfter(Duration idle) {
        Checks.positive("expire-after", idle);
        hub.expire(this, idle.toNanos());
    }

    /**
     * A secret of this life, to be given to those who may follow it: 128 random bits as 32 hexadecimal digits; the same on all nodes.
     *
     * @throws RefusedException only where the log is shared: {@link Refusal#UNAVAILABLE}
     */
    public String token() {
        String known = token;
        if (known != null) {
            return known;
        }
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        String agreed = hub.secret(this, HexFormat.of().formatHex(random)); // before the lock: it may wait for the log
        synchronized (this) {
            known = token;
            if (known == null) {
                known = agreed;
                token = known;
            }
            return known;
        }
    }

    /**
     * Tells those who follow its members that this one is coming: a join with the attribute {@code sign}, each time (where the log is
     * shared, after a plain join if it is new). It stays a
     * member for the grace period, or for as long as it subscribes.
     *
     * @throws RefusedException {@link Refusal#BAD_NAME}, {@link Refusal#TOO_MANY_MEMBERS}
     */
    public void sign(String member) {
        members.sign(Names.member(member));
    }

    /**
     * The names of its members, sorted, where the log is shared of those on all nodes; one that left is listed until its grace period is
     * over.
     *
     * @throws RefusedException only where the log is shared: {@link Refusal#UNAVAILABLE}
     */
    public List<String> members() {
        return hub.members(this);
    }

    /** Forgets its history. The seq goes on; who is behind is told what is gone. */
    public void clear() {
        hub.clear(this);
    }

    /**
     * Ends this life: its subscribers read what is left and are closed; what is published later begins a new one.
     *
     * @return whether this call ended it
     */
    public boolean remove() {
        return hub.remove(this);
    }

    /** Whether this life is over. */
    public boolean isRemoved() {
        return feed.closed();
    }

    /** The timer that looks after it next; none once it has been removed, for a timer holds on to its ring. */
    void tendBy(Scheduler.Timer timer) {
        Scheduler.Timer replaced = tending.getAndSet(timer);
        if (replaced != null) {
            replaced.cancel(); // it has fired, or there would be two
        }
        if (isRemoved()) { // meanwhile, and untend() may have come too early
            timer.cancel();
        }
    }

    void untend() {
        Scheduler.Timer timer = tending.get();
        if (timer != null) {
            timer.cancel();
        }
    }

    /** What was published before this wall-clock time is too old to be kept. */
    long expired() {
        return hub.scheduler.currentTimeMillis() - options.historyAge().toMillis();
    }

    /** The feed of joins and leaves; null when nobody has asked for it yet. */
    @Nullable
    Feed presenceIfAny() {
        return members.feedIfAny();
    }

    /** Not the object's own, which is another in each run: who is signalled first must be the same in each run of a simulation. */
    @Override
    public int hashCode() {
        return hash * 31 + epoch;
    }

    @Override
    public String toString() {
        return "channel '" + name + "'";
    }
}
