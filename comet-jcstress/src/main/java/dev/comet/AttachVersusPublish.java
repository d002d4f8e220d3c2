package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * A subscriber attaches, from the last message on, while one is published. The message is below its position in the ring, and
 * the replay reads it, or it is appended after the subscriber was added, and the wake finds it: read once, by one of the two,
 * never by none and never by both.
 */
@JCStressTest
@Outcome(id = "x", expect = Expect.ACCEPTABLE, desc = "By the replay or by the wake.")
@Outcome(expect = Expect.FORBIDDEN, desc = "By none, or by both.")
@State
public class AttachVersusPublish {
    private final Channel channel = Inline.channel("a");
    private final Reader reader = new Reader();

    @Actor
    public void subscriber() {
        reader.start(reader.attach(From.last(1), channel));
    }

    @Actor
    public void publisher() {
        channel.publish("x");
    }

    @Arbiter
    public void after(L_Result r) {
        r.r1 = reader.seen();
    }
}
