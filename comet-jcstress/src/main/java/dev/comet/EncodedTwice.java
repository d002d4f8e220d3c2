package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Two need the bytes of a message in different framings at once. Each gets its own, and the message remembers both: neither is
 * made again.
 */
@JCStressTest
@Outcome(id = "x, y, true, true", expect = Expect.ACCEPTABLE, desc = "Both are remembered.")
@Outcome(expect = Expect.FORBIDDEN, desc = "One pushed the other out.")
@State
public class EncodedTwice {
    private static final Encoder X = m -> new byte[] {'x'};
    private static final Encoder Y = m -> new byte[] {'y'};

    private final Message message = new Message("a", 1, 1, 1, 0, Message.Kind.MESSAGE, Draft.text("payload"));
    private byte[] x = {};
    private byte[] y = {};

    @Actor
    public void one(LLLL_Result r) {
        x = message.encoded(X);
        r.r1 = (char) x[0];
    }

    @Actor
    public void other(LLLL_Result r) {
        y = message.encoded(Y);
        r.r2 = (char) y[0];
    }

    @Arbiter
    public void after(LLLL_Result r) {
        r.r3 = message.encoded(X) == x;
        r.r4 = message.encoded(Y) == y;
    }
}
