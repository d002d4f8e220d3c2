package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * The same for a subscriber of two channels: a message is published to one of them and that one removed, while the subscriber
 * makes a pass over both.
 */
@JCStressTest
@Outcome(
        id = {"-, x!", "x, !", "x!, !"},
        expect = Expect.ACCEPTABLE,
        desc = "The message, then the end.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The end without the message.")
@State
public class RemovalVersusMergedRead {
    private final Channel life = Inline.channel("a");
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), life, Inline.channel("b"));

    @Actor
    public void publisher() {
        life.publish("x");
        life.feed.close();
    }

    @Actor
    public void reader(LL_Result r) {
        r.r1 = Reader.pass(subscriber);
    }

    @Arbiter
    public void after(LL_Result r) {
        r.r2 = Reader.pass(subscriber);
    }
}
