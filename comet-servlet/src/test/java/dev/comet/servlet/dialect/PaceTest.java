package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How fast a caller may publish. */
final class PaceTest {
    private final ManualScheduler time = new ManualScheduler();

    private static boolean takes(Pace pace, String caller, long messages) {
        try {
            pace.take(caller, messages);
            return true;
        } catch (RefusedException e) {
            assertThat(e.refusal()).isEqualTo(Refusal.TOO_MANY_MESSAGES);
            return false;
        }
    }

    private static int taken(Pace pace, String caller) {
        int n = 0;
        while (takes(pace, caller, 1)) {
            n++;
        }
        return n;
    }

    @Test
    void aBurst_thenTheRate_thenAfterAPauseABurstAgain_andNoMore() {
        Pace pace = new Pace(10, 25, time::nanoTime);
        assertThat(taken(pace, "ann")).isEqualTo(25);
        int published = 0;
        for (int i = 0; i < 1_000; i++) {
            time.advance(Duration.ofMillis(33));
            published += taken(pace, "ann");
        }
        assertThat(published).as("in 33 seconds").isEqualTo(330);
        time.advance(Duration.ofDays(1));
        assertThat(taken(pace, "ann")).isEqualTo(25);
    }

    @Test
    void callers_haveABucketEach() {
        Pace pace = new Pace(1, 3, time::nanoTime);
        assertThat(taken(pace, "ann")).isEqualTo(3);
        assertThat(taken(pace, "bob")).isEqualTo(3);
    }

    /** A part of it, and the client could not say what to send again. */
    @Test
    void severalMessages_areTakenAllOrNone() {
        Pace pace = new Pace(1, 5, time::nanoTime);
        assertThat(takes(pace, "ann", 6)).isFalse();
        assertThat(takes(pace, "ann", 3)).isTrue();
        assertThat(takes(pace, "ann", 3)).isFalse();
        assertThat(takes(pace, "ann", 2)).isTrue();
    }

    @Test
    void aLook_takesNothing() {
        Pace pace = new Pace(1, 1, time::nanoTime);
        pace.look("ann", 1);
        pace.look("ann", 1);
        assertThat(takes(pace, "ann", 1)).isTrue();
        assertThatThrownBy(() -> pace.look("ann", 1))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("max-publish-rate");
    }

    @Test
    void buckets_areForgottenWhenTheyAreFull() {
        Pace pace = new Pace(1, 2, time::nanoTime);
        for (int i = 0; i < 1_000; i++) {
            pace.take("caller " + i, 1);
            time.advance(Duration.ofMillis(100));
        }
        assertThat(pace.size()).isLessThanOrEqualTo(11);
    }

    /** Somebody with a block of addresses is not to fill the memory, nor to lock others out. */
    @Test
    void buckets_areBounded_theOneThatWasUsedLongestAgoGoes() {
        Pace pace = new Pace(1, 1, time::nanoTime, 100);
        pace.take("ann", 1);
        pace.take("bob", 1);
        for (int i = 0; i < 99; i++) {
            pace.take("caller " + i, 1);
        }
        assertThat(pace.size()).isEqualTo(100);
        assertThat(takes(pace, "bob", 1)).as("is remembered").isFalse();
        assertThat(takes(pace, "ann", 1)).as("is forgotten").isTrue();
        assertThat(pace.size()).isEqualTo(100);
    }

    /**
     * Against an account of each message that was let in: in no span of time may there be more than a burst and what the rate allows,
     * and who is refused would have made it more.
     */
    @Test
    void whoIsRefused_wouldHaveBeenTooFast_andNobodyElseEverIs() {
        Random random = new Random(5);
        int rate = 8;
        int burst = 5;
        Pace pace = new Pace(rate, burst, time::nanoTime);
        List<List<Long>> let = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(3) == 0) {
                time.advance(Duration.ofMillis(random.nextInt(400)));
            }
            int caller = random.nextInt(let.size());
            int messages = 1 + random.nextInt(3);
            List<Long> before = let.get(caller);
            long now = time.nanoTime();
            boolean tooFast = false;
            for (int k = Math.max(0, before.size() - 100); k <= before.size(); k++) {
                double seconds = k == before.size() ? 0 : (now - before.get(k)) / 1e9;
                tooFast |= before.size() - k + messages > burst + rate * seconds;
            }
            assertThat(takes(pace, "caller " + caller, messages)).isNotEqualTo(tooFast);
            refused += tooFast ? 1 : 0;
            before.addAll(Collections.nCopies(tooFast ? 0 : messages, now));
        }
        assertThat(refused).isBetween(2_000, 18_000);
    }
}
