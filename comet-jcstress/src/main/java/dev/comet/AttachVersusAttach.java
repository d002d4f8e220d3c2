package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * Two subscribers attach at once. Each gets a slot of its own among the subscribers: both are counted, and both are woken for what
 * is published then.
 */
@JCStressTest
@Outcome(id = "2, x, x", expect = Expect.ACCEPTABLE, desc = "Both are there.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One took the place of the other.")
@State
public class AttachVersusAttach {
    private final Channel channel = Inline.channel("a");
    private final Reader one = new Reader();
    private final Reader other = new Reader();

    @Actor
    public void one() {
        one.start(one.attach(From.latest(), channel));
    }

    @Actor
    public void other() {
        other.start(other.attach(From.latest(), channel));
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r1 = channel.subscribers();
        channel.publish("x");
        r.r2 = one.seen();
        r.r3 = other.seen();
    }
}
