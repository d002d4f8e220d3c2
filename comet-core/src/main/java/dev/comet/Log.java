package dev.comet;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where messages get their place: the seq in the channel and the id across the hub. In memory that happens under the channel's
 * lock, at once; a log that several nodes share answers later: see {@link SharedHistory}. <i>Thread-safe.</i>
 */
interface Log {

    /**
     * Appends. Before the stage completes, the message is in the ring of the channel, when it is followed here.
     *
     * @return the stored message; null when this life of the channel is over, and the caller is to open the next
     */
    CompletionStage<@Nullable Message> append(Channel channel, Message.Kind kind, Draft draft);

    /** Appends and waits: what {@link Comet#publish} does, never under a lock. */
    @Nullable
    Message appendAndWait(Channel channel, Message.Kind kind, Draft draft);
}
