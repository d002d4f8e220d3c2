package dev.comet;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A worker does a round that was asked for before, while another asks for one more. The worker goes round again, or it had left,
 * and then the work is handed to the executor once more: the last round has seen what was done before the second signal, and the
 * work is never in the executor's queue twice, where two could take it.
 */
@JCStressTest
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "It was seen, in the same run or in a second one.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The second signal was lost, or the work was queued twice.")
@State
public class DrainHandOver {
    private final Work work = new Work();

    public DrainHandOver() {
        work.signal();
    }

    @Actor
    public void signaller() {
        work.done = true;
        work.signal();
    }

    @Actor
    public void worker() {
        work.runQueued();
    }

    @Arbiter
    public void after(ZZ_Result r) {
        work.runQueued();
        r.r1 = work.saw;
        r.r2 = work.queuedTwice;
    }

    private static final class Work extends Drain {
        // Where the executor keeps it until a worker comes.
        private final AtomicReference<Runnable> queue = new AtomicReference<>();
        private volatile boolean queuedTwice;

        // Written before a signal, read by the round after it: the counter of the drain orders them.
        private boolean done;

        // Owned by the drainer.
        private boolean saw;

        void runQueued() {
            Runnable task = queue.getAndSet(null);
            if (task != null) {
                task.run();
            }
        }

        @Override
        Executor executor() {
            return task -> {
                if (!queue.compareAndSet(null, task)) {
                    queuedTwice = true;
                }
            };
        }

        @Override
        void drain() {
            saw = done;
        }
    }
}
