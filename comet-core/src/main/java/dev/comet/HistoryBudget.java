package dev.comet;

import java.util.concurrent.atomic.AtomicLong;

/** How many bytes the rings of a hub's channels may hold together. <i>Thread-safe.</i> */
final class HistoryBudget {
    /** What a message costs beside its payload and attributes: the object, its fields, its slot. */
    static final int OVERHEAD = 128;

    private final long most;
    private final AtomicLong used = new AtomicLong();

    HistoryBudget(long most) {
        this.most = most;
    }

    /** For rings that are small by themselves. */
    static HistoryBudget unlimited() {
        return new HistoryBudget(Long.MAX_VALUE);
    }

    /**
     * Changes what is used.
     *
     * @param bytes how much more it is to be; what is less than 0 is given back
     * @return false when there is no room for that: nothing has changed then
     */
    boolean take(long bytes) {
        if (used.addAndGet(bytes) > most && bytes > 0) {
            used.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    /** Whether there is room for this many more, now. */
    boolean fits(long bytes) {
        return used.get() + bytes <= most;
    }

    /** How many bytes are used now. */
    long used() {
        return used.get();
    }
}
