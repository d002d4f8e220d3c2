package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/**
 * A message is made and appended while a reader looks for it without a lock. Once the reader has seen {@code next} beyond its
 * seq, the slot must hold the message with all its fields: the slot is written before {@code next}.
 */
@JCStressTest
@Outcome(id = "NOT_YET, WHOLE", expect = Expect.ACCEPTABLE, desc = "The reader came first.")
@Outcome(id = "WHOLE, WHOLE", expect = Expect.ACCEPTABLE, desc = "The writer came first.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Announced, but not there or not whole.")
@State
public class RingPublication {
    private final Ring ring = Found.ring(8, 0);

    @Actor
    public void writer() {
        ring.append(Found.message(1));
    }

    @Actor
    public void reader(LL_Result r) {
        r.r1 = Found.in(ring, 1);
    }

    @Arbiter
    public void after(LL_Result r) {
        r.r2 = Found.in(ring, 1);
    }
}
