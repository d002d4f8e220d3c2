package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Named members: who is there, and who only seems to have gone. */
class PresenceTest {
    private static final Duration GRACE = Duration.ofSeconds(80);
    private static final Duration TICK = Duration.ofNanos(1);

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = Comet.builder()
            .scheduler(time)
            .listenerExecutor(time)
            .presenceGrace(GRACE)
            .maxMembersPerChannel(1000)
            .build();
    private final Subscriber watching = comet.attach(SubscribeOptions.of("a").withMembers(true), () -> {});

    private Subscriber join(String name, String... channels) {
        return comet.attach(
                SubscribeOptions.of(channels.length == 0 ? new String[] {"a"} : channels)
                        .withMember(name),
                () -> {});
    }

    private List<String> members() {
        return comet.channel("a").members();
    }

    @Test
    void joins_areTold_andListedByName() {
        join("cid");
        join("ann");
        join("bob", "b", "a");
        assertThat(Seen.of(watching)).containsExactly("a+cid", "a+ann", "a+bob");
        assertThat(members()).containsExactly("ann", "bob", "cid");
        assertThat(comet.channel("b").members()).containsExactly("bob");
        assertThat(comet.channel("c").members()).isEmpty();
    }

    @Test
    void leave_isToldExactlyAfterTheGrace() {
        Subscriber ann = join("ann");
        Seen.of(watching);
        ann.close(CloseReason.DISCONNECTED);
        time.advance(GRACE.minus(TICK));
        assertThat(Seen.of(watching)).isEmpty();
        assertThat(members()).containsExactly("ann");
        time.advance(TICK);
        assertThat(Seen.of(watching)).containsExactly("a-ann");
        assertThat(members()).isEmpty();
        assertThat(time.pendingTimers()).as("the channel's").isEqualTo(1);
    }

    @Test
    void reconnectWithinTheGrace_isNoLeave_andTheGraceBeginsAnew() {
        Subscriber ann = join("ann");
        for (int i = 0; i < 10; i++) {
            ann.close(CloseReason.DISCONNECTED);
            time.advance(Duration.ofSeconds(60));
            ann = join("ann");
            time.advance(Duration.ofSeconds(60));
        }
        assertThat(Seen.of(watching)).containsExactly("a+ann");
        ann.close(CloseReason.DISCONNECTED);
        time.advance(GRACE.minus(TICK));
        assertThat(Seen.of(watching)).isEmpty();
        time.advance(TICK);
        assertThat(Seen.of(watching)).containsExactly("a-ann");
    }

    /** The timer of the first leave is still there when the second one comes: it must not count from the first. */
    @Test
    void leavesAgainWithinTheGrace_theGraceCountsFromTheLastLeave() {
        join("ann").close(CloseReason.DISCONNECTED);
        time.advance(Duration.ofSeconds(10));
        Subscriber again = join("ann");
        time.advance(Duration.ofSeconds(60));
        again.close(CloseReason.DISCONNECTED);
        time.advance(GRACE.minus(TICK));
        assertThat(Seen.of(watching)).containsExactly("a+ann");
        time.advance(TICK);
        assertThat(Seen.of(watching)).containsExactly("a-ann");
    }

    @Test
    void twoTabsOfOneName_joinOnce_leaveAfterTheLast() {
        Subscriber one = join("ann");
        Subscriber two = join("ann");
        one.close(CloseReason.DISCONNECTED);
        one.close(CloseReason.DISCONNECTED);
        time.advance(Duration.ofHours(1));
        assertThat(Seen.of(watching)).containsExactly("a+ann");
        two.close(CloseReason.DISCONNECTED);
        time.advance(GRACE);
        assertThat(Seen.of(watching)).containsExactly("a-ann");
        join("ann");
        assertThat(Seen.of(watching)).containsExactly("a+ann");
    }

    @Test
    void oneJoinsItself_isTold_whenItAsks() {
        Subscriber self = comet.attach(SubscribeOptions.of("a").withMember("me").withMembers(true), () -> {});
        comet.publish("a", "x");
        assertThat(Seen.of(self)).containsExactly("a+me", "a1");
    }

    @Test
    void joinsAndMessages_comeInTheOrderInWhichTheyHappened() {
        comet.publish("a", "x");
        Subscriber ann = join("ann");
        comet.publish("a", "y");
        ann.close(CloseReason.DONE);
        time.advance(GRACE);
        comet.publish("a", "z");
        List<String> seen = Seen.of(watching);
        assertThat(seen).containsExactly("a1", "a+ann", "a2", "a-ann", "a3");
    }

    @Test
    void joinsAndLeaves_wakeWhoAsked_andNobodyElse() {
        int[] asked = new int[1];
        int[] other = new int[1];
        comet.attach(SubscribeOptions.of("a").withMembers(true), () -> asked[0]++);
        comet.attach(SubscribeOptions.of("a"), () -> other[0]++);
        Subscriber ann = join("ann");
        time.runReady();
        ann.close(CloseReason.DONE);
        time.advance(GRACE);
        assertThat(asked[0]).isEqualTo(2);
        assertThat(other[0]).isZero();
    }

    /** Joins and leaves have no place in the history: a newcomer gets the list instead. */
    @Test
    void presence_isNotReplayed_andNotInTheCursor() {
        join("ann");
        Cursor plain = comet.attach(SubscribeOptions.of("a"), () -> {}).cursor();
        Subscriber late =
                comet.attach(SubscribeOptions.of("a").withMembers(true).withFrom(From.oldest()), () -> {});
        assertThat(Seen.of(late)).isEmpty();
        assertThat(late.cursor()).isEqualTo(plain).hasToString(plain.toString());
    }

