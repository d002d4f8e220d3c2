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
 * that came before on that connection, and of nothing else: so one is under way at a time, and those who come meanwhile share the next.
 * <i>Owned by the links' thread.</i>
 */
final class Replicas {
    private final int least;
    private final Duration atMost;

    /** On which one is under way; those who wait for the next one were stored on the same. */
    private @Nullable Link asked;

    private List<CompletableFuture<Void>> next = new ArrayList<>();

    /** Waits for so many replicas, and no longer than this. With 0, for none. */
    Replicas(int least, Duration atMost) {
        this.least = least;
        this.atMost = atMost;
    }

    /**
     * Completes when the replicas have what was stored on this link before this call; exceptionally with {@link Refusal#UNAVAILABLE} when
     * they are too few, or the link is lost before they say so.
     */
    CompletionStage<Void> haveIt(Link link) {
        if (least == 0) {
            return CompletableFuture.completedStage(null);
        }
        CompletableFuture<Void> one = new CompletableFuture<>();
        if (asked != link) { // another, which was lost: its answer tells those who waited
            next = new ArrayList<>();
        }
        next.add(one);
        if (asked != link) {
            ask(link);
        }
        return one;
    }

    private void ask(Link link) {
        asked = link;
        List<CompletableFuture<Void>> waiting = next;
        List<CompletableFuture<Void>> meanwhile = new ArrayList<>();
        next = meanwhile;
        link.awaitReplicas(least, atMost, (values, e) -> {
            boolean present = asked == link;
            if (present) {
                asked = null;
            }
            if (present && e == null && !meanwhile.isEmpty()) {
                ask(link);
            } else {
                tell(meanwhile, 0);
            }
            tell(waiting, e == null ? Wire.number(values.get(0)) : 0);
        });
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
