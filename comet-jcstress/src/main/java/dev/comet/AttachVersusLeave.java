package dev.comet;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * A subscriber attaches while the only other one leaves, which also drops the arrays that nobody needs any more. The one that came
 * is counted, and woken for what is published then; the one that left is neither.
 */
@JCStressTest
@Outcome(id = "1, x, 0", expect = Expect.ACCEPTABLE, desc = "Only the one that came is there.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The one that came is lost, or the other still there.")
@State
public class AttachVersusLeave {
    private final AtomicInteger wakes = new AtomicInteger();
    private final Channel channel = Inline.channel("a");
    private final Subscriber leaves = Inline.subscriber(wakes::incrementAndGet, From.latest(), channel);
    private final Reader comes = new Reader();

    @Actor
    public void leaver() {
        leaves.leaveAll();
    }

    @Actor
    public void comer() {
        comes.start(comes.attach(From.latest(), channel));
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r1 = channel.subscribers();
        channel.publish("x");
        r.r2 = comes.seen();
        r.r3 = wakes.get();
    }
}
