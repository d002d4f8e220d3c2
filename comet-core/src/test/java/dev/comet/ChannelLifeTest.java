package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How a channel's lives begin and end. */
class ChannelLifeTest {
    private static final Duration IDLE = Duration.ofSeconds(90);
    private static final Duration TICK = Duration.ofNanos(1);
    private static final ChannelOptions FOR_EVER = ChannelOptions.DEFAULT.withIdleTimeout(Duration.ZERO);

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = hub().build();

    private Comet.Builder hub() {
        return Comet.builder().scheduler(time).listenerExecutor(time).idleTimeout(IDLE);
    }

    @Test
    void firstUse_createsIt_byPublishing_subscribing_orAskingForIt() {
        comet.publish("a", "x");
        comet.attach(SubscribeOptions.of("b"), () -> {});
        comet.channel("c");
        assertThat(comet.channels()).extracting(Channel::name).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(comet.find("d")).isEmpty();
        assertThat(comet.find("not / a name")).isEmpty();
        assertThat(comet.stats().channels()).isEqualTo(3);
    }

    @Test
    void refusedPublish_createsNothing() {
        Comet small = hub().maxMessageBytes(3).build();
        assertRefused(Refusal.MESSAGE_TOO_LARGE, () -> small.publish("a", "four"));
        assertRefused(Refusal.BAD_CHANNEL, () -> small.publish("a/b", "x"));
        assertThat(small.channels()).isEmpty();
        assertThat(small.stats().channels()).isZero();
        small.publish("a", "few");
        assertRefused(Refusal.MESSAGE_TOO_LARGE, () -> small.publish("a", "öö"));
    }

    /** Else who is refused, and tries again under other names, fills the hub with channels that nobody uses. */
    @Test
    void refusedSubscribe_createsNothing_andRemovesNothingOfOthers() {
        Comet small = hub().maxSubscribersPerChannel(1).maxMembersPerChannel(1).build();
        small.channel("made before");
        small.attach(SubscribeOptions.of("full").withMember("ann"), () -> {});
        assertRefused(
                Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                () -> small.attach(SubscribeOptions.of("new", "made before", "full"), () -> {}));
        assertThat(small.channels()).extracting(Channel::name).containsExactlyInAnyOrder("made before", "full");
        assertThat(small.stats().channels()).isEqualTo(2);
        assertThat(time.pendingTimers()).as("one for each channel").isEqualTo(2);
        small.attach(SubscribeOptions.of("new", "made before"), () -> {});
    }

    /** A message that was published to it meanwhile is not thrown away, nor is a subscriber sent away. */
    @Test
    void refusedSubscribe_leavesWhatItHasCreated_toWhomUsesItByNow() {
        Comet small = hub().scheduler(atOnce()).maxMembersPerChannel(1).build();
        small.attach(SubscribeOptions.of("full").withMember("ann"), () -> {});
        small.attach(SubscribeOptions.ofChannelEvents(), () -> small.find("new").ifPresent(c -> c.publish("x")));
        assertRefused(
                Refusal.TOO_MANY_MEMBERS,
                () -> small.attach(SubscribeOptions.of("new", "full").withMember("bob"), () -> {}));
        assertThat(small.find("new").map(Channel::nextSeq)).contains(2L);
    }

    /** Who follows the news hears of a new channel before the one who has begun it goes on. */
    private Scheduler atOnce() {
        return new Scheduler() {
            @Override
            public void execute(Runnable task) {
                task.run();
            }

            @Override
            public long nanoTime() {
                return time.nanoTime();
            }

            @Override
            public long currentTimeMillis() {
                return time.currentTimeMillis();
            }

            @Override
            public Timer schedule(Runnable task, long delayNanos) {
                return time.schedule(task, delayNanos);
            }
        };
    }

    @Test
    void idle_isRemovedExactlyAfterTheTime_sinceTheLastPublish() {
        Channel a = comet.channel("a");
        time.advance(Duration.ofSeconds(50));
        a.publish("x");
        time.advance(IDLE.minus(TICK));
        assertThat(a.isRemoved()).isFalse();
        time.advance(TICK);
        assertThat(a.isRemoved()).isTrue();
        assertThat(comet.find("a")).isEmpty();
        assertThat(comet.stats().channels()).isZero();
        assertThat(time.pendingTimers()).isZero();
    }

