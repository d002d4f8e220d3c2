package dev.comet;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler for tests: virtual time, one thread, and the same order of events every time from the same seed.
 * <i>Owned by the test's thread.</i>
 *
 * <p>Nothing runs by itself: {@link #step}, {@link #runReady} and {@link #advance} run tasks, on the caller's thread,
 * one after the other. With a seed, any ready task may be the next; without, the one that is ready longest. A
 * timer that is due becomes a ready task, so it can no longer be cancelled while it waits for its turn.
 *
 * <p>What a task throws is thrown at the test: in production it would end up in the log. The clock's origin is such
 * that {@link #nanoTime()} wraps around after a virtual minute, and who compares two readings finds out.
 */
public final class VirtualScheduler implements Scheduler {
    private static final long ORIGIN = Long.MAX_VALUE - 60_000_000_000L;
    private static final long WALL_CLOCK_AT_START = 1_767_225_600_000L; // 2026-01-01T00:00Z
    private static final int LIVELOCK = 10_000_000;

    private final @Nullable Random random;

    private final List<@Nullable Runnable> ready = new ArrayList<>();
    private int head; // without a seed: what lies before has been run
    private final PriorityQueue<VirtualTimer> timers = new PriorityQueue<>();
    private int cancelled; // of the timers in the queue
    private long added;
    private long elapsed;
    private long wallClockShift;
    private boolean running;

    /** First in, first out. */
    public VirtualScheduler() {
        this.random = null;
    }

    /** The order is drawn by lot. */
    public VirtualScheduler(long seed) {
        this.random = new Random(seed * 0x9E37_79B9_7F4A_7C15L); // or neighbouring seeds would begin alike
    }

    @Override
    public void execute(Runnable task) {
        ready.add(task);
    }

    @Override
    public long nanoTime() {
        return ORIGIN + elapsed;
    }

    @Override
    public long currentTimeMillis() {
        return WALL_CLOCK_AT_START + wallClockShift + elapsed / 1_000_000;
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        long deadline = elapsed + Math.min(Math.max(0, delayNanos), Long.MAX_VALUE - elapsed);
        VirtualTimer timer = new VirtualTimer(task, deadline, added++);
        timers.add(timer);
        return timer;
    }

    /** Sets the wall clock forwards or back, as an administrator would: no timer notices. */
    public void shiftWallClock(Duration by) {
        wallClockShift += by.toMillis();
    }

    /** Runs one task that is ready; false if none is. */
    public boolean step() {
        fireDue();
        if (pendingTasks() == 0) {
            return false;
        }
        if (running) {
            throw new IllegalStateException("A task must not run tasks");
        }
        Runnable task = take();
        running = true;
        try {
            task.run();
        } finally {
            running = false;
        }
        return true;
    }

    /** Runs tasks until none is ready, including those that become ready by that. Time stands still. */
    public void runReady() {
        for (int steps = 0; step(); steps++) {
            if (steps == LIVELOCK) {
                throw new AssertionError(
                        "Livelock: still " + pendingTasks() + " tasks after " + steps + ", at " + now());
            }
        }
    }

    /** Lets time pass, from timer to timer in the order of their deadlines; at each, runs what is ready. */
    public void advance(Duration by) {
        long target = Math.addExact(elapsed, by.toNanos());
        if (target < elapsed) {
            throw new IllegalArgumentException("Time does not go back: " + by);
        }
        runReady();
        for (VirtualTimer next = earliest(); next != null && next.deadline <= target; next = earliest()) {
            elapsed = next.deadline;
            runReady();
        }
        elapsed = target;
    }

    /** How many timers are neither due nor cancelled. */
    public int pendingTimers() {
        fireDue();
        return timers.size() - cancelled;
    }

    /** How many tasks are ready, timers that are due among them. */
    public int pendingTasks() {
        fireDue();
        return ready.size() - head;
    }

    /** How much time has passed since the beginning. */
    public Duration now() {
        return Duration.ofNanos(elapsed);
    }

    private void fireDue() {
        for (VirtualTimer next = earliest(); next != null && next.deadline <= elapsed; next = earliest()) {
            timers.remove();
            ready.add(next.task);
            next.task = null;
        }
    }

    /** The next timer, or null; on the way, forgets those that were cancelled. */
    private @Nullable VirtualTimer earliest() {
        VirtualTimer next = timers.peek();
        while (next != null && next.task == null) {
            timers.remove();
            cancelled--;
            next = timers.peek();
        }
        return next;
    }

    private Runnable take() {
        int last = ready.size() - 1;
        Runnable task;
        if (random == null) {
            task = ready.set(head++, null);
            if (head > last / 2) {
                ready.subList(0, head).clear();
                head = 0;
            }
        } else {
            task = ready.set(random.nextInt(last + 1), ready.get(last));
            ready.remove(last);
        }
        return requireNonNull(task);
    }

    private final class VirtualTimer implements Timer, Comparable<VirtualTimer> {
        private @Nullable Runnable task; // null: fired or cancelled
        private final long deadline;
        private final long order;

        VirtualTimer(Runnable task, long deadline, long order) {
            this.task = task;
            this.deadline = deadline;
            this.order = order;
        }

        @Override
        public boolean cancel() {
            if (task == null) {
                return false;
            }
            task = null;
            cancelled++;
            if (cancelled > 1000 && cancelled > timers.size() / 2) {
                timers.removeIf(timer -> timer.task == null);
                cancelled = 0;
            }
            return true;
        }

        @Override
        public int compareTo(VirtualTimer other) {
            int byDeadline = Long.compare(deadline, other.deadline);
            return byDeadline != 0 ? byDeadline : Long.compare(order, other.order);
        }
    }
}
