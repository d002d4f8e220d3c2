package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * One publishes to channel a and then to b, with ids that grow in this order, while a reader makes one pass over both, and then
 * comes back with its cursor: as a single id, and as a place in each channel. Nothing may be handed over before what has a lower
 * id, and the single id may never run ahead of a message that was not handed over: either way, each message is seen once.
 */
@JCStressTest
@Outcome(
        id = {"-, ab, ab", "a, b, b", "ab, -, -"},
        expect = Expect.ACCEPTABLE,
        desc = "Each once, in order, by either cursor.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The cursor ran ahead of a message, or fell behind it.")
@State
public class MergedRead {
    private final Channel a = Inline.channel("a");
    private final Channel b = Inline.channel("b");
    // The last one is looked at first: so a, and b only after that, when both may have been published meanwhile.
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), b, a);

    @Actor
    public void publisher() {
        a.publish("a");
        b.publish("b");
    }

    @Actor
    public void reader(LLL_Result r) {
        r.r1 = Reader.pass(subscriber);
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r2 = rest(From.afterId(subscriber.idCursor()));
        r.r3 = rest(From.cursor(subscriber.cursor()));
    }

    private String rest(From from) {
        return Reader.pass(Inline.subscriber(() -> {}, from, a, b));
    }
}
