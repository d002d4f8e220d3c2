package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * A ring of one message gets another while a reader looks for the first, and then for the second. A reader that no longer
 * finds the first must find {@code oldest} beyond it, or it would take the message for one that is still to come, and wait for
 * ever: {@code oldest} is raised before the slot is cleared.
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
@Outcome(expect = Expect.FORBIDDEN, desc = "Evicted without a word.")
@State
public class RingEviction {
    private final Ring ring = Found.ring(1, 1);

    @Actor
    public void writer() {
        ring.append(Found.message(2));
    }

    @Actor
    public void reader(LLL_Result r) {
        r.r1 = Found.in(ring, 1);
        r.r2 = Found.in(ring, 2);
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r3 = Found.in(ring, 2) == Found.WHOLE ? Found.in(ring, 1) : Found.LOST;
    }
}
