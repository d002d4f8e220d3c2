package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.Scheduler;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The production scheduler, and how many timers wait in it: those of this package (of held responses, bodies and answers, none of
 * which may outlive its request), and all. <i>Thread-safe.</i>
 */
final class CountingScheduler implements Scheduler, AutoCloseable {
    /** Only a hub makes the production scheduler. */
    private final Comet owner = Comet.builder().build();

    private final Scheduler real = owner.scheduler();
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicInteger others = new AtomicInteger();

    /** How many timers of this package neither fired nor were cancelled. */
    int pending() {
        return pending.get();
    }

    /** The same of all timers: those of channels and sessions, too. */
    int pendingInAll() {
        return pending.get() + others.get();
    }

    @Override
    public void execute(Runnable task) {
        real.execute(task);
    }

    @Override
    public long nanoTime() {
        return real.nanoTime();
    }

    @Override
    public long currentTimeMillis() {
        return real.currentTimeMillis();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        boolean ours = task.getClass().getName().startsWith(getClass().getPackageName());
        AtomicInteger count = ours ? pending : others;
        count.incrementAndGet();
        AtomicBoolean over = new AtomicBoolean();
        Timer timer = real.schedule(
                () -> {
                    if (over.compareAndSet(false, true)) {
                        count.decrementAndGet();
                    }
                    task.run();
                },
                delayNanos);
        return () -> {
            boolean cancelled = timer.cancel();
            if (cancelled && over.compareAndSet(false, true)) {
                count.decrementAndGet();
            }
            return cancelled;
        };
    }

    @Override
    public void close() {
        owner.close();
    }
}
