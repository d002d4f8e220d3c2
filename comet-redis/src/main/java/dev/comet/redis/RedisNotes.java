package dev.comet.redis;

import dev.comet.spi.Notes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Notes, each a string of Redis that expires. <i>Thread-safe.</i> */
final class RedisNotes implements Notes {
    private final Node node;

    RedisNotes(Node node) {
        this.node = node;
    }

    @Override
    public CompletionStage<Boolean> leave(String key, String text, Duration keep) {
        return run("leave", key, keep, text).thenApply(values -> !values.isEmpty());
    }

    @Override
    public CompletionStage<Boolean> change(String key, String text, Duration keep) {
        return run("change", key, keep, text).thenApply(values -> !values.isEmpty());
    }

    @Override
    public CompletionStage<Optional<String>> find(String key, Duration keep) {
        return run("find", key, keep, "")
                .thenApply(values -> values.stream().findFirst().map(Wire::text));
    }

    @Override
    public CompletionStage<Boolean> remove(String key) {
        return run("remove", key, Duration.ZERO, "").thenApply(values -> !values.isEmpty());
    }

    private CompletionStage<List<Object>> run(String what, String key, Duration keep, String text) {
        CompletableFuture<List<Object>> answer = new CompletableFuture<>();
        node.run(
                Script.NOTE,
                "",
                List.of(Wire.bytes(what), Wire.bytes(key), Wire.bytes(Math.max(1, keep.toMillis())), Wire.bytes(text)),
                answer,
                answer::complete);
        return answer;
    }
}
