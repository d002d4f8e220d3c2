package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A message is published and its channel removed while a subscriber reads. When the reader is told of the end it has read the
 * message: it looks whether the channel is closed first, and into the ring after that.
 */
@JCStressTest
@Outcome(
        id = {"-, x!", "x, !", "x!, !"},
        expect = Expect.ACCEPTABLE,
        desc = "The message, then the end.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The end without the message.")
@State
public class RemovalVersusRead {
    private final Channel life = Inline.channel("a");
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), life);

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
