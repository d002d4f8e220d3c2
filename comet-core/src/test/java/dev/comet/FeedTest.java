package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The ring and its followers under one lock: storing, closing, and idling. */
class FeedTest {
    private static final long SECOND = 1_000_000_000;

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();
    private final Feed feed = comet.channel("a", idle(Duration.ofSeconds(10))).feed;

    private static ChannelOptions idle(Duration timeout) {
        return ChannelOptions.DEFAULT.withIdleTimeout(timeout);
    }

    @Test
    void stored_hasItsPlace() {
        long id = comet.lastId();
        Message m = feed.store(Message.Kind.MESSAGE, Draft.text("x"));
        assertThat(m.seq()).isEqualTo(1);
        assertThat(m.id()).isEqualTo(comet.lastId()).isGreaterThan(id);
        assertThat(m.epoch()).isEqualTo(feed.channel.epoch());
        assertThat(m.timeMillis()).isEqualTo(time.currentTimeMillis());
        assertThat(feed.tail()).isEqualTo(2);
    }

    @Test
    void closed_storesNothing_takesNobody_andKeepsWhatItHas() {
        feed.store(Message.Kind.MESSAGE, Draft.text("x"));
        assertThat(feed.close()).isTrue();
        assertThat(feed.close()).isFalse();
        assertThat(feed.store(Message.Kind.MESSAGE, Draft.text("y"))).isNull();
        assertThat(feed.append(Message.Kind.MESSAGE, Draft.text("y"))).isNull();
        Attachment late = new Attachment(feed, comet.attach(SubscribeOptions.of("b"), () -> {}), null);
        assertThat(feed.attach(late, From.latest(), true, 0)).isFalse();
        assertThat(feed.fanout.size()).isZero();
        assertThat(feed.ring.get(1)).isNotNull();
    }

    /** Times within a channel never go back, whatever the wall clock does: readers may sort by them. */
    @Test
    void wallClockGoesBack_theChannelsTimeDoesNot() {
        long before = feed.store(Message.Kind.MESSAGE, Draft.text("x")).timeMillis();
        time.shiftWallClock(Duration.ofHours(-1));
        assertThat(feed.store(Message.Kind.MESSAGE, Draft.text("y")).timeMillis())
                .isEqualTo(before);
    }

    @Test
    void tended_closesWhenNothingHasHappenedForTheWholeTime() {
        long now = time.nanoTime();
        assertThat(feed.tend(0, now + 10 * SECOND - 1)).isEqualTo(1);
        assertThat(feed.closed()).isFalse();
        assertThat(feed.tend(0, now + 10 * SECOND)).isZero();
        assertThat(feed.closed()).isTrue();
    }

    @Test
    void tended_whileSomebodyFollows_staysOpen_andIsToBeLookedAtAgain() {
        comet.attach(SubscribeOptions.of("a"), () -> {});
        assertThat(feed.tend(0, time.nanoTime() + 1000 * SECOND)).isEqualTo(10 * SECOND);
        assertThat(feed.closed()).isFalse();
    }

    /**
     * The race: a timer reads the clock, then a publish reads it and gets the lock first. For a channel that lives for ever the
     * difference, taken from the largest number there is, overflowed: the channel was closed, but stayed in the map, and
     * publishing to it never returned.
     */
    @Test
    void tended_withAnOlderReadingOfTheClock_neverClosesWhatLivesForEver() {
        Feed forEver = comet.channel("b", idle(Duration.ZERO)).feed;
        long read = time.nanoTime();
        time.advance(Duration.ofNanos(1));
        forEver.store(Message.Kind.MESSAGE, Draft.text("x"));
        assertThat(forEver.tend(0, read)).isPositive();
        assertThat(forEver.closed()).isFalse();
    }

    @Test
    void newcomer_isNotReplayedWhatIsTooOld_evenBeforeTheTimerLooked() {
        Channel b = comet.channel("b", ChannelOptions.DEFAULT.withHistoryAge(Duration.ofMinutes(1)));
        b.publish("old");
        time.advance(Duration.ofSeconds(40));
        b.publish("young");
        time.shiftWallClock(Duration.ofSeconds(30));
        assertThat(Seen.of(comet.attach(SubscribeOptions.of("b").withFrom(From.oldest()), () -> {})))
                .containsExactly("b2");
    }
}
