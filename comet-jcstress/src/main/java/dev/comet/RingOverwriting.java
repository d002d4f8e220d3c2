package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * A full ring of eight gets a ninth message, which takes the slot of the first, while a reader looks for the first, and then
 * for the ninth. It must never take one for the other, and one that is overwritten must be below {@code oldest}.
 */
@JCStressTest
@Outcome(
        id = {"WHOLE, NOT_YET, GONE", "WHOLE, WHOLE, GONE"},
        expect = Expect.ACCEPTABLE,
        desc = "The reader came before the eviction.")
@Outcome(
        id = {"GONE, NOT_YET, GONE", "GONE, WHOLE, GONE"},
        expect = Expect.ACCEPTABLE,
        desc = "It came after it, and is told.")
@Outcome(expect = Expect.FORBIDDEN, desc = "The wrong message, or evicted without a word.")
@State
public class RingOverwriting {
    private final Ring ring = Found.ring(8, 8);

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
        r.r3 = Found.in(ring, 9) == Found.WHOLE ? Found.in(ring, 1) : Found.LOST;
    }
}
