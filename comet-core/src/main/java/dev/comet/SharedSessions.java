package dev.comet;

import static dev.comet.SharedHistory.answer;

import dev.comet.spi.Notes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What all nodes know of one register's sessions: that there is one of an id, and where it stands. <i>Thread-safe.</i> */
final class SharedSessions {
    private final Notes notes;
    private final String register;
    private final Duration keep;

    /**
     * What is known.
     *
     * @param timeout when a session is over that has not polled for so long; a quarter later nobody knows it any more, as no node says more
     *     often that it has polled
     */
    SharedSessions(Notes notes, String register, Duration timeout) {
        this.notes = notes;
        this.register = register;
        this.keep = timeout.plus(timeout.dividedBy(4));
    }

    /**
     * Where a session stands.
     *
     * @param commits how often it has moved: of two, the greater is where it is
     * @param at null: it has no position of its own
     */
    record Standing(long commits, @Nullable Cursor at) {
        static Standing of(String text) {
            int space = text.indexOf(' ');
            String cursor = text.substring(space + 1);
            return new Standing(
                    Long.parseLong(text.substring(0, space)), cursor.isEmpty() ? null : Cursor.parse(cursor));
        }

        String text() {
            return commits + " " + (at == null ? "" : at);
        }
    }

    /** Begins one; false where there is one of this id. */
    boolean begin(String id, Standing at) {
        return answer(notes.leave(key(id), at.text(), keep));
    }

    Optional<Standing> find(String id) {
        return answer(notes.find(key(id), keep)).map(Standing::of);
    }

    /** It has come further. Nobody waits for that. */
    void move(String id, Standing to) {
        CompletionStage<Boolean> unused = notes.change(key(id), to.text(), keep);
    }

    /** It lives, and stands here; where that was forgotten, it is known again. Nobody waits for that. */
    void touch(String id, Standing at) {
        CompletionStage<?> unused = notes.find(key(id), keep)
                .thenCompose(known -> known.isPresent()
                        ? CompletableFuture.completedStage(true)
                        : notes.leave(key(id), at.text(), keep));
    }

    void remove(String id) {
        CompletionStage<Boolean> unused = notes.remove(key(id));
    }

    private String key(String id) {
        return register + "/" + id;
    }
}
