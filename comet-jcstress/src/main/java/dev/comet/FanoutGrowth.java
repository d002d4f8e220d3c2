package dev.comet;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;

/**
 * Sixteen subscribers fill the array of a fan-out, and one more is added, so that it grows, during a round that wakes them all.
 * The round reads the old array or the new one: the sixteen are in both, for the new one is shown only when they are, and each is
 * woken once.
 */
@JCStressTest
@Outcome(
        id = {"16", "17"},
        expect = Expect.ACCEPTABLE,
        desc = "The sixteen, with or without the one that came.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One was passed by, or woken twice.")
@State
public class FanoutGrowth {
    private static final Feed FEED = Inline.channel("a").feed;

    private final Fanout fanout = new Fanout(Runnable::run, Fanout.FEW);
    private int woken; // by the one round that there is
    private final Subscriber subscriber =
            new Subscriber(Inline.SHARED, () -> woken++, new AtomicInteger(), null, null, 0);

    public FanoutGrowth() {
        for (int i = 0; i < 16; i++) {
            fanout.add(new Attachment(FEED, subscriber, null));
        }
    }

    @Actor
    public void comer() {
        fanout.add(new Attachment(FEED, subscriber, null));
    }

    @Actor
    public void publisher() {
        fanout.signal();
    }

    @Arbiter
    public void after(L_Result r) {
        r.r1 = woken;
    }
}
