package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLLL_Result;

/**
 * Four subscribers fill the first array of a fan-out, and a fifth attaches, so that it grows, while a message is published. The
 * round that wakes them may read the old array or the new one: the four are in both, and the fifth reads by itself what it was
 * not woken for.
 */
@JCStressTest
@Outcome(id = "x, x, x, x, x", expect = Expect.ACCEPTABLE, desc = "All five, once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One was passed by, or woken for nothing.")
@State
public class AttachAmongOthers {
    private final Comet hub = Inline.hub().build();
    private final Reader[] four = new Reader[4];
    private final Reader fifth = new Reader();

    public AttachAmongOthers() {
        for (int i = 0; i < four.length; i++) {
            four[i] = Reader.of(hub, SubscribeOptions.of("a"));
        }
    }

    @Actor
    public void subscriber() {
        fifth.start(fifth.attach(hub, SubscribeOptions.of("a").withFrom(From.oldest())));
    }

    @Actor
    public void publisher() {
        hub.publish("a", "x");
    }

    @Arbiter
    public void after(LLLLL_Result r) {
        r.r1 = four[0].seen();
        r.r2 = four[1].seen();
        r.r3 = four[2].seen();
        r.r4 = four[3].seen();
        r.r5 = fifth.seen();
    }
}
