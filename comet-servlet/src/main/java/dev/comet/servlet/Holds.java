package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.Scheduler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** The exchanges of an endpoint that are open, and what they have in common. <i>Thread-safe.</i> */
final class Holds {
    private static final System.Logger LOG = System.getLogger("dev.comet");
    private static final int POOLED = 32;

    /** How long the exchanges of an endpoint that is taken out of service have for a proper end. */
    static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final Comet comet;
    private final int most;
    private final long stallNanos;
    private final int bodyBytes;
    private final Semaphore bodyRoom;
    private final int answerBytes;
    private final Semaphore answerRoom;
    private final Set<Exchange> open = ConcurrentHashMap.newKeySet();

    private final Runnable unregister;

    /** Written once, by {@link #close}. */
    private volatile boolean closed;

    /** Room to gather in: a drain needs it while it runs, and an idle response has none. */
    private final ArrayBlockingQueue<Gathering> pool = new ArrayBlockingQueue<>(POOLED);

    Holds(Comet comet, CometConfig config) {
        this.comet = comet;
        this.most = config.maxHeld();
        this.bodyBytes = config.maxBodyBytesTotal();
        this.bodyRoom = new Semaphore(bodyBytes);
        this.answerBytes = config.maxAnswerBytesTotal();
        this.answerRoom = new Semaphore(answerBytes);
        this.stallNanos = config.stallLimit().toNanos();
        this.unregister = comet.onClose(() -> close(LAST_WORDS));
    }

    Comet comet() {
        return comet;
    }

    Scheduler scheduler() {
        return comet.scheduler();
    }

    long stallNanos() {
        return stallNanos;
    }

    /** How many bytes the bodies that are being read may have together. */
    int bodyBytes() {
        return bodyBytes;
    }

    /** What is left of them. */
    Semaphore bodyRoom() {
        return bodyRoom;
    }

    /** How many bytes the large answers that are being written may have together. */
    int answerBytes() {
        return answerBytes;
    }

    /** What is left of them. */
    Semaphore answerRoom() {
        return answerRoom;
    }

    Gathering take() {
        Gathering gathering = pool.poll();
        return gathering == null ? new Gathering() : gathering;
    }

    void giveBack(Gathering gathering) {
        gathering.end();
        pool.offer(gathering);
    }

    /** One more is open. When the endpoint is closed it does not stay so. */
    void begun(Exchange exchange) {
        open.add(exchange);
        if (closed) { // looked at after it was added: close() has seen it, or it sees this
            exchange.abort();
        }
    }

    void ended(Exchange exchange) {
        open.remove(exchange);
        if (open.isEmpty()) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** How many exchanges may be open. */
    int most() {
        return most;
    }

    /** Whether no more may be opened. Of those who come at the same time, one for each thread of the container may pass. */
    boolean isFull() {
        return open.size() >= most;
    }

    /** How many exchanges are open now. */
    int count() {
        return open.size();
    }

    /**
     * Ends all exchanges: properly, and those that have not ended when the time is over, at once. Nobody else would: the timers
     * that watch over a socket that takes nothing, and over a body that does not come, go with the hub.
     */
    void close(Duration grace) {
        unregister.run();
        open.forEach(Exchange::close);
        awaitNone(grace);
        closed = true;
        open.forEach(Exchange::abort);
    }

    @SuppressWarnings(
            "WaitNotInLoop") // it is notified when there is none; woken without a reason, it waits less, no more
    private synchronized void awaitNone(Duration atMost) {
        try {
            if (!open.isEmpty() && !atMost.isZero()) {
                wait(Math.max(1, atMost.toMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // no more waiting, then
        }
    }

    /** Neither the client nor the end of the exchange explains it: that is news. */
    void failed(Exception e) {
        LOG.log(System.Logger.Level.WARNING, "a held response failed", e);
    }

    /** A pool of the application's did not take a task: the caller does the work itself, and nothing else is to be done. */
    void refused(Throwable e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "a held response keeps its thread: " + e);
    }

    /** A client that leaves is no news: one line, for those who look for it. */
    void note(Exception e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "a held response ended: " + e);
    }
}
