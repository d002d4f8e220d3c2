package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What all channels of a hub may hold together. */
final class HistoryBudgetTest {
    private static final int MESSAGE = HistoryBudget.OVERHEAD + 72;

    private final VirtualScheduler scheduler = new VirtualScheduler(1);
    private Comet comet = hub(10 * MESSAGE);

    private Comet hub(long bytes) {
        return Comet.builder()
                .scheduler(scheduler)
                .maxHistoryBytesTotal(bytes)
                .historyAge(Duration.ofMinutes(10))
                .build();
    }

    @AfterEach
    void close() {
        comet.close();
        assertThat(comet.stats().historyBytes()).isZero();
    }

    private void publish(String channel, int n) {
        for (int i = 0; i < n; i++) {
            comet.publish(channel, "x".repeat(72));
        }
    }

    private int held(String channel) {
        return comet.channel(channel).history().size();
    }

    @Test
    void fullHub_takesTheRoomFromThePublishersOwnChannel_andThoseBehindAreTold() {
        publish("a", 6);
        publish("b", 4);
        assertThat(comet.stats().historyBytes()).isEqualTo(10 * MESSAGE);
        Cursor start = Cursor.of(comet.channel("b").epoch(), 1);
        publish("b", 3);
        assertThat(held("a")).isEqualTo(6);
        assertThat(held("b")).isEqualTo(4);
        assertThat(comet.stats().historyBytes()).isEqualTo(10 * MESSAGE);
        List<Event> read = new ArrayList<>();
        Subscriber behind =
                comet.attach(SubscribeOptions.of("b").withFrom(From.cursor(start, From.latest())), () -> {});
        behind.read(read::add);
        assertThat(read).hasSize(5);
        assertThat(read.get(0)).isEqualTo(new Gap("b", Gap.Reason.LAPPED, 1, 3));
        behind.close(CloseReason.DONE);
    }

    @Test
    void channelWithoutRoom_isRefused_andLosesNothing() {
        publish("a", 10);
        assertThatThrownBy(() -> publish("b", 1))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(Refusal.HISTORY_FULL))
                .hasMessageContaining("2000 bytes (max-history-bytes-total)");
        assertThat(comet.find("b")).as("what was refused has created nothing").isEmpty();
        assertThatThrownBy(() -> comet.publish("a", "x".repeat(2000))).isInstanceOf(RefusedException.class);
        assertThat(held("a"))
                .as("nothing is thrown away for what would not fit all the same")
                .isEqualTo(10);
        assertThat(comet.stats().refusals()).containsEntry("history-full", 2L);
        assertThat(comet.stats().historyBytes()).isEqualTo(10 * MESSAGE);
    }

    /** It was found out too late, when the channel's own limits had made room for what was then refused. */
    @Test
    void refused_leavesTheChannelAsItIs_thoughItsOwnLimitsWouldHaveLeftLess() {
        publish("a", 8);
        comet.channel("b", ChannelOptions.DEFAULT.withHistoryBytes(300));
        publish("b", 2);
        assertRefused(Refusal.HISTORY_FULL, () -> comet.publish("b", "x".repeat(290)));
        assertThat(held("b")).isEqualTo(2);
    }

    /** Only a publish that waited, to a name, ended what it had begun. */
    @Test
    void refused_hasCreatedNothing_howeverItWasPublished() {
        Channel kept = comet.channel("b");
        kept.remove();
        publish("a", 10);
        Draft draft = Draft.text("x");
        assertRefused(Refusal.HISTORY_FULL, () -> kept.publish(draft));
        assertThat(comet.publishAsync("b", draft)).isCompletedExceptionally();
        assertThat(kept.publishAsync(draft)).isCompletedExceptionally();
        assertThat(comet.find("b")).isEmpty();
    }

    @Test
    void refused_isNoUseOfTheChannel() {
        comet.channel("b");
        publish("a", 10);
        Subscriber keeps = comet.attach(SubscribeOptions.of("a"), () -> {});
        scheduler.advance(Duration.ofSeconds(60));
        assertRefused(Refusal.HISTORY_FULL, () -> comet.publish("b", "x"));
        scheduler.advance(Duration.ofSeconds(60));
        assertThat(comet.find("b")).isEmpty();
        keeps.close(CloseReason.DONE);
    }

    @Test
    void roomIsGivenBack_byAge_byClearAndByRemoval() {
        publish("a", 10);
        comet.channel("a").clear();
        assertThat(comet.stats().historyBytes()).isZero();
        publish("b", 10);
        comet.remove("b");
        assertThat(comet.stats().historyBytes()).isZero();
        publish("c", 10);
        Subscriber keeps = comet.attach(SubscribeOptions.of("c"), () -> {});
        scheduler.advance(Duration.ofMinutes(21));
        assertThat(comet.stats().historyBytes()).isZero();
        keeps.close(CloseReason.DONE);
    }

    @Test
    void removedChannel_countsUntilItsLastReaderHasLeft() {
        publish("a", 10);
        Subscriber slow = comet.attach(SubscribeOptions.of("a").withFrom(From.oldest()), () -> {});
        comet.remove("a");
        assertThat(comet.stats().historyBytes()).isEqualTo(10 * MESSAGE);
        slow.close(CloseReason.STALLED);
        assertThat(comet.stats().historyBytes()).isZero();
    }

    @Test
    void broadcast_reachesThoseThatHaveRoom_beforeItIsRefused() {
        comet.channel("empty");
        publish("a", 10);
        assertThatThrownBy(() -> comet.broadcast(Draft.text("y".repeat(72)))).isInstanceOf(RefusedException.class);
        assertThat(comet.channel("a").nextSeq()).isEqualTo(12);
    }

    @Test
    void whatIsUsed_isWhatIsHeld_andNeverMoreThanAllowed() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            String channel = "c" + random.nextInt(6);
            switch (random.nextInt(40)) {
                case 0 -> comet.remove(channel);
                case 1 -> comet.channel(channel).clear();
                case 2 -> scheduler.advance(Duration.ofSeconds(random.nextInt(100)));
                default -> {
                    try {
                        comet.publish(channel, "x".repeat(random.nextInt(300)));
                    } catch (RefusedException e) {
                        assertThat(e.refusal()).isEqualTo(Refusal.HISTORY_FULL);
                    }
                }
            }
            long held = comet.channels().stream()
                    .flatMap(c -> c.history().stream())
                    .mapToLong(m -> HistoryBudget.OVERHEAD + m.payload().length())
                    .sum();
            assertThat(comet.stats().historyBytes()).isEqualTo(held).isLessThanOrEqualTo(10 * MESSAGE);
        }
    }
}
