package dev.comet;

import java.util.concurrent.Executor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * Two ask for a round at once, one of them ready to do it himself. One of them does the work, for both: the last round has seen what each had done before it asked,
 * and there is never more than one round at a time.
 */
@JCStressTest
@Outcome(id = "true, true, false", expect = Expect.ACCEPTABLE, desc = "Both were seen.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A signal was lost, or two drained at once.")
@State
public class DrainSignals {
    private final Work work = new Work();

    @Actor
    public void one() {
        work.one = true;
        work.signal();
    }

    @Actor
    public void other() {
        work.other = true;
        work.signalHere();
    }

    @Arbiter
    public void after(ZZZ_Result r) {
        r.r1 = work.sawOne;
        r.r2 = work.sawOther;
        r.r3 = work.twoAtOnce;
    }

    private static final class Work extends Drain {
        // Written before a signal, read by the round after it: the counter of the drain orders them.
        private boolean one;
        private boolean other;

        // Owned by the drainer.
        private boolean sawOne;
        private boolean sawOther;

        // By any drainer, for there might be two.
        private volatile boolean busy;
        private volatile boolean twoAtOnce;

        @Override
        Executor executor() {
            return Runnable::run;
        }

        @Override
        void drain() {
            if (busy) {
                twoAtOnce = true;
            }
            busy = true;
            sawOne = one;
            sawOther = other;
            busy = false;
        }
    }
}
