package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A subscriber attaches, from now on, while a message is published. Where it was placed decides: before the message it must read
 * it once, after it never. The place and the adding are one step, under the lock under which the message is appended.
 */
@JCStressTest
@Outcome(id = "1, x", expect = Expect.ACCEPTABLE, desc = "It was there first.")
@Outcome(id = "2, -", expect = Expect.ACCEPTABLE, desc = "The message was published first.")
@Outcome(expect = Expect.FORBIDDEN, desc = "What it reads is not what its place promised.")
@State
public class AttachLatestVersusPublish {
    private final Channel channel = Inline.channel("a");
    private final Reader reader = new Reader();

    @Actor
    public void subscriber(LL_Result r) {
        Subscriber subscriber = reader.attach(From.latest(), channel);
        r.r1 = subscriber.cursor().seq(0);
        reader.start(subscriber);
    }

    @Actor
    public void publisher() {
        channel.publish("x");
    }

    @Arbiter
    public void after(LL_Result r) {
        r.r2 = reader.seen();
    }
}
