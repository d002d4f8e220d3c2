package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * One publishes to channel a. Another publishes to b, makes one pass over both, and then comes back with its cursor: as a single
 * id, and as a place in each channel. If a's message has the lower id, it may still be on its way into the ring when b's is
 * there to be read: the pass waits for it at a's lock, or its id would be skipped for good.
 */
@JCStressTest
@Outcome(
        id = {"ab, -, -", "ba, -, -", "b, a, a"},
        expect = Expect.ACCEPTABLE,
        desc = "Each once, in order, by either cursor.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The cursor ran ahead of a message, or fell behind it.")
@State
public class MergedReadOfPublisher {
    private final Channel a = Inline.channel("a");
    private final Channel b = Inline.channel("b");
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), a, b);

    @Actor
    public void publisher() {
        a.publish("a");
    }

    @Actor
    public void reader(LLL_Result r) {
        b.publish("b");
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
