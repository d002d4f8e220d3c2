package dev.comet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The scheduler for production: a fixed pool of daemon threads, and one that keeps time on a {@link TimerWheel}.
 * <i>Thread-safe.</i>
 *
 * <p>The timer thread runs no task: it hands what is due to the pool, as one task per batch of {@value
 * TimerWheel#BATCH}, so that ten thousand heartbeats in a tick cost eighty places in the queue.
 *
 * <p>The pool is one queue, first in, first out. A work-stealing pool is two to three times as fast, but it serves a
 * thread's own tasks first: a few drains that keep going "to the back of the queue" would then keep every timer waiting
 * for as long as they are busy (measured on a ForkJoinPool: for ever). The queue needs no bound: whoever uses this
 * scheduler lets signals coalesce, and has at most one task per slice of a channel or subscriber in it.
 *
 * <p>{@link #close()} lets the tasks already in the queue run, for they may be the last words to a client, and
 * interrupts nobody, for an interrupt closes the channel that a task may be writing to. Timers still pending are
 * dropped. So is, quietly, what comes later: a wake-up that lost the race with the shutdown is nobody's mistake.
 */
final class WheelScheduler implements Scheduler, AutoCloseable {
    private static final Runnable STOP = Thread::yield; // is not run: known by its identity

    private final System.Logger log;
    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final TimerWheel wheel = new TimerWheel(System.nanoTime(), this::wakeTimerThread);
    private final Thread timerThread;
    private final List<Thread> threads = new ArrayList<>(); // not changed after construction
    private volatile boolean closed; // by close, for good

    WheelScheduler() {
        this(Math.max(2, Runtime.getRuntime().availableProcessors()), System.getLogger("dev.comet"));
    }

    WheelScheduler(int poolSize, System.Logger log) {
        if (poolSize < 1) {
            throw new IllegalArgumentException("poolSize must be at least 1: " + poolSize);
        }
        this.log = log;
        timerThread = daemon("comet-timer", this::keepTime);
        threads.add(timerThread);
        for (int i = 1; i <= poolSize; i++) {
            threads.add(daemon("comet-" + i, this::work));
        }
        try {
            threads.forEach(Thread::start);
        } catch (Throwable e) { // no more threads to be had: those that we got must not stay
            close();
            throw e;
        }
    }

    @Override
    public void execute(Runnable task) {
        if (!closed) {
            tasks.add(task);
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        return wheel.add(task, nanoTime(), delayNanos);
    }

    /** Stops all threads, without waiting for them; see the class for what becomes of their tasks. Idempotent. */
    @Override
    public void close() {
        closed = true;
        wheel.close();
        tasks.add(STOP);
        wakeTimerThread();
    }

    /**
     * Waits until all threads have ended after {@link #close()}.
     *
     * @return false if the time was up before that
     */
    boolean awaitTermination(Duration timeout) throws InterruptedException {
        long deadline = nanoTime() + timeout.toNanos();
        for (Thread thread : threads) {
            TimeUnit.NANOSECONDS.timedJoin(thread, deadline - nanoTime());
        }
        return threads.stream().noneMatch(Thread::isAlive);
    }

    /**
     * A thread that holds on to nothing of whoever happens to create it: no inheritable thread locals, and this
     * library's class loader, which its own code keeps anyway, in place of the creator's, which an undeployed webapp
     * should lose. (Not none: a listener that looks up a service would not find it.)
     */
    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(null, body, name, 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(WheelScheduler.class.getClassLoader());
        return thread;
    }

    private void work() {
        while (true) {
            try {
                Runnable task = tasks.take();
                if (task == STOP) {
                    tasks.add(STOP); // for the next one
                    return;
                }
                run(task);
            } catch (InterruptedException e) {
                // A task left its thread interrupted, or a stranger did it: not meant for us, and forgotten by now.
            }
        }
    }

    private void keepTime() {
        while (!closed) {
            try {
                long now = nanoTime();
                List<Runnable> due = wheel.advance(now);
                if (!due.isEmpty()) {
                    execute(() -> due.forEach(this::run));
                }
                long delay = wheel.nextDelay(now);
                if (delay > 0) {
                    LockSupport.parkNanos(this, delay);
                    Thread.interrupted(); // by a stranger; the next park would not wait
                }
            } catch (Throwable e) { // out of memory: must not be the end of time
                report("Timer thread", e);
            }
        }
    }

    private void wakeTimerThread() {
        LockSupport.unpark(timerThread);
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) { // must cost neither the thread nor the rest of the batch
            report(task.getClass().getName(), e);
        }
    }

    private void report(String who, Throwable failure) {
        try {
            log.log(System.Logger.Level.ERROR, who + " failed", failure);
        } catch (Throwable e) {
            // The log itself is broken, and there is no other.
        }
    }
}
