package dev.comet;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The log under test, with a seam before and after each append; the oracle knows each channel's life before its first message.
 * <i>Owned by one run.</i>
 */
final class SimulationLog implements Log {

    /** Makes the log of a run. A module with another than the one in memory simulates what is behind it. */
    @FunctionalInterface
    interface Maker {
        Log log(Simulation world);

        /** Whether nobody has to wait for it: else everything is published asynchronously. */
        default boolean answersAtOnce() {
            return true;
        }
    }

    private final Log log;
    private final Simulation world;

    SimulationLog(Log log, Simulation world) {
        this.log = log;
        this.world = world;
    }

    @Override
    public CompletionStage<@Nullable Message> append(Channel channel, Message.Kind kind, Draft draft) {
        boolean over = before(channel);
        CompletionStage<@Nullable Message> place = log.append(channel, kind, draft);
        return place.thenApply(m -> after(channel, over, m));
    }

    @Override
    public @Nullable Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
        boolean over = before(channel);
        return after(channel, over, log.appendAndWait(channel, kind, draft));
    }

    private boolean before(Channel channel) {
        world.messages().life(channel).sync();
        world.threads().seam();
        return channel.isRemoved();
    }

    private @Nullable Message after(Channel channel, boolean over, @Nullable Message m) {
        if (over && m != null) {
            throw world.violation(m + " was stored when its life was over");
        }
        world.messages().life(channel).sync();
        world.threads().seam();
        return m;
    }
}
