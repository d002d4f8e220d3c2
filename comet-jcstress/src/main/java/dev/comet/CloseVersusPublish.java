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
 * One of two subscribers of a channel closes while a message is published. The one that stays reads it; the other may be woken
 * for it, but never again for a later one, and it is no longer counted.
 */
@JCStressTest
@Outcome(id = "1, 1, xy, 0", expect = Expect.ACCEPTABLE, desc = "Only the one that stays is left.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One that left is woken, or one that stays is not.")
@State
public class CloseVersusPublish {
    private final AtomicInteger wakes = new AtomicInteger();
    private final Comet hub = Inline.hub().build();
    private final Subscriber leaves = hub.attach(SubscribeOptions.of("a"), wakes::incrementAndGet);
    private final Reader stays = Reader.of(hub, "a");

    @Actor
    public void leaver() {
        leaves.close(CloseReason.DONE);
    }

    @Actor
    public void publisher() {
        hub.publish("a", "x");
    }

    @Arbiter
    public void after(LLLL_Result r) {
        int before = wakes.get();
        hub.publish("a", "y");
        r.r1 = hub.stats().subscribers();
        r.r2 = hub.channel("a").subscribers();
        r.r3 = stays.seen();
        r.r4 = wakes.get() - before;
    }
}
