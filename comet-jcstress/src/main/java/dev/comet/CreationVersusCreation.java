package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * Two publish to a channel that does not exist yet. One of them creates it, and both messages are in that one life, as 1 and 2.
 */
@JCStressTest
@Outcome(
        id = {"1, 2, 1", "2, 1, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "One life for both.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Two lives of one name.")
@State
public class CreationVersusCreation {
    private final Comet hub = Inline.hub().build();

    @Actor
    public void one(LLL_Result r) {
        r.r1 = hub.publish("a", "x").seq();
    }

    @Actor
    public void other(LLL_Result r) {
        r.r2 = hub.publish("a", "y").seq();
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r3 = hub.stats().channels();
    }
}
