package dev.comet;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The log of a single hub: the rings themselves. <i>Thread-safe.</i> */
final class MemoryLog implements Log {

    @Override
    public CompletionStage<@Nullable Message> append(Channel channel, Message.Kind kind, Draft draft) {
        try {
            return CompletableFuture.completedFuture(appendAndWait(channel, kind, draft));
        } catch (RefusedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public @Nullable Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
        return channel.feed.append(kind, draft);
    }
}
