package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A client known across its requests: what it has had, and when it is forgotten. */
class SessionTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Duration TICK = Duration.ofNanos(1);
    private static final SubscribeOptions A = SubscribeOptions.of("a");

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = hub().build();
    private final Sessions sessions = comet.sessions(TIMEOUT);

    private Comet.Builder hub() {
        return Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .idleTimeout(Duration.ofSeconds(20))
                .maxSessions(3);
    }

    /** A poll whose answer is written: it reads, commits and closes. */
    private static List<String> poll(Session session) {
        Subscriber poll = session.poll(A, () -> {});
        List<String> seen = Seen.of(poll);
        session.commit(poll, poll.cursor());
        poll.close(CloseReason.DONE);
        return seen;
    }

    @Test
    void position_movesFromPollToPoll_andNothingIsLostBetween() {
        comet.publish("a", "before");
        Session s = sessions.open("s", A);
        comet.publish("a", "x");
        assertThat(poll(s)).containsExactly("a2");
        comet.publish("a", "y");
        comet.publish("a", "z");
        assertThat(poll(s)).containsExactly("a3", "a4");
        assertThat(poll(s)).isEmpty();
    }

    @Test
    void position_beginsWhereTheOptionsSay() {
        comet.publish("a", "x");
        assertThat(poll(sessions.open("s", A.withFrom(From.oldest())))).containsExactly("a1");
    }

    @Test
    void withoutFollowing_theFirstCommitMakesThePosition() {
        Session s = sessions.open("s");
        assertThat(poll(s)).isEmpty();
        comet.publish("a", "x");
        assertThat(poll(s)).containsExactly("a1");
    }

    @Test
    void failedWrite_isNotCommitted_andComesAgain() {
        Session s = sessions.open("s", A);
        comet.publish("a", "x");
        Subscriber broken = s.poll(A, () -> {});
        assertThat(Seen.of(broken)).containsExactly("a1");
        broken.close(CloseReason.DISCONNECTED);
        assertThat(poll(s)).containsExactly("a1");
        assertThat(poll(s)).isEmpty();
    }

    @Test
    void secondPoll_replacesTheFirst_whoseCommitNoLongerCounts() {
        Session s = sessions.open("s", A);
        comet.publish("a", "x");
        int[] woken = new int[1];
        Subscriber first = s.poll(A, () -> woken[0]++);
        Subscriber second = s.poll(A, () -> {});
        assertThat(woken[0]).isEqualTo(1);
        assertThat(first.ending()).contains(CloseReason.REPLACED);
        s.commit(first, Cursor.of(comet.channel("a").epoch(), 2));
        first.close(CloseReason.REPLACED);
        assertThat(Seen.of(second)).containsExactly("a1");
        second.close(CloseReason.DISCONNECTED);
        assertThat(poll(s)).containsExactly("a1");
    }

    /**
     * The race: the client has its answer and polls again, before the server has said so. The new poll has read the old
     * position when the commit comes: it must not begin there, or the client gets the same messages twice.
     */
    @Test
    void commitWhileTheNextPollBegins_thatPollBeginsBehindIt() {
        Scheduler inline = new Inline(time);
        // A hub that runs tasks at once: a join during attach wakes the follower, who commits in that moment.
        Comet hub = Comet.builder().scheduler(inline).listenerExecutor(inline).build();
        Session t = hub.sessions(TIMEOUT).open("t", A);
        hub.publish("a", "x");
        Subscriber answered = t.poll(A, () -> {});
        Seen.of(answered);
        Cursor reached = answered.cursor();
        boolean[] committed = new boolean[1];
        hub.attach(A.withMembers(true), () -> {
            if (!committed[0]) {
                committed[0] = true;
                t.commit(answered, reached);
            }
        });
        Subscriber next = t.poll(A.withMember("ann"), () -> {});
        assertThat(committed[0]).isTrue();
        hub.publish("a", "y");
        assertThat(Seen.of(next)).containsExactly("a2");
        assertThat(hub.channel("a").subscribers())
                .as("answered, follower, next")
                .isEqualTo(3);
    }

    /** Runs tasks at once on the caller's thread, as {@link Scheduler#execute} allows. */
    private record Inline(VirtualScheduler time) implements Scheduler {
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
    }

    @Test
    void notPolledForTheTime_isForgotten_exactlyThen() {
        Session s = sessions.open("s", A);
        time.advance(Duration.ofSeconds(50));
        poll(s);
        time.advance(TIMEOUT.minus(TICK));
        assertThat(sessions.find("s")).contains(s);
        time.advance(TICK);
        assertThat(sessions.find("s")).isEmpty();
        assertThat(comet.stats().sessions()).isZero();
        assertThat(comet.stats().subscribers()).isZero();
        assertThat(comet.channel("a").sessions()).isZero();
    }

    @Test
    void openPoll_keepsItAlive() {
        Session s = sessions.open("s");
        Subscriber held = s.poll(A, () -> {});
        time.advance(TIMEOUT.multipliedBy(10));
        assertThat(sessions.find("s")).isPresent();
        held.close(CloseReason.DISCONNECTED);
        time.advance(TIMEOUT.minus(TICK));
        assertThat(sessions.find("s")).isPresent();
        time.advance(TIMEOUT.plus(TICK)); // from when the timer has seen it: nobody says when a poll breaks
        assertThat(sessions.find("s")).isEmpty();
    }

    /** A poll that was held for nearly the whole time and then answered is a sign of life when it is answered. */
    @Test
    void answeredAfterALongHold_theTimeBeginsThen() {
        Session s = sessions.open("s", A);
        Subscriber held = s.poll(A, () -> {});
        time.advance(Duration.ofSeconds(55));
        s.commit(held, held.cursor());
        held.close(CloseReason.DONE);
        time.advance(TIMEOUT.minus(TICK));
        assertThat(sessions.find("s")).isPresent();
        time.advance(TICK);
        assertThat(sessions.find("s")).isEmpty();
    }

    /** It had the rest of the time only that began when the timer last looked, down to nothing: too little to come back in. */
    @Test
    void brokenAfterALongHold_theClientHasTheWholeTime() {
        Session s = sessions.open("s", A);
        Subscriber poll = s.poll(A, () -> {});
        time.advance(TIMEOUT.multipliedBy(2).minus(TICK));
        poll.close(CloseReason.DISCONNECTED);
        time.advance(TIMEOUT);
        assertThat(sessions.find("s")).as("it may still come back").contains(s);
        time.advance(TIMEOUT);
        assertThat(sessions.find("s")).isEmpty();
    }

    @Test
    void touched_theTimeBeginsAnew() {
        Session s = sessions.open("s");
        for (int i = 0; i < 5; i++) {
            time.advance(Duration.ofSeconds(59));
            s.touch();
        }
        assertThat(sessions.find("s")).isPresent();
        assertThat(time.pendingTimers()).isEqualTo(1);
    }

    @Test
    void closed_endsItsPollExpired_once() {
        Session s = sessions.open("s", A);
        Subscriber held = s.poll(A, () -> {});
        s.close();
        s.close();
        assertThat(held.ending()).contains(CloseReason.EXPIRED);
        assertThat(sessions.find("s")).isEmpty();
        assertThat(comet.stats().sessions()).isZero();
        assertThat(s.poll(A, () -> {}).ending()).contains(CloseReason.EXPIRED);
    }

    @Test
    void betweenPolls_itsChannelsLiveOn() {
        Session s = sessions.open("s", A);
        time.advance(Duration.ofSeconds(55));
        comet.publish("a", "x");
        time.advance(Duration.ofSeconds(4));
        assertThat(poll(s)).containsExactly("a1");
        s.close();
        time.advance(Duration.ofSeconds(20));
        assertThat(comet.find("a")).isEmpty();
    }

    /** The channel was removed under it: it keeps the next life alive as it kept the first. */
    @Test
    void channelsNextLife_livesOnToo() {
        Session s = sessions.open("s", A);
        comet.remove("a");
        poll(s);
        time.advance(Duration.ofSeconds(55));
        comet.publish("a", "x");
        time.advance(Duration.ofSeconds(4));
        assertThat(poll(s)).containsExactly("a1");
        assertThat(comet.channel("a").sessions()).isEqualTo(1);
    }

    @Test
    void betweenPolls_itIsNoSubscriber() {
        sessions.open("s", A);
        assertThat(comet.stats().subscribers()).isZero();
        assertThat(comet.channel("a").subscribers()).isZero();
        assertThat(comet.channel("a").sessions()).isEqualTo(1);
    }

    @Test
    void closed_leavesNoTimer() {
        sessions.open("s").close();
        assertThat(time.pendingTimers()).isZero();
    }

    /** Whoever asks has a session that follows: all together they leave a fifth to those who register. */
    @Test
    void sessionsThatAnyoneGetsByAsking_leaveRoomForOthers() {
        Comet hub = Comet.builder().scheduler(time).maxSessions(10).build();
        Sessions of = hub.sessions(TIMEOUT);
        for (int i = 0; i < 8; i++) {
            of.open("s" + i, SubscribeOptions.of("a"));
        }
        assertRefused(Refusal.TOO_MANY_SESSIONS, () -> of.open("s8", SubscribeOptions.of("a")));
        of.open("r0");
        of.open("r1");
        assertRefused(Refusal.TOO_MANY_SESSIONS, () -> of.open("r2"));
    }

    @Test
    void limits_andTheirRefusals() {
        sessions.open("1");
        sessions.open("2");
        Session third = comet.sessions(TIMEOUT).open("1"); // another register, the same hub
        assertRefused(Refusal.TOO_MANY_SESSIONS, () -> sessions.open("3"));
        assertRefused(Refusal.EXISTS, () -> sessions.open("1"));
        assertRefused(Refusal.BAD_NAME, () -> sessions.open(""));
        assertRefused(Refusal.BAD_NAME, () -> sessions.open("a\rb"));
        third.close();
        assertRefused(Refusal.BAD_CHANNEL, () -> sessions.open("3", SubscribeOptions.of("a/b")));
        assertThat(comet.stats().sessions()).isEqualTo(2);
        assertThat(comet.stats().subscribers()).isZero();
        sessions.open("3");
        assertThat(sessions.ids()).containsExactly("1", "2", "3");
        assertThatIllegalArgumentException().isThrownBy(() -> comet.sessions(Duration.ZERO));
    }

    @Test
    void expired_theIdIsFreeAgain_andTheOldTimerHarmsNobody() {
        sessions.open("s").close();
        time.advance(Duration.ofSeconds(30));
        Session fresh = sessions.open("s");
        time.advance(TIMEOUT.minus(TICK));
        assertThat(sessions.find("s")).contains(fresh);
    }

    @Test
    void channelRemovedBetweenPolls_isToldAsAReset() {
        Session s = sessions.open("s", A);
        comet.publish("a", "x");
        poll(s);
        comet.remove("a");
        comet.publish("a", "another life");
        assertThat(poll(s)).containsExactly("a:reset-0", "a1");
        assertThat(poll(s)).isEmpty();
    }

    /** Nobody reads between polls: what follows the channels for the session must end by itself, or a drain never does. */
    @Test
    void drain_doesNotWaitForSessions() {
        Session s = sessions.open("s", A);
        assertThat(comet.drain(Duration.ZERO)).isTrue();
        assertThat(comet.stats().subscribers()).isZero();
        assertRefused(Refusal.SHUTTING_DOWN, () -> s.poll(A, () -> {}));
        assertRefused(Refusal.SHUTTING_DOWN, () -> sessions.open("t", A));
        assertThat(comet.stats().sessions()).isEqualTo(1);
    }

    @Test
    void drain_tellsAnOpenPollShutdown_notExpired() {
        Session s = sessions.open("s", A);
        Subscriber held = s.poll(A, () -> {});
        comet.drain(Duration.ZERO);
        assertThat(held.ending()).contains(CloseReason.SHUTDOWN);
    }
}
