package dev.comet.servlet.dialect;

import dev.comet.Scheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/** Virtual time and no threads: a task runs at once, or after the one that runs now. <i>Owned by the test's thread.</i> */
public final class ManualScheduler implements Scheduler {
    /** The wall clock at the beginning. */
    public static final long START_MILLIS = 1_795_258_876_123L;

    private final Queue<Runnable> ready = new ArrayDeque<>();
    private final PriorityQueue<Waiting> timers =
            new PriorityQueue<>(Comparator.comparingLong(Waiting::at).thenComparingLong(Waiting::order));
    private long elapsed;
    private long order;
    private boolean running;

    private record Waiting(Runnable task, long at, long order) {}

    @Override
    public void execute(Runnable task) {
        ready.add(task);
        if (running) {
            return;
        }
        running = true;
        try {
            for (Runnable next = ready.poll(); next != null; next = ready.poll()) {
                next.run();
            }
        } finally {
            running = false;
        }
    }

    @Override
    public long nanoTime() {
        return elapsed - 1_000;
    }

    @Override
    public long currentTimeMillis() {
        return START_MILLIS + elapsed / 1_000_000;
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        Waiting waiting = new Waiting(task, elapsed + Math.max(0, delayNanos), order++);
        timers.add(waiting);
        return () -> timers.remove(waiting);
    }

    /** How much time has passed, in nanoseconds. */
    public long elapsed() {
        return elapsed;
    }

    /** Lets time pass. */
    public void advance(Duration by) {
        long target = elapsed + by.toNanos();
        for (Waiting next = timers.peek(); next != null && next.at <= target; next = timers.peek()) {
            timers.remove(next);
            elapsed = next.at;
            execute(next.task);
        }
        elapsed = target;
    }
}
