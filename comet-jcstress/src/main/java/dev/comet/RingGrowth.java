package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * The ninth message makes the ring's array grow while a reader looks for the first and for the ninth. The first must be found
 * in the old array and in the new one: the new one is shown only when all has been copied. The ninth must be found once it is
 * announced, though the array that the reader would have seen before has no room for it.
 */
@JCStressTest
@Outcome(
        id = {"WHOLE, NOT_YET, WHOLE", "WHOLE, WHOLE, WHOLE"},
        expect = Expect.ACCEPTABLE,
        desc = "Nothing is lost by growing.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message is not where it belongs.")
@State
public class RingGrowth {
    private final Ring ring = Found.ring(16, 8);

    @Actor
    public void writer() {
        ring.append(Found.message(9));
    }

    @Actor
    public void reader(LLL_Result r) {
        r.r1 = Found.in(ring, 1);
        r.r2 = Found.in(ring, 9);
    }

    @Arbiter
    public void after(LLL_Result r) {
        boolean all = true;
        for (int seq = 1; seq <= 9; seq++) {
            all &= Found.in(ring, seq) == Found.WHOLE;
        }
        r.r3 = all ? Found.WHOLE : Found.LOST;
    }
}
