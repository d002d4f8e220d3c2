package dev.comet;

import java.util.concurrent.Executor;

/**
 * Time and threads, injected: every clock, timer and executor of this library comes in through here.
 * <i>Thread-safe.</i>
 *
 * <p>Every method may be called from any thread. None blocks, and none throws for being called at a bad time: an
 * implementation that has been shut down drops what it is given.
 */
public interface Scheduler extends Executor {

    /**
     * Runs a short task that does not block: a fan-out, a drain.
     *
     * <p>Tasks may run in any order, on any thread, several at once, and also before this method returns, on the
     * caller's thread. So call it with no lock held. What one thread did before it called {@code execute} happens
     * before the task.
     *
     * @param task what it throws is reported by the implementation and goes no further
     */
    @Override
    void execute(Runnable task);

    /**
     * A monotonic clock in nanoseconds with an arbitrary origin, as {@link System#nanoTime()}: it may be negative and
     * it may wrap around, so only differences mean anything ({@code a - b < 0}, never {@code a < b}).
     */
    long nanoTime();

    /**
     * The wall clock in milliseconds since 1970-01-01T00:00Z. For showing, never for ordering: it may stand still, jump
     * and go backwards.
     */
    long currentTimeMillis();

    /**
     * Runs a task once, after a delay: never before {@code delayNanos} of {@link #nanoTime()} have passed, and as soon
     * after that as the implementation's resolution and load allow. Timers that are due at about the same moment may
     * run in any order, and at once.
     *
     * @param task runs like a task of {@link #execute}, but never inside this call
     * @param delayNanos zero or less means soon; a delay that reaches beyond the clock's range (292 years) means never
     * @return the handle to cancel it by; it may be thrown away
     */
    Timer schedule(Runnable task, long delayNanos);

    /**
     * A task that waits for its moment. <i>Thread-safe.</i>
     *
     * <p>Once fired or cancelled it no longer refers to the task.
     */
    interface Timer {

        /**
         * Cancels the task if it has not been fired, in constant time.
         *
         * @return true when this very call prevented the task from running: it has not run and will not. False when it
         *     has run, is running, is about to run, was cancelled before, or was dropped by a shutdown. So for each
         *     timer at most one call answers true, and never if the task runs
         */
        boolean cancel();
    }
}
