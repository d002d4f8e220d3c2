package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * A subscriber attaches to a channel that is being removed. It is placed in the old life, and told that it is over, or in a new
 * one, and then reads what is published there: it never waits in silence on a life that is over.
 */
@JCStressTest
@Outcome(id = "!", expect = Expect.ACCEPTABLE, desc = "In the old life, and told so.")
@Outcome(id = "x", expect = Expect.ACCEPTABLE, desc = "In the new life.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Nobody will ever wake it.")
@State
public class AttachVersusRemoval {
    private final Comet hub = Inline.hub().build();
    private final Channel life = hub.channel("a");
    private final Reader reader = new Reader();

    @Actor
    public void subscriber() {
        reader.start(hub.attach(SubscribeOptions.of("a"), reader::signal));
    }

    @Actor
    public void remover() {
        life.remove();
    }

    @Arbiter
    public void after(L_Result r) {
        hub.publish("a", "x");
        r.r1 = reader.seen();
    }
}
