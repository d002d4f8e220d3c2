package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final List<CompletableFuture<Void>> begun = new ArrayList<>();

    private CompletableFuture<Void> begin() {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        begun.add(turn);
        return turn;
    }

    @Test
    void asManyAsMay_areUnderWay_andTheNextFollowsWhenOneEnds() {
        Turns turns = new Turns(2);
        List<CompletableFuture<Void>> results = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            results.add(turns.take(this::begin));
        }
        assertThat(begun).hasSize(2);
        begun.get(1).complete(null);
        assertThat(begun).hasSize(3);
        begun.get(0).completeExceptionally(new IllegalStateException("refused"));
        assertThat(begun).hasSize(4);
        assertThat(results.get(1)).isCompleted();
        assertThat(results.get(0)).isCompletedExceptionally();
        assertThat(results.get(2)).isNotDone();
    }

    @Test
    void turnsThatEndAtOnce_areNotNested() {
        Turns turns = new Turns(1);
        CompletableFuture<?> last = turns.take(this::begin);
        int[] ended = {0};
        for (int i = 0; i < 100_000; i++) {
            last = turns.take(() -> {
                ended[0]++;
                return CompletableFuture.completedFuture(null);
            });
        }
        begun.get(0).complete(null);
        assertThat(last).isCompleted();
        assertThat(ended[0]).isEqualTo(100_000);
    }
}
