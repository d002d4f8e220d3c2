package dev.comet;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * A subscriber is closed twice at once: its client left, and its poll was answered. It is released once, or the counts of the
 * hub and of the channel would go below what is there, and the limits would no longer hold.
 */
@JCStressTest
@Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "Released once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Released twice, or not at all.")
@State
public class CloseVersusClose {
    private final Comet hub = Inline.hub().build();
    private final Subscriber subscriber = hub.attach(SubscribeOptions.of("a"), () -> {});

    @Actor
    public void one() {
        subscriber.close(CloseReason.DONE);
    }

    @Actor
    public void other() {
        subscriber.close(CloseReason.DISCONNECTED);
    }

    @Arbiter
    public void after(LLL_Result r) {
        r.r1 = hub.stats().subscribers();
        r.r2 = hub.channel("a").subscribers();
        r.r3 = hub.stats().closes().values().stream().mapToLong(Long::longValue).sum();
    }
}
