package dev.comet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The last messages of a channel, numbered 1, 2, 3, … <i>Written under the feed's lock; read by anyone without one.</i>
 *
 * <p>Why a reader needs no lock. A message is immutable and carries its seq, so a slot that holds another seq says so itself.
 * The writer's order is what the reader relies on:
 *
 * <ol>
 *   <li>to evict: first raise {@code oldest}, then clear or overwrite the slot. So a reader that finds its slot empty or
 *       overwritten, having seen {@code next} beyond its seq, finds {@code oldest} raised beyond it too;
 *   <li>to append: first the (perhaps larger) array, then the slot, then {@code next}. So a reader that saw {@code next}
 *       beyond its seq and reads the array after that has an array that held the message.
 * </ol>
 *
 * The array grows by doubling: a channel that nobody publishes to costs eight slots, whatever its history may hold.
 */
final class Ring {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Message[].class);
    private static final int INITIAL = 8;

    private final int capacity;
    private final long maxBytes;

    // Written under the feed's lock, read by anyone.
    private volatile long next = 1;
    private volatile long oldest = 1;
    private volatile @Nullable Message[] slots = new Message[INITIAL];

    // Guarded by the feed's lock.
    private long bytes;
    private long evictedId;
    private HistoryBudget budget;
    private long booked; // with the budget: what is held, but for a moment within a method

    /**
     * An empty ring.
     *
     * @param capacity the most messages it holds, at least 1
     * @param maxBytes the most bytes it holds; the newest message stays whatever its size
     * @param budget where it books what it holds
     */
    Ring(int capacity, long maxBytes, HistoryBudget budget) {
        this.capacity = capacity;
        this.maxBytes = maxBytes;
        this.budget = budget;
    }

    /**
     * Begins with another number than 1. Before it is shared.
     *
     * @param goneId the id of the newest message before it
     */
    void startAt(long seq, long goneId) {
        oldest = seq;
        next = seq;
        evictedId = goneId;
    }

    /**
     * Evicts everything, and goes on with a later number: what lies between was never here, and is gone.
     *
     * @param goneId the id of the last of what is gone, or a greater one that no later message has
     */
    void skipTo(long seq, long goneId) {
        clear();
        evictedId = Math.max(evictedId, goneId);
        oldest = seq; // first, as at an eviction: a reader that sees next beyond its number must not find oldest at it
        next = seq;
    }

    /** The seq that the next message will have. */
    long next() {
        return next;
    }

    /** The seq of the oldest message held; {@link #next()} when there is none. */
    long oldest() {
        return oldest;
    }

    /** The message with this seq; null when it is not there yet, or no longer: then {@link #oldest()} is beyond it. */
    @Nullable
    Message get(long seq) {
        if (seq >= next) {
            return null;
        }
        @Nullable Message[] array = slots;
        Message m = (Message) SLOT.getAcquire(array, (int) seq & (array.length - 1));
        return m != null && m.seq() == seq ? m : null;
    }

    /**
     * Appends the message with seq {@link #next()}. Where the budget has no room for it, this ring's oldest make some: a message
     * as large as the one that it takes the place of always fits.
     *
     * @return false when all of them would not be enough
     */
    boolean append(Message m) {
        long more = HistoryBudget.OVERHEAD + m.bytes();
        if (!budget.fits(more - booked)) {
            return false; // before anything gives way to it
        }
        while (size() >= capacity || (size() > 0 && bytes + m.bytes() > maxBytes)) {
            evict();
        }
        while (!book(more)) {
            if (size() == 0 || !budget.fits(more - booked)) { // others have taken that room meanwhile
                book(0);
                return false;
            }
            evict();
        }
        bytes += m.bytes();
        long seq = m.seq();
        if (size() >= slots.length) {
            grow();
        }
        @Nullable Message[] array = slots;
        SLOT.setRelease(array, (int) seq & (array.length - 1), m);
        next = seq + 1;
        return true;
    }

    /** Books what is held, and as much more; one step, for most messages are followed by their like. */
    private boolean book(long more) {
        long held = bytes + size() * HistoryBudget.OVERHEAD + more;
        if (held != booked && !budget.take(held - booked)) {
            return false;
        }
        booked = held;
        return true;
    }

    /** Evicts what was published before a time. */
    void evictBefore(long timeMillis) {
        for (Message m = get(oldest); m != null && m.timeMillis() < timeMillis; m = get(oldest)) {
            evict();
        }
        book(0);
    }

    /** Evicts everything. */
    void clear() {
        while (size() > 0) {
            evict();
        }
        book(0);
    }

    /** Nothing is appended any more, and nobody follows: what is held goes with the ring. */
    void unbook() {
        budget.take(-booked);
        booked = 0;
        budget = HistoryBudget.unlimited();
    }

    /** The first seq whose message has an id greater than this one; {@link #next()} when there is none. */
    long after(long id) {
        long low = oldest;
        long high = next;
        while (low < high) {
            long middle = (low + high) >>> 1;
            Message m = get(middle);
            if (m != null && m.id() <= id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The id of the newest message that was evicted; 0 when none was. */
    long evictedId() {
        return evictedId;
    }

    long bytes() {
        return bytes;
    }

    private long size() {
        return next - oldest;
    }

    private void evict() {
        long seq = oldest;
        @Nullable Message[] array = slots;
        int i = (int) seq & (array.length - 1);
        Message m = array[i];
        oldest = seq + 1;
        SLOT.setRelease(array, i, (Message) null);
        if (m != null) {
            bytes -= m.bytes();
            evictedId = m.id();
        }
    }

    private void grow() {
        @Nullable Message[] old = slots;
        @Nullable Message[] larger = new Message[old.length * 2];
        for (long seq = oldest; seq < next; seq++) {
            larger[(int) seq & (larger.length - 1)] = old[(int) seq & (old.length - 1)];
        }
        slots = larger;
    }
}
