package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * Three messages go through a channel that keeps two, while its subscriber reads. Whatever it is lapped by, it must see each
 * message once and in order, or be told of it in a gap.
 */
@JCStressTest
@Outcome(
        id = {"-, <1-1>23", "1, 23", "12, 3", "123, -", "<1-1>2, 3", "<1-1>23, -"},
        expect = Expect.ACCEPTABLE,
        desc = "Each is seen or told of, once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One is missing without a word, or comes twice.")
@State
public class LappedReader {
    private static final Comet HUB =
            Inline.hub().historyMessages(0).liveWindow(2).build();

    private final Channel channel = new Channel(HUB, "a", 1, HUB.settings().channels());
    private final Subscriber subscriber = Inline.subscriber(() -> {}, From.latest(), channel);

    @Actor
    public void publisher() {
        channel.publish("1");
        channel.publish("2");
        channel.publish("3");
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
