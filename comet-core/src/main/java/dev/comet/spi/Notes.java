package dev.comet.spi;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Short texts by key, each of which goes when nobody has touched it for the time that was last given. <i>Thread-safe; no method
 * blocks.</i> Stages complete exceptionally with {@link dev.comet.Refusal#UNAVAILABLE}.
 */
public interface Notes {

    /** Leaves a note where there is none of this key; false where there is one. */
    CompletionStage<Boolean> leave(String key, String text, Duration keep);

    /** Has a note say something else; false where there is none. */
    CompletionStage<Boolean> change(String key, String text, Duration keep);

    /** Finds a note, and touches it. */
    CompletionStage<Optional<String>> find(String key, Duration keep);

    /** Removes a note; false where there is none. */
    CompletionStage<Boolean> remove(String key);
}
