package dev.comet;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An application's executor, which may be full or shut down, as one that takes every task: what it rejects is offered again
 * until it is taken or the hub is closed. There is one task per listener at most, so nothing piles up. <i>Thread-safe.</i>
 */
final class Patient implements Executor {
    private static final long RETRY_NANOS = 100_000_000;

    private final Executor executor;
    private final Comet hub;
    private final AtomicBoolean said = new AtomicBoolean();

    Patient(Executor executor, Comet hub) {
        this.executor = executor;
        this.hub = hub;
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable e) {
            if (!said.getAndSet(true)) {
                hub.problem("the listener executor rejects tasks; they are offered again, and this is said once", e);
            }
            if (!hub.isClosed()) {
                hub.scheduler.schedule(() -> execute(task), RETRY_NANOS);
            }
        }
    }
}
