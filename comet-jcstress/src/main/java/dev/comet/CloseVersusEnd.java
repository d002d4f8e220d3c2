package dev.comet;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * A subscriber is closed by its owner while the hub asks it to end. One of the two reasons is kept, for good; it has
 * left its channel; and it is woken for the hub's reason alone.
 */
@JCStressTest
@Outcome(id = "DONE, DONE, 0, 0", expect = Expect.ACCEPTABLE, desc = "The owner came first.")
@Outcome(id = "SHUTDOWN, SHUTDOWN, 1, 0", expect = Expect.ACCEPTABLE, desc = "The hub came first.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Still there, or the reason and the wake do not agree.")
@State
public class CloseVersusEnd {
    private final AtomicInteger wakes = new AtomicInteger();
    private final Channel channel = Inline.channel("a");
    private final Subscriber subscriber = Inline.subscriber(wakes::incrementAndGet, From.latest(), channel);

    @Actor
    public void owner(LLLL_Result r) {
        subscriber.close(CloseReason.DONE);
        r.r1 = subscriber.ending().orElseThrow();
    }

    @Actor
    public void shutdown() {
        subscriber.end(CloseReason.SHUTDOWN);
    }

    @Arbiter
    public void after(LLLL_Result r) {
        r.r2 = subscriber.ending().orElseThrow();
        r.r3 = wakes.get();
        r.r4 = channel.subscribers();
    }
}
