package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.Scheduler;
import dev.comet.servlet.dialect.Frames;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** What the exchanges of an endpoint have in common: those whose response is held, and those whose body is being read. <i>Thread-safe.</i> */
final class Holds {
    private static final System.Logger LOG = System.getLogger("dev.comet");
    private static final int POOLED = 32;

    private final Comet comet;
    private final long stallNanos;
    private final int bodyBytes;
    private final Semaphore bodyRoom;
    private final AtomicInteger held = new AtomicInteger();

    /** Room to gather in: a drain needs it while it runs, and an idle response has none. */
    private final ArrayBlockingQueue<Frames> pool = new ArrayBlockingQueue<>(POOLED);

    Holds(Comet comet, Duration stallLimit, int bodyBytes) {
        this.comet = comet;
        this.bodyBytes = bodyBytes;
        this.bodyRoom = new Semaphore(bodyBytes);
        this.stallNanos = stallLimit.toNanos();
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

    Frames take() {
        Frames frames = pool.poll();
        return frames == null ? new Frames() : frames;
    }

    void giveBack(Frames frames) {
        frames.clear();
        pool.offer(frames);
    }

    void begun() {
        held.incrementAndGet();
    }

    void ended() {
        held.decrementAndGet();
    }

    /** How many responses are held now. */
    int count() {
        return held.get();
    }

    /** Neither the client nor the end of the exchange explains it: that is news. */
    void failed(Exception e) {
        LOG.log(System.Logger.Level.WARNING, "a held response failed", e);
    }

    /** A client that leaves is no news: one line, for those who look for it. */
    void note(Exception e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "a held response ended: " + e);
    }
}