    @Test
    void idle_isRemovedExactlyAfterTheTime_sinceTheLastSubscriberLeft() {
        Subscriber first = comet.attach(SubscribeOptions.of("a"), () -> {});
        Subscriber second = comet.attach(SubscribeOptions.of("a"), () -> {});
        Channel a = comet.channel("a");
        time.advance(Duration.ofHours(5).plusSeconds(11));
        first.close(CloseReason.DONE);
        time.advance(Duration.ofSeconds(17));
        second.close(CloseReason.DONE);
        time.advance(IDLE.minus(TICK));
        assertThat(a.isRemoved()).isFalse();
        time.advance(TICK);
        assertThat(a.isRemoved()).isTrue();
    }

    @Test
    void idleTimeoutOfZero_livesForEver() {
        Channel a = comet.channel("a", FOR_EVER);
        time.advance(Duration.ofDays(400));
        assertThat(a.isRemoved()).isFalse();
        assertThat(time.pendingTimers()).isEqualTo(1);
    }

    /** A clock of nanoseconds counts 292 years: so long is as good as for ever, and a number beyond is refused at once. */
    @Test
    void theLongestDurations_areTaken_andLongerOnesRefused() {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        Channel a = comet.channel("a", new ChannelOptions(10, 1000, longest, longest, false));
        a.publish("x");
        time.advance(Duration.ofDays(400));
        assertThat(a.isRemoved()).isFalse();
        assertThat(a.oldestSeq()).isEqualTo(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FOR_EVER.withHistoryAge(longest.plusNanos(1)))
                .withMessageContaining("history-age");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FOR_EVER.withIdleTimeout(longest.plusNanos(1)))
                .withMessageContaining("idle-timeout");
    }

    @Test
    void tooOld_isForgotten_thoughNobodyDoesAnything() {
        Channel a = comet.channel("a", FOR_EVER.withHistoryAge(Duration.ofMinutes(10)));
        a.publish("x");
        time.advance(Duration.ofMinutes(21));
        assertThat(a.oldestSeq()).isEqualTo(2);
        assertThat(a.feed.ring.bytes()).isZero();
    }

    @Test
    void newLife_newEpoch_newNumbers_andTheIdGoesOn() {
        Message old = comet.publish("a", "x");
        assertThat(comet.remove("a")).isTrue();
        assertThat(comet.remove("a")).isFalse();
        Message fresh = comet.publish("a", "y");
        assertThat(fresh.seq()).isEqualTo(1);
        assertThat(fresh.epoch()).isNotEqualTo(old.epoch());
        assertThat(fresh.id()).isGreaterThan(old.id());
    }

    @Test
    void epochs_areNeverZero_andDiffer() {
        Set<Integer> epochs = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            epochs.add(comet.channel("a").epoch());
            comet.remove("a");
        }
        assertThat(epochs).doesNotContain(0).hasSizeGreaterThan(995);
    }

    @Test
    void staleChannelObject_publishingToIt_beginsANewLifeWithItsOptions() {
        ChannelOptions options = ChannelOptions.DEFAULT.withHistoryMessages(7);
        Channel stale = comet.channel("a", options);
        stale.publish("x");
        assertThat(stale.remove()).isTrue();
        assertThat(stale.remove()).isFalse();
        Message m = stale.publish("y");
        Channel fresh = comet.find("a").orElseThrow();
        assertThat(fresh).isNotSameAs(stale);
        assertThat(m.epoch()).isEqualTo(fresh.epoch());
        assertThat(fresh.options()).isEqualTo(options);
        assertThat(stale.isRemoved()).isTrue();
        assertThat(stale.nextSeq()).isEqualTo(2);
        assertThat(fresh.nextSeq()).isEqualTo(2);
        assertThat(stale.remove())
                .as("a stale object must not remove the new life")
                .isFalse();
        assertThat(fresh.isRemoved()).isFalse();
    }

    @Test
    void options_areCappedByTheHub_andThoseOfALivingChannelStay() {
        Comet capped = hub().maxHistoryMessages(5).maxHistoryBytes(50).build();
        Channel a = capped.channel("a", new ChannelOptions(100, 1000, Duration.ofDays(1), Duration.ZERO, false));
        assertThat(a.options()).isEqualTo(new ChannelOptions(5, 50, Duration.ofDays(1), Duration.ZERO, false));
        assertThat(capped.settings().channels().historyMessages()).isEqualTo(5);
        assertThat(capped.channel("a", FOR_EVER.withHistoryMessages(2))).isSameAs(a);
        assertThat(a.options().historyMessages()).isEqualTo(5);
    }

    /** The ring may keep more than a newcomer is replayed: for those who are behind. */
    @Test
    void liveWindow_keepsForTheSlow_whatNewcomersAreNotReplayed() {
        Comet hub = hub().historyMessages(0).liveWindow(10).build();
        Subscriber slow = hub.attach(SubscribeOptions.of("a"), () -> {});
        for (int i = 0; i < 10; i++) {
            hub.publish("a", "x");
        }
        assertThat(Seen.of(slow)).hasSize(10);
        assertThat(Seen.of(hub.attach(SubscribeOptions.of("a").withFrom(From.oldest()), () -> {})))
                .isEmpty();
        assertThat(hub.channel("a").oldestSeq()).isEqualTo(11);
    }

    @Test
    void create_whatExists_isRefused() {
        Channel a = comet.create("a", FOR_EVER);
        assertRefused(Refusal.EXISTS, () -> comet.create("a", FOR_EVER));
        assertThat(comet.channel("a")).isSameAs(a);
        a.remove();
        assertThat(comet.create("a", FOR_EVER)).isNotSameAs(a);
        assertRefused(Refusal.BAD_CHANNEL, () -> comet.create("", FOR_EVER));
        assertThat(comet.stats().refusals()).containsEntry("exists", 1L).containsEntry("bad-channel", 1L);
    }

    @Test
    void maxChannels_oneMoreIsRefused_andRemovalMakesRoom() {
        Comet two = hub().maxChannels(2).build();
        two.publish("a", "x");
        two.publish("b", "x");
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> two.publish("c", "x"));
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> two.create("c", FOR_EVER));
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> two.attach(SubscribeOptions.of("a", "c"), () -> {}));
        assertThat(two.stats().subscribers()).isZero();
        two.publish("a", "still fine");
        two.remove("a");
        two.publish("c", "x");
        assertThat(two.stats().channels()).isEqualTo(2);
    }

    /** Whoever may subscribe makes up names: that must not keep the application from publishing to new ones. */
    @Test
    void subscribersMayCreateFourFifths_theRestIsForPublishers() {
        Comet ten = hub().maxChannels(10).build();
        for (int i = 0; i < 8; i++) {
            ten.attach(SubscribeOptions.of("made-up-" + i), () -> {});
        }
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> ten.attach(SubscribeOptions.of("made-up-8"), () -> {}));
        ten.publish("a", "x");
        ten.create("b", FOR_EVER);
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> ten.publish("c", "x"));
        assertThat(Seen.of(ten.attach(SubscribeOptions.of("a").withFrom(From.oldest()), () -> {})))
                .as("what there is can be followed all the same")
                .containsExactly("a1");
    }

    @Test
    void expireAfter_countsUntilSomebodyUsesIt() {
        comet.channel("short").expireAfter(Duration.ofSeconds(1));
        comet.channel("long").expireAfter(IDLE.multipliedBy(10));
        Channel used = comet.channel("used");
        used.expireAfter(Duration.ofSeconds(1));
        used.publish("x");
        time.advance(Duration.ofSeconds(1));
        assertThat(comet.find("short")).isEmpty();
        assertThat(comet.find("used")).isPresent();
        time.advance(IDLE);
        assertThat(comet.find("used")).isEmpty();
        time.advance(IDLE.multipliedBy(8));
        assertThat(comet.find("long")).isPresent();
        time.advance(IDLE.multipliedBy(2));
        assertThat(comet.find("long")).isEmpty();
        assertThat(time.pendingTimers()).isZero();
    }

    @Test
    void expireAfter_whileSomebodyFollows_waitsForItsGoing() {
        Channel a = comet.channel("a");
        Subscriber s = comet.attach(SubscribeOptions.of("a"), () -> {});
        a.expireAfter(Duration.ofSeconds(1));
        time.advance(IDLE.multipliedBy(5));
        assertThat(a.isRemoved()).isFalse();
        s.close(CloseReason.DONE);
        time.advance(IDLE.multipliedBy(2));
        assertThat(a.isRemoved()).isTrue();
    }

    @Test
    void expireAfter_manyTimes_isOneTimer() {
        Channel a = comet.channel("a");
        int before = time.pendingTimers();
        for (int i = 0; i < 10; i++) {
            a.tendBy(time.schedule(() -> {}, 1_000_000_000_000L)); // as two at a time would
            a.expireAfter(Duration.ofSeconds(100 + i));
        }
        assertThat(time.pendingTimers()).isEqualTo(before);
    }

    @Test
    void token_isTheLifes() {
        Channel a = comet.channel("a");
        String token = a.token();
        assertThat(token).matches("[0-9a-f]{32}").isEqualTo(comet.channel("a").token());
        assertThat(comet.channel("b").token()).isNotEqualTo(token);
        a.remove();
        assertThat(comet.channel("a").token()).isNotEqualTo(token);
    }

    @Test
    void history_isWhatANewcomerIsReplayed() {
        Channel a = comet.channel("a", FOR_EVER.withHistoryMessages(2));
        assertThat(a.history()).isEmpty();
        a.publish("x");
        a.publish("y");
        a.publish("z");
        assertThat(a.history()).extracting(Message::payload).containsExactly("y", "z");
    }

    @Test
    void sessionsOnly_refusesWhoIsNotRegistered() {
        comet.create("a", FOR_EVER.withSessionsOnly(true));
        assertRefused(Refusal.DENIED, () -> comet.attach(SubscribeOptions.of("a"), () -> {}));
        Session session = comet.sessions(Duration.ofMinutes(1)).open("s");
        assertRefused(Refusal.DENIED, () -> session.poll(SubscribeOptions.of("a"), () -> {}));
        assertRefused(
                Refusal.DENIED, () -> comet.sessions(Duration.ofMinutes(1)).open("t", SubscribeOptions.of("a")));
        assertThat(session.poll(SubscribeOptions.of("a").withSession(), () -> {})
                        .isClosed())
                .isFalse();
        assertThat(comet.attach(SubscribeOptions.of("a").withSession(), () -> {})
                        .isClosed())
                .isFalse();
    }

    /** A timer holds on to the channel and so to its ring: a removed one must not keep megabytes for its age. */
    @Test
    void removed_leavesNoTimer() {
        for (int i = 0; i < 10; i++) {
            comet.publish("a", "x");
            comet.remove("a");
        }
        assertThat(time.pendingTimers()).isZero();
    }

    @Test
    void channelEvents_tellOfBeginningsAndEnds_inOrder_fromNowOn() {
        comet.channel("before");
        Subscriber news = comet.attach(SubscribeOptions.ofChannelEvents(), () -> {});
        comet.publish("a", "x");
        comet.attach(SubscribeOptions.of("b"), () -> {}).close(CloseReason.DONE);
        comet.remove("a");
        comet.publish("a", "x");
        comet.remove("before");
        assertThat(Seen.of(news)).containsExactly("online a", "online b", "offline a", "online a", "offline before");
        time.advance(Duration.ofMinutes(5));
        assertThat(Seen.of(news)).containsExactlyInAnyOrder("offline a", "offline b");
        assertThat(Seen.of(news)).isEmpty();
    }

    @Test
    void channelEvents_wake_alsoWhenAnIdleChannelGoes() {
        comet.channel("a");
        int[] woken = new int[1];
        comet.attach(SubscribeOptions.ofChannelEvents(), () -> woken[0]++);
        time.advance(IDLE);
        assertThat(woken[0]).isEqualTo(1);
        comet.channel("b");
        time.runReady();
        assertThat(woken[0]).isEqualTo(2);
    }

    @Test
    void channelEvents_missed_areToldAsAGapOfPresence() {
        Subscriber news = comet.attach(SubscribeOptions.ofChannelEvents(), () -> {});
        for (int i = 0; i < 2100; i++) {
            comet.channel("a" + i);
            comet.remove("a" + i);
        }
        List<String> seen = Seen.of(news);
        assertThat(seen).hasSize(4097).startsWith(":presence").endsWith("offline a2099");
    }

    @Test
    void cleared_isForgotten_theNumbersGoOn_andWhoIsBehindIsTold() {
        Channel a = comet.channel("a");
        Subscriber behind = comet.attach(SubscribeOptions.of("a"), () -> {});
        a.publish("x");
        a.publish("y");
        a.clear();
        assertThat(a.oldestSeq()).isEqualTo(3);
        assertThat(a.publish("z").seq()).isEqualTo(3);
        assertThat(Seen.of(behind)).containsExactly("a:1-2", "a3");
    }
}
