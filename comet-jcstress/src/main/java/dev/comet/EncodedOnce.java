package dev.comet;

import java.nio.charset.StandardCharsets;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * Two need the bytes of a message in the same framing at once. Both may make them, but both get the same array, and whoever gets
 * the other's array, through a field that is read without any order, finds its content complete.
 */
@JCStressTest
@Outcome(id = "xyz, xyz, true", expect = Expect.ACCEPTABLE, desc = "One array, complete.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Two arrays, or one that is not complete.")
@State
public class EncodedOnce {
    private static final Encoder ENCODER = m -> m.payload().getBytes(StandardCharsets.UTF_8);

    private final Message message = new Message("a", 1, 1, 1, 0, Message.Kind.MESSAGE, Draft.text("xyz"));
    private byte[] one = {};
    private byte[] other = {};

    @Actor
    public void one(LLL_Result r) {
        one = message.encoded(ENCODER);
        r.r1 = new String(one, StandardCharsets.UTF_8);
    }

    @Actor
    public void other(LLL_Result r) {
        other = message.encoded(ENCODER);
        r.r2 = new String(other, StandardCharsets.UTF_8);
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r3 = one == other && message.encoded(ENCODER) == one;
    }
}
