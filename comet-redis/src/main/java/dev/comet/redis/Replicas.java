package dev.comet.redis;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Has publishes wait until replicas have them. Redis' {@code WAIT} holds up what comes behind it on its connection, and speaks of all
 * that came before: so one is under way at a time, and those who come meanwhile share the next. <i>Owned by the links' thread.</i>
 */
final class Replicas {
    private final int least;
    private final Duration atMost;

    private boolean underWay;
    private List<CompletableFuture<Void>> next = new ArrayList<>();

    /** Waits for so many replicas, and no longer than this. With 0, for none. */
    Replicas(int least, Duration atMost) {
        this.least = least;
        this.atMost = atMost;
    }

    /**
     * Completes when the replicas have what was done before this call, on this link; exceptionally with {@link Refusal#UNAVAILABLE} when
     * they are too few.
     */
    CompletionStage<Void> haveIt(@Nullable Link link) {
        if (least == 0) {
            return CompletableFuture.completedStage(null);
        }
        CompletableFuture<Void> one = new CompletableFuture<>();
        next.add(one);
        if (link == null) {
            over(0);
        } else if (!underWay) {
            begin(link);
        }
        return one;
    }

    private void begin(Link link) {
        underWay = true;
        List<CompletableFuture<Void>> waiting = next;
        next = new ArrayList<>();
        link.awaitReplicas(least, atMost, (values, e) -> {
            long have = e == null ? Wire.number(values.get(0)) : 0;
            underWay = false;
            if (e == null && !next.isEmpty()) {
                begin(link);
            } else if (e != null) {
                over(0);
            }
            tell(waiting, have);
        });
    }

    private void over(long have) {
        List<CompletableFuture<Void>> waiting = next;
        next = new ArrayList<>();
        tell(waiting, have);
    }

    private void tell(List<CompletableFuture<Void>> waiting, long have) {
        for (CompletableFuture<Void> one : waiting) {
            if (have >= least) {
                one.complete(null);
            } else {
                one.completeExceptionally(new RefusedException(
                        Refusal.UNAVAILABLE,
                        "the message is stored, but " + have + " of " + least + " replicas have it; it may be lost"));
            }
        }
    }
}
