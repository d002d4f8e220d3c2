package dev.comet;

/**
 * A scheduler that adds no thread to a race of two: tasks run at once, on the caller's thread; the clocks stand still, and no
 * timer ever fires. <i>Immutable.</i>
 */
final class Inline implements Scheduler {
    private static final Inline INSTANCE = new Inline();
    private static final Timer NEVER = () -> true;

    private Inline() {}

    /** A hub that runs in the threads of those who call it. */
    static Comet.Builder hub() {
        return Comet.builder().scheduler(INSTANCE).listenerExecutor(INSTANCE);
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public long currentTimeMillis() {
        return 0;
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        return NEVER;
    }
}
