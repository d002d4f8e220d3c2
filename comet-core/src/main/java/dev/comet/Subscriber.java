package dev.comet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The pull side: one who follows channels. It has no queue; it has, per channel, the seq that it wants next, and reads on from
 * there. Transports, listeners and sessions are all made of it.
 *
 * <p>The hub calls {@code wake} when there may be something to read; what is read, and when, is the owner's business. A wake
 * may come before {@link Comet#attach} has returned, from any thread, several times for one message or once for many; it must
 * be quick, must not block and must not throw.
 *
 * <p>Of one channel, messages come in the order of their seq. Of several, each call of {@link #read} hands over what had been
 * published when it began, in the order of the hub-wide id.
 *
 * <p><i>{@link #read}, {@link #cursor}, {@link #idCursor}: owned by the drainer, one thread at a time. The others are
 * thread-safe.</i>
 */
public final class Subscriber {

    /** How a {@link Subscriber#read} ended. */
    public enum Read {
        /** There is nothing left; a wake will come when there is. */
        EMPTY,
        /** The sink wanted no more; there may be more. */
        MORE,
        /** There is nothing left, and there never will be. */
        CLOSED
    }

    /** No channel has epoch 0: whoever begins there is told of a reset. */
    private static final From FROM_ANOTHER_LIFE = From.cursor(Cursor.of(0, 1));

    private static final VarHandle ENDING;
    private static final VarHandle CLOSED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ENDING = lookup.findVarHandle(Subscriber.class, "ending", CloseReason.class);
            CLOSED = lookup.findVarHandle(Subscriber.class, "closed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Comet hub;
    private final Runnable wake;
    private final AtomicInteger bySource;
    private final @Nullable String address;
    private final @Nullable String member;

    // Written while attaching, before the owner has the object; by wakes only read.
    private @Nullable Attachment first;
    private List<Members> joined = List.of(); // not of lives, which may be over long before

    // Written once, by compare-and-set.
    private volatile @Nullable CloseReason ending;
    private volatile boolean closed;

    // Owned by the drainer.
    private boolean inPass;
    private boolean lastPass;
    private boolean gapLeft;
    private long bound;
    private long safeId; // written while attaching too

    Subscriber(
            Comet hub,
            Runnable wake,
            AtomicInteger bySource,
            @Nullable String address,
            @Nullable String member,
            long safeId) {
        this.hub = hub;
        this.wake = wake;
        this.bySource = bySource;
        this.address = address;
        this.member = member;
        this.safeId = safeId;
    }

    /** What it has seen, as a single number, is known only now. Before the owner has the object. */
    void hasSeen(long id) {
        safeId = id;
    }

    /** Follows one feed more; false when it is closed. */
    boolean attach(Feed feed, From from, boolean only, int most) {
        Attachment a = new Attachment(feed, this, first);
        if (!feed.attach(a, from, only, most)) {
            return false;
        }
        first = a;
        return true;
    }

    /** Has it told on every channel that its past is unknown: its cursor spoke of none of them. */
    void resetAll() {
        for (Attachment a = first; a != null; a = a.sibling) {
            if (!a.feed.isPresence()) {
                a.feed.resetAttached(a);
            }
        }
    }

    /** Becomes a member of its channels, when it has a name. */
    void joinAll(List<Channel> channels) {
        if (member != null) {
            channels.forEach(channel -> channel.membership().requireRoomFor(member)); // all, or nobody hears of it
            joined = new ArrayList<>(channels.size());
            for (Channel channel : channels) {
                channel.membership().join(member);
                joined.add(channel.membership());
            }
        }
    }

    /** The lives that it follows. */
    List<Channel> channels() {
        List<Channel> channels = new ArrayList<>();
        for (Attachment a = first; a != null; a = a.sibling) {
            if (!a.feed.isPresence()) {
                channels.add(a.feed.channel);
            }
        }
        return channels;
    }

    /** Leaves every feed, and every channel that it is a member of. */
    void leaveAll() {
        synchronized (this) { // a drainer may be on its way from one life to the next
            for (Attachment a = first; a != null; a = a.sibling) {
                a.feed.detach(a);
            }
        }
        if (member != null) {
            joined.forEach(members -> members.leave(member));
        }
    }

    @Nullable
    String address() {
        return address;
    }

    AtomicInteger bySource() {
        return bySource;
    }

    void wake() {
        try {
            wake.run();
        } catch (Throwable e) { // a checked one too, from languages that have none: it would end the slice's drain
            hub.problem("a subscriber's wake threw; it may miss this signal", e);
        }
    }

    /**
     * Hands what there is to the sink: messages, and gaps before the first message that follows them, until there is nothing
     * left or the sink wants no more. While the sink runs, {@link #cursor} is the place after the event that it was given.
     */
    public Read read(Sink sink) {
        Attachment a = first;
        if (a == null) {
            return Read.CLOSED;
        }
        return a.sibling == null ? readOne(a, sink) : readMerged(sink);
    }

    private Read readOne(Attachment a, Sink sink) {
        int messages = 0;
        try {
            while (ending == null) {
                boolean closing = a.feed.closed(); // before the look: what was appended before the end is then seen
                Message m = a.peek();
                if (m != null) {
                    a.next++;
                    safeId = m.id();
                    messages++;
                    if (!sink.accept(m)) {
                        return Read.MORE;
                    }
                    continue;
                }
                if (a.hasGap() && !sink.takesGaps()) {
                    return Read.MORE;
                }
                Gap gap = a.takeGap();
                if (gap == null) {
                    if (a.feed.ring.next() > a.next) {
                        continue; // it came between the two looks
                    }
                    if (closing && moveOn(a)) {
                        continue;
                    }
                    return closing ? Read.CLOSED : Read.EMPTY;
                }
                hub.counters.gap(gap);
                if (!sink.accept(gap)) {
                    return Read.MORE;
                }
            }
            return Read.CLOSED;
        } finally {
            hub.counters.delivered(messages);
        }
    }

    /**
     * One pass over several channels: read the hub's id counter first, then look at each channel under its lock, and hand out
     * only what has an id up to that number, lowest first. All of it is there: an id is drawn under the channel's lock, so
     * whoever drew one up to that number has stored its message by the time that we have the lock. What comes later signals
     * later, and has a pass of its own.
     */
    private Read readMerged(Sink sink) {
        int messages = 0;
        try {
            boolean begun = !inPass;
            if (begun) {
                beginPass();
            }
            while (ending == null) {
                Event event = takeNext(sink);
                if (event == null && gapLeft) {
                    return Read.MORE;
                }
                if (event == null) {
                    inPass = false;
                    safeId = Math.max(safeId, bound);
                    if (!begun
                            || (!lastPass
                                    && hasSuccessor())) { // what came since that pass began has woken us, perhaps,
                        // while the sink wanted no
                        // more
                        begun = true;
                        beginPass();
                        continue;
                    }
                    return lastPass ? Read.CLOSED : Read.EMPTY;
                }
                if (event instanceof Gap gap) {
                    hub.counters.gap(gap);
                } else {
                    messages++;
                }
                if (!sink.accept(event)) {
                    return Read.MORE;
                }
            }
            return Read.CLOSED;
        } finally {
            hub.counters.delivered(messages);
        }
    }

    /**
     * Goes on in the life that has taken the place of one that is over, and of which nothing is left to read: from its oldest
     * message, and told of a reset.
     *
     * @return false when there is none, or this subscriber is closed
     */
    private boolean moveOn(Attachment a) {
        synchronized (this) {
            Feed to = a.feed.successor();
            while (to != null && !closed) {
                a.feed.detach(a);
                if (to.attach(a, FROM_ANOTHER_LIFE, true, 0)) {
                    a.feed = to;
                    return true;
                }
                to = to.successor();
            }
            return false;
        }
    }

    private void beginPass() {
        // Before the bound: what was appended before the end then has an id up to it, and is this last pass's.
        for (Attachment a = first; a != null; a = a.sibling) {
            if (a.feed.closed()) {
                boolean read = a.pending == null && !a.hasGap() && a.feed.ring.next() <= a.next;
                lastPass |= a.feed.over() || (read && !moveOn(a));
            }
        }
        bound = hub.lastId();
        for (Attachment a = first; a != null; a = a.sibling) {
            a.tail = a.feed.tail();
            // A next life's messages are not looked at: this number must not say that they were.
            bound = Math.min(bound, a.feed.closedAt());
        }
        inPass = true;
    }

    /**
     * A gap, or else the message with the lowest id. Each channel is looked at once: were it found in time at one look and lapped
     * at a second, another's greater id would be handed over, and reported, before what this one has lost was told.
     */
    private @Nullable Event takeNext(Sink sink) {
        gapLeft = false;
        Attachment of = null;
        Message soonest = null;
        for (Attachment a = first; a != null; a = a.sibling) {
            if (a.pending == null && a.next >= a.tail) {
                continue;
            }
            Message m = a.peek();
            if (m == null) {
                gapLeft = a.hasGap() && !sink.takesGaps();
                Gap gap = gapLeft ? null : a.takeGap();
                if (gapLeft || gap != null) {
                    return gap;
                }
            } else if (m.id() <= bound && (soonest == null || m.id() < soonest.id())) {
                soonest = m;
                of = a;
            }
        }
        if (of == null || soonest == null) {
            return null;
        }
        of.next++;
        if (!of.feed.isPresence()) { // where the log is shared, joins and leaves have no id of their own
            safeId = soonest.id();
        }
        return soonest;
    }

    private boolean hasSuccessor() {
        boolean has = false;
        for (Attachment a = first; a != null; a = a.sibling) {
            has |= a.feed.successor() != null && a.feed.ring.next() <= a.next;
        }
        return has;
    }

    /** Whether {@link #read} would answer {@link Read#CLOSED} at once. */
    boolean exhausted() {
        if (ending != null) {
            return true;
        }
        boolean over = false;
        for (Attachment a = first; a != null; a = a.sibling) {
            over |= a.feed.over();
            if (a.pending != null || a.feed.ring.next() > a.next) {
                return false;
            }
        }
        return over;
    }

    /** Where to go on after what was read: the vector of what is wanted next on each channel. */
    public Cursor cursor() {
        int n = 0;
        for (Attachment a = first; a != null; a = a.sibling) {
            n += a.feed.isPresence() ? 0 : 1;
        }
        int[] hashes = new int[n];
        int[] epochs = new int[n];
        long[] seqs = new long[n];
        for (Attachment a = first; a != null; a = a.sibling) {
            if (a.feed.isPresence()) {
                continue;
            }
            n--;
            hashes[n] = a.feed.channel.hash();
            // Who leaves before it was told of a gap must be told when it comes back: no channel has epoch 0.
            epochs[n] = a.pending == null ? a.feed.channel.epoch() : 0;
            seqs[n] = a.pending == null ? a.next : 1;
        }
        if (hashes.length == 0) {
            return Cursor.of(0, 1); // it follows no messages
        }
        return hashes.length == 1 ? Cursor.of(epochs[0], seqs[0]) : Cursor.of(hashes, epochs, seqs);
    }

    /** The seq that it wants next, of one that follows one channel: a cursor where the wire carries no epoch. */
    public long nextSeq() {
        for (Attachment a = first; a != null; a = a.sibling) {
            if (!a.feed.isPresence()) {
                return a.next;
            }
        }
        return 1;
    }

    /**
     * Where to go on as a single number: every message of these channels with an id up to it has been handed over. See
     * {@link From#afterId}.
     */
    public long idCursor() {
        Attachment a = first;
        if (a != null && a.sibling == null && a.pending == null) {
            long now = hub.lastId(); // before the look, as in a pass over several
            if (a.feed.tail() == a.next) {
                safeId = Math.max(safeId, Math.min(now, a.feed.closedAt()));
            }
        }
        return safeId;
    }

    /** Asks it to end: it is woken, and its next {@link #read} answers {@link Read#CLOSED}. The first reason counts. */
    public void end(CloseReason reason) {
        if (ENDING.compareAndSet(this, null, reason)) {
            wake();
        }
    }

    /** Why it was asked to end, or {@link CloseReason#CLOSED} when a channel of it was closed; empty while it lives. */
    public Optional<CloseReason> ending() {
        CloseReason reason = ending;
        if (reason != null) {
            return Optional.of(reason);
        }
        for (Attachment a = first; a != null; a = a.sibling) {
            if (a.feed.over()) {
                return Optional.of(CloseReason.CLOSED);
            }
        }
        return Optional.empty();
    }

    /** Leaves its channels; nothing wakes it any more, but for a wake that is under way. Only the first call counts. */
    public void close(CloseReason reason) {
        if (CLOSED.compareAndSet(this, false, true)) {
            ENDING.compareAndSet(this, null, reason);
            hub.counters.closed(reason); // before a drain that waits for the last one hears of it
            hub.release(this);
        }
    }

    /** Leaves what it had attached to when it was refused: it never was a subscriber, and ends for no reason that counts. */
    void undo() {
        if (CLOSED.compareAndSet(this, false, true)) {
            hub.release(this);
        }
    }

    /** Whether {@link #close} was called. */
    public boolean isClosed() {
        return closed;
    }
}
