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
 * A subscriber is closed by its owner while the hub asks it to end. One of the two reasons is kept, for good; it is released
 * once; and it is woken for the hub's reason alone.
 */
@JCStressTest
@Outcome(id = "0, 0, DONE, 0", expect = Expect.ACCEPTABLE, desc = "The owner came first.")
@Outcome(id = "0, 0, SHUTDOWN, 1", expect = Expect.ACCEPTABLE, desc = "The hub came first.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Released twice or not at all, or the reason and the wake do not agree.")
@State
public class CloseVersusEnd {
    private final AtomicInteger wakes = new AtomicInteger();
    private final Comet hub = Inline.hub().build();
    private final Subscriber subscriber = hub.attach(SubscribeOptions.of("a"), wakes::incrementAndGet);

    @Actor
    public void owner() {
        subscriber.close(CloseReason.DONE);
    }

    @Actor
    public void shutdown() {
        subscriber.end(CloseReason.SHUTDOWN);
    }

    @Arbiter
    public void after(LLLL_Result r) {
        r.r1 = hub.stats().subscribers();
        r.r2 = hub.channel("a").subscribers();
        r.r3 = subscriber.ending().orElseThrow();
        r.r4 = wakes.get();
    }
}
