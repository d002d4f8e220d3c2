package dev.comet;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pending timers, sorted by when they are due: adding, cancelling and firing one costs O(1), whatever their number.
 * <i>Thread-safe.</i>
 *
 * <p>One lock, held for at most {@value #BATCH} steps (but in close), under which nothing foreign is called. The wheel
 * has no thread and reads no clock: whoever drives it calls {@link #advance} and {@link #nextDelay}.
 */
final class TimerWheel {
    /*
     * How it works
     *
     * Time is counted in ticks of 2^24 ns (16.8 ms) since the wheel was made. A timer's tick is its deadline rounded
     * up, the wheel's is now rounded down: no timer is early, and none is late by a tick. Only the difference to the
     * origin counts, so a clock may wrap around; 2^63 ns (292 years) are 39 bits of ticks, seven digits of six bits.
     *
     * The digits are the levels. There are 64 buckets per level, and a timer waits on the level of the highest digit in
     * which its tick differs from the cursor (the tick up to which everything is done), in the bucket named by that
     * digit of its tick. A monotone radix heap, in other words:
     *
     *     cursor         0 0 0 0 0 12 40
     *     due at         0 0 0 0 0 12 55    level 0, bucket 55: one tick
     *     due at         0 0 0 0 0 13  2    level 1, bucket 13: 64 ticks, 1.07 s
     *     due at         0 0 0 0 2  0  7    level 2, bucket  2: 4096 ticks, 69 s
     *
     * Two things follow. Timers of a level agree with the cursor in all higher digits and exceed it in that one: a
     * level never wraps around, and all that waits on a lower level is due before anything on a higher one. So the next
     * bucket is the lowest bit of the lowest level whose bitmap is not zero, without a scan. And a timer's bucket does
     * not change while the cursor moves towards the next bucket: until that is reached nothing has to be done, however
     * far time jumps, and cancel can compute a timer's bucket when it needs it. An empty wheel costs nothing.
     *
     * When time reaches the start of a bucket, the cursor goes there and the bucket, whole as it is, becomes `arrived`.
     * Each timer in there either is due (always, on level 0) or belongs to a lower level now, so that it moves less
     * than seven times in its life; a heartbeat of half a minute once or twice. A bucket may hold every timer there is;
     * `arrived` is therefore emptied in steps, the lock being free in between. Until it is empty, the cursor stays.
     *
     * A timer is unlinked and its task taken out, under the lock, by whoever comes first: cancel or advance. That
     * decides the race between the two, and a handle that somebody keeps holds no task. The task runs elsewhere.
     */
    static final int BATCH = 128;
    static final int TICK_SHIFT = 24; // of nanoseconds

    private static final int DIGIT = 6;
    private static final int SLOTS = 1 << DIGIT;
    private static final int LEVELS = 7;
    private static final long LAST_TICK = Long.MAX_VALUE >>> TICK_SHIFT;
    private static final long NEVER = Long.MAX_VALUE; // also for a delay, in nanoseconds

    private final long origin;
    private final Runnable wake;

    // Guarded by this.
    private final Timeout[] buckets = new Timeout[LEVELS * SLOTS];
    private final long[] occupied = new long[LEVELS];
    private Timeout arrived = new Timeout(null);
    private long cursor;
    private long promised; // the tick at which the driver comes back by itself
    private boolean closed;

    /**
     * @param originNanos the clock's value now
     * @param wake called, with no lock held, when a timer was added that is due before what {@link #nextDelay} last
     *     said: the driver should ask again. May be called once too often
     */
    TimerWheel(long originNanos, Runnable wake) {
        this.origin = originNanos;
        this.wake = wake;
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new Timeout(null);
        }
    }

    /** Adds a task for {@link #advance} to hand out less than a tick after the delay, at once if there is none. */
    Scheduler.Timer add(Runnable task, long nowNanos, long delayNanos) {
        Timeout timeout;
        boolean sooner;
        synchronized (this) {
            timeout = new Timeout(closed ? null : task);
            if (closed) {
                return timeout;
            }
            // Nobody advances a wheel while nothing is due: catch up first, or the timer is put needlessly far away.
            long now = elapsed(nowNanos) >>> TICK_SHIFT;
            if (now > cursor && nextTick() > now) {
                cursor = now;
            }
            timeout.tick = Math.max(cursor, dueTick(nowNanos, delayNanos));
            link(timeout);
            sooner = timeout.tick < promised;
            if (sooner) {
                promised = timeout.tick;
            }
        }
        if (sooner) {
            wake.run();
        }
        return timeout;
    }

    /**
     * Moves time on and hands out tasks that are due, in the order of their ticks, at most {@value #BATCH}. There may
     * be more, even if there are none in this answer: call again until {@link #nextDelay} is positive.
     */
    List<Runnable> advance(long nowNanos) {
        List<Runnable> due = new ArrayList<>(BATCH); // allocated here: once a task is taken out, nothing may fail
        synchronized (this) {
            long now = elapsed(nowNanos) >>> TICK_SHIFT;
            for (int steps = 0; steps < BATCH && (!arrived.isAlone() || arrive(now)); steps++) {
                Timeout timeout = arrived.next;
                timeout.unlink();
                if (timeout.tick > cursor) {
                    link(timeout);
                } else if (timeout.task != null) {
                    due.add(timeout.task);
                    timeout.task = null;
                }
            }
        }
        return due;
    }

    /**
     * How many nanoseconds from now {@link #advance} has something to do: zero or less if it has now, {@link
     * Long#MAX_VALUE} if there is no timer. That may come before any timer is due, but no timer is due before that.
     */
    synchronized long nextDelay(long nowNanos) {
        promised = nextTick();
        return promised == NEVER ? NEVER : (promised << TICK_SHIFT) - elapsed(nowNanos);
    }

    /** Drops all timers, and those that are added later. */
    synchronized void close() {
        closed = true;
        while (!arrived.isAlone() || arrive(LAST_TICK)) {
            arrived.next.end();
        }
    }

    private long elapsed(long nowNanos) {
        return Math.max(0, nowNanos - origin);
    }

    private long dueTick(long nowNanos, long delayNanos) {
        long elapsed = elapsed(nowNanos);
        long roundedUp = ((elapsed + delayNanos - 1) >>> TICK_SHIFT) + 1; // unsigned: the sum may exceed 2^63
        return delayNanos > 0 ? Math.min(roundedUp, LAST_TICK) : elapsed >>> TICK_SHIFT;
    }

    /** Goes to the next bucket, if now has reached it, and swaps it with {@link #arrived}, which is empty. */
    private boolean arrive(long now) {
        long next = nextTick();
        if (next > now) {
            return false;
        }
        int bucket = bucketOf(next);
        cursor = next;
        occupied[bucket / SLOTS] &= ~(1L << bucket); // a shift counts modulo 64: the slot
        Timeout empty = arrived;
        arrived = buckets[bucket];
        buckets[bucket] = empty;
        return true;
    }

    /** The first tick at which there is something to do. */
    private long nextTick() {
        if (!arrived.isAlone()) {
            return cursor;
        }
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                int shift = level * DIGIT;
                long higherDigits = cursor >>> (shift + DIGIT) << DIGIT;
                return (higherDigits | Long.numberOfTrailingZeros(occupied[level])) << shift;
            }
        }
        return NEVER;
    }

    private void link(Timeout timeout) {
        int bucket = bucketOf(timeout.tick);
        buckets[bucket].append(timeout);
        occupied[bucket / SLOTS] |= 1L << bucket;
    }

    private int bucketOf(long tick) {
        int level = (63 - Long.numberOfLeadingZeros((tick ^ cursor) | 1)) / DIGIT;
        return level * SLOTS + ((int) (tick >>> (level * DIGIT)) & (SLOTS - 1));
    }

    /**
     * A timer, and a link in the ring of its bucket; a ring begins and ends at a timer without a task. 40 bytes with
     * compressed references: header 12, tick 8, four references, padding 4.
     */
    private final class Timeout implements Scheduler.Timer {
        // Guarded by the wheel.
        private @Nullable Runnable task; // null: fired, cancelled or dropped
        private long tick;
        private Timeout previous = this;
        private Timeout next = this;

        Timeout(@Nullable Runnable task) {
            this.task = task;
        }

        @Override
        public boolean cancel() {
            synchronized (TimerWheel.this) {
                return end();
            }
        }

        private boolean end() {
            if (task == null) {
                return false;
            }
            task = null;
            unlink();
            int bucket = bucketOf(tick); // not ours if we had arrived; but what is true of it can be said anyway
            if (buckets[bucket].isAlone()) {
                occupied[bucket / SLOTS] &= ~(1L << bucket);
            }
            return true;
        }

        private boolean isAlone() {
            return next == this;
        }

        private void append(Timeout last) {
            last.previous = previous;
            last.next = this;
            previous.next = last;
            previous = last;
        }

        private void unlink() {
            previous.next = next;
            next.previous = previous;
            previous = this;
            next = this;
        }
    }
}