    @Test
    void churn_atMostOneTimerPerMember() {
        Random random = new Random(3);
        Subscriber[] tabs = new Subscriber[20];
        for (int step = 0; step < 5000; step++) {
            int i = random.nextInt(tabs.length);
            if (tabs[i] == null) {
                tabs[i] = join("member" + i % 5);
            } else {
                tabs[i].close(CloseReason.DISCONNECTED);
                tabs[i] = null;
            }
            if (step % 100 == 0) {
                time.advance(Duration.ofMillis(random.nextInt(30_000)));
            }
            assertThat(time.pendingTimers()).isLessThanOrEqualTo(5 + 1);
        }
        for (Subscriber tab : tabs) {
            if (tab != null) {
                tab.close(CloseReason.DISCONNECTED);
            }
        }
        time.advance(GRACE);
        assertThat(members()).isEmpty();
        assertThat(time.pendingTimers()).isEqualTo(1);
    }

    @Test
    void tooMany_isRefused_andThoseInTheirGraceCount() {
        Comet small = Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .maxMembersPerChannel(2)
                .presenceGrace(GRACE)
                .build();
        SubscribeOptions a = SubscribeOptions.of("a");
        Subscriber ann = small.attach(a.withMember("ann"), () -> {});
        small.attach(a.withMember("bob"), () -> {});
        small.attach(a.withMember("bob"), () -> {});
        assertRefused(Refusal.TOO_MANY_MEMBERS, () -> small.attach(a.withMember("cid"), () -> {}));
        small.channel("b");
        assertRefused(
                Refusal.TOO_MANY_MEMBERS,
                () -> small.attach(SubscribeOptions.of("b", "a").withMember("cid"), () -> {}));
        assertThat(small.channel("b").members()).as("nobody hears of it").isEmpty();
        assertThat(small.stats().subscribers()).isEqualTo(3);
        ann.close(CloseReason.DONE);
        assertRefused(Refusal.TOO_MANY_MEMBERS, () -> small.attach(a.withMember("cid"), () -> {}));
        time.advance(GRACE);
        small.attach(a.withMember("cid"), () -> {});
        assertThat(small.channel("a").members()).containsExactly("bob", "cid");
    }

    @Test
    void badName_isRefused() {
        for (String name : List.of("", "a\nb", "\uD800", "ö".repeat(101))) {
            assertRefused(Refusal.BAD_NAME, () -> join(name));
        }
        join("ö".repeat(100));
        join("a/b % \\");
    }

    @Test
    void slowReaderOfPresence_isTold_thatItMissedSome() {
        for (int i = 0; i < 300; i++) {
            join("m" + i);
        }
        comet.publish("a", "x");
        List<String> seen = Seen.of(watching);
        assertThat(seen).hasSize(1 + 256 + 1).startsWith("a:presence", "a+m44").endsWith("a+m299", "a1");
        assertThat(comet.stats().gaps()).isEqualTo(1);
        assertThat(comet.stats().lost()).isZero();
    }

    @Test
    void graceOfZero_leavesAtOnce_butAReconnectInTheSameMomentIsNone() {
        Comet strict = Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .presenceGrace(Duration.ZERO)
                .build();
        SubscribeOptions a = SubscribeOptions.of("a");
        Subscriber follower = strict.attach(a.withMembers(true), () -> {});
        Subscriber ann = strict.attach(a.withMember("ann"), () -> {});
        ann.close(CloseReason.DONE);
        ann = strict.attach(a.withMember("ann"), () -> {});
        time.runReady();
        assertThat(Seen.of(follower)).containsExactly("a+ann");
        ann.close(CloseReason.DONE);
        time.runReady();
        assertThat(Seen.of(follower)).containsExactly("a-ann");
    }

    @Test
    void channelRemoved_itsMembersGoWithIt_andTheNewLifeHasNone() {
        Subscriber ann = join("ann");
        comet.remove("a");
        Seen rest = Seen.read(watching, 10);
        assertThat(rest.words()).containsExactly("a+ann");
        assertThat(rest.result).isEqualTo(Subscriber.Read.CLOSED);
        assertThat(members()).isEmpty();
        Subscriber fresh = comet.attach(SubscribeOptions.of("a").withMembers(true), () -> {});
        ann.close(CloseReason.CLOSED);
        time.advance(GRACE);
        assertThat(Seen.of(fresh)).isEmpty();
    }

    /** The dialect with a sign of its own: each sign is told, and who signs and never comes has left after the grace. */
    @Test
    void signed_isToldEachTime_andLeavesWhenItDoesNotCome() {
        Subscriber seer = comet.attach(SubscribeOptions.of("a").withMembers(true), () -> {});
        comet.channel("a").sign("ann");
        comet.channel("a").sign("ann");
        assertThat(Seen.of(seer)).containsExactly("a+ann", "a+ann");
        assertThat(comet.channel("a").members()).containsExactly("ann");
        time.advance(comet.settings().presenceGrace());
        assertThat(Seen.of(seer)).containsExactly("a-ann");
        assertThat(comet.channel("a").members()).isEmpty();
    }

    @Test
    void signed_andThere_staysAsLongAsItIs() {
        comet.channel("a").sign("ann");
        Subscriber ann = comet.attach(SubscribeOptions.of("a").withMember("ann"), () -> {});
        comet.channel("a").sign("ann");
        time.advance(comet.settings().presenceGrace().multipliedBy(3));
        assertThat(comet.channel("a").members()).containsExactly("ann");
        ann.close(CloseReason.DONE);
        time.advance(comet.settings().presenceGrace());
        assertThat(comet.channel("a").members()).isEmpty();
        assertRefused(Refusal.BAD_NAME, () -> comet.channel("a").sign(""));
    }
}
