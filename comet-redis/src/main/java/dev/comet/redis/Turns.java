package dev.comet.redis;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Has some of many begin, in order, and the next one whenever one has ended: what is asked of Redis all at once comes back all at
 * once, and is too late, or too much for one connection. <i>Thread-safe.</i>
 */
final class Turns {
    private final int most;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger underWay = new AtomicInteger();

    /** Whoever raises it from 0 has them begin; who finds it raised leaves that to him, who then looks once more. */
    private final AtomicInteger work = new AtomicInteger();

    /** At most so many are under way. */
    Turns(int most) {
        this.most = most;
    }

    /**
     * Begins it when it is its turn, which is over when its stage is complete; on this thread, or on one on which another was taken or
     * was over.
     *
     * @return how it ended
     */
    <T extends @Nullable Object> CompletableFuture<T> take(Supplier<? extends CompletionStage<T>> turn) {
        CompletableFuture<T> over = new CompletableFuture<>();
        waiting.add(() -> {
            CompletionStage<T> unused = turn.get().whenComplete((is, e) -> {
                underWay.decrementAndGet();
                if (e == null) {
                    over.complete(is);
                } else {
                    over.completeExceptionally(e);
                }
                begin();
            });
        });
        begin();
        return over;
    }

    /** Whether none is under way. */
    boolean isIdle() {
        return underWay.get() == 0;
    }

    private void begin() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            while (underWay.get() < most) {
                Runnable next = waiting.poll();
                if (next == null) {
                    break;
                }
                underWay.incrementAndGet();
                next.run();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }
}
