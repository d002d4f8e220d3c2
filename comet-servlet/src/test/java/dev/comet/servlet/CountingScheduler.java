package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.Scheduler;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The production scheduler, and how many timers of this package wait in it: those of held responses, bodies and answers, none of
 * which may outlive its request. <i>Thread-safe.</i>
 */
final class CountingScheduler implements Scheduler, AutoCloseable {
    /** Only a hub makes the production scheduler. */
    private final Comet owner = Comet.builder().build();

    private final Scheduler real = owner.scheduler();
    private final AtomicInteger pending = new AtomicInteger();

    /** How many timers of this package neither fired nor were cancelled. */
    int pending() {
        return pending.get();
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
        if (!task.getClass().getName().startsWith(getClass().getPackageName())) {
            return real.schedule(task, delayNanos);
        }
        pending.incrementAndGet();
        AtomicBoolean over = new AtomicBoolean();
        Timer timer = real.schedule(
                () -> {
                    if (over.compareAndSet(false, true)) {
                        pending.decrementAndGet();
                    }
                    task.run();
                },
                delayNanos);
        return () -> {
            boolean cancelled = timer.cancel();
            if (cancelled && over.compareAndSet(false, true)) {
                pending.decrementAndGet();
            }
            return cancelled;
        };
    }

    @Override
    public void close() {
        owner.close();
    }
}
