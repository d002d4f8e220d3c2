package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * Channels that keep one message each have 1 and 2 to be read, and 3 takes the place of 1 while a reader takes one event. Later
 * it comes back with its single id. If 1 was gone when it looked, it must be told so first: were it given 2, its id would say
 * that it has seen 1.
 */
@JCStressTest
@Outcome(id = "1, 23", expect = Expect.ACCEPTABLE, desc = "Read before it was overwritten.")
@Outcome(id = "<1-1>, <0-1>23", expect = Expect.ACCEPTABLE, desc = "Told that it is gone, and told again.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One is missing without a word.")
@State
public class LappedMergedRead {
    private static final Comet HUB =
            Inline.hub().historyMessages(0).liveWindow(1).build();

    private final Channel a = new Channel(HUB, "a", 1, HUB.settings().channels());
    private final Channel b = new Channel(HUB, "b", 1, HUB.settings().channels());
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), a, b);

    public LappedMergedRead() {
        a.publish("1");
        b.publish("2");
    }

    @Actor
    public void publisher() {
        a.publish("3");
    }

    @Actor
    public void reader(LL_Result r) {
        r.r1 = Reader.one(subscriber);
    }

    @Arbiter
    public void after(LL_Result r) {
        r.r2 = Reader.pass(Inline.subscriber(() -> {}, From.afterId(subscriber.idCursor()), a, b));
    }
}
