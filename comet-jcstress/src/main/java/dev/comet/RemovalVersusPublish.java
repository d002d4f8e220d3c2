package dev.comet;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;

/**
 * A channel is removed while a message is published to it by name, by one who first looked whether the removal had been done.
 * The message is in the old life, and its subscriber reads it before it is told of the end; or it is in a new life, and the
 * subscriber only hears of the end. It is never lost, and never in a life that was seen to be over.
 */
@JCStressTest
@Outcome(id = "open, old, x!", expect = Expect.ACCEPTABLE, desc = "Published before the end.")
@Outcome(
        id = {"open, new, !", "over, new, !"},
        expect = Expect.ACCEPTABLE,
        desc = "Published after it.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Lost, or appended to what was over.")
@State
public class RemovalVersusPublish {
    private final Comet hub = Inline.hub().build();
    private final Channel life = hub.channel("a");
    private final Reader reader = Reader.of(hub, "a");
    private @Nullable Message message;

    @Actor
    public void remover() {
        hub.remove("a");
    }

    @Actor
    public void publisher(LLL_Result r) {
        r.r1 = life.isRemoved() ? "over" : "open";
        message = hub.publish("a", "x");
    }

    @Arbiter
    public void after(LLL_Result r) {
        boolean old = life.feed.ring.get(1) == message;
        boolean fresh = hub.find("a")
                .filter(c -> c != life && c.feed.ring.get(1) == message)
                .isPresent();
        r.r2 = old == fresh ? "lost" : old ? "old" : "new";
        r.r3 = reader.seen();
    }
}
