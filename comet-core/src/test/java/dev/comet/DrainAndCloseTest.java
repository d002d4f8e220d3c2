package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** The end of a hub: first everybody leaves, then the doors are locked. */
class DrainAndCloseTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();

    @Test
    void drain_endsAll_andTakesNobodyNew() {
        Subscriber one = comet.attach(SubscribeOptions.of("a"), () -> {});
        Subscriber two = comet.attach(SubscribeOptions.of("a", "b"), () -> {});
        Subscriber news = comet.attach(SubscribeOptions.ofChannelEvents(), () -> {});
        assertThat(comet.drain(Duration.ZERO)).as("they have not left yet").isFalse();
        for (Subscriber s : List.of(one, two, news)) {
            assertThat(s.ending()).contains(CloseReason.SHUTDOWN);
            assertThat(Seen.read(s, 1).result).isEqualTo(Subscriber.Read.CLOSED);
            s.close(CloseReason.SHUTDOWN);
        }
        assertThat(comet.drain(Duration.ofDays(1))).isTrue();
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.attach(SubscribeOptions.of("a"), () -> {}));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.subscribe("a", m -> {}));
        assertThat(comet.stats().closes()).containsExactly(java.util.Map.entry("shutdown", 3L));
    }

    /** It was passed over: a Flow.Subscriber that asked for nothing stayed for ever, and drain waited for it in vain. */
    @Test
    void drain_endsThoseToo_whoHaveNotReadWhatARemovedChannelLeft() {
        Subscriber slow = comet.attach(SubscribeOptions.of("a"), () -> {});
        Subscriber quick = comet.attach(SubscribeOptions.of("a").withMembers(true), () -> {});
        comet.publish("a", "x");
        comet.remove("a");
        quick.close(CloseReason.CLOSED);
        comet.drain(Duration.ZERO);
        assertThat(slow.ending()).contains(CloseReason.SHUTDOWN);
        slow.close(CloseReason.SHUTDOWN);
        assertThat(comet.drain(Duration.ZERO)).isTrue();
    }

    @Test
    void drain_publishingGoesOn() {
        comet.drain(Duration.ZERO);
        assertThat(comet.publish("a", "x").seq()).isEqualTo(1);
        assertThat(comet.channel("a").publish("x").seq()).isEqualTo(2);
    }

    @Test
    void drain_listenersAreTold() {
        List<CloseReason> reasons = new ArrayList<>();
        comet.subscribe("a", new Listener() {
            @Override
            public void onMessage(Message message) {}

            @Override
            public void onClose(CloseReason reason) {
                reasons.add(reason);
            }
        });
        comet.drain(Duration.ZERO);
        time.runReady();
        assertThat(reasons).containsExactly(CloseReason.SHUTDOWN);
    }

    @Test
    void drain_waitsUntilTheLastHasLeft() throws Exception {
        try (Comet hub = Comet.builder().build()) {
            CountDownLatch ended = new CountDownLatch(1);
            Subscriber s = hub.attach(SubscribeOptions.of("a"), ended::countDown);
            Thread leaver = new Thread(() -> {
                try {
                    ended.await();
                } catch (InterruptedException e) {
                    return;
                }
                s.close(CloseReason.SHUTDOWN);
            });
            leaver.start();
            assertThat(hub.drain(Duration.ofSeconds(30))).isTrue();
            assertThat(s.isClosed()).isTrue();
            leaver.join();
        }
    }

    @Test
    void drain_givesUpWhenTheTimeIsOver() {
        try (Comet hub = Comet.builder().build()) {
            hub.attach(SubscribeOptions.of("a"), () -> {});
            assertThat(hub.drain(Duration.ofMillis(20))).isFalse();
        }
    }

    @Test
    void drain_interrupted_returns_andTheThreadStaysInterrupted() {
        try (Comet hub = Comet.builder().build()) {
            hub.attach(SubscribeOptions.of("a"), () -> {});
            Thread.currentThread().interrupt();
            assertThat(hub.drain(Duration.ofMinutes(10))).isFalse();
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    /** The race: subscribers come while the drain walks over the channels. Each is refused, or ended; none is overlooked. */
    @RepeatedTest(10)
    void drain_whileSubscribersKeepComing_overlooksNobody() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (Comet hub = Comet.builder().build()) {
            CountDownLatch underWay = new CountDownLatch(50);
            List<Future<Integer>> comers = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                Callable<Integer> comer = () -> {
                    for (int n = 0; ; n++) {
                        try {
                            hub.subscribe(SubscribeOptions.of("a" + n % 7, "b" + n % 3), m -> {});
                        } catch (RefusedException e) {
                            assertThat(e.refusal()).isEqualTo(Refusal.SHUTTING_DOWN);
                            return n;
                        }
                        underWay.countDown();
                    }
                };
                comers.add(threads.submit(comer));
            }
            assertThat(underWay.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(hub.drain(Duration.ofSeconds(10))).isTrue();
            int came = 0;
            for (Future<Integer> comer : comers) {
                came += comer.get(30, TimeUnit.SECONDS);
            }
            assertThat(hub.drain(Duration.ofSeconds(30)))
                    .as("those that slipped in")
                    .isTrue();
            assertThat(hub.stats().closes().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isEqualTo(came);
            assertThat(hub.channels()).allMatch(channel -> channel.subscribers() == 0);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void close_refusesEverything_andNothingStays() {
        Channel kept = comet.channel("a");
        Subscriber s = comet.attach(SubscribeOptions.of("a"), () -> {});
        comet.close();
        comet.close();
        assertThat(s.ending()).contains(CloseReason.SHUTDOWN);
        assertThat(kept.isRemoved()).isTrue();
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.publish("a", "x"));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.publish("new", "x"));
        assertRefused(Refusal.SHUTTING_DOWN, () -> kept.publish("x"));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.broadcast(Draft.text("x")));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.channel("new"));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.create("new", ChannelOptions.DEFAULT));
        assertRefused(Refusal.SHUTTING_DOWN, () -> comet.attach(SubscribeOptions.of("a"), () -> {}));
        assertThat(comet.publishAsync("a", Draft.text("x"))).isCompletedExceptionally();
        assertThat(kept.publishAsync(Draft.text("x"))).isCompletedExceptionally();
        assertThat(comet.channels()).isEmpty();
        assertThat(comet.stats().channels()).isZero();
        time.advance(Duration.ofDays(1));
        assertThat(time.pendingTimers()).isZero();
    }

    @Test
    void close_aSchedulerThatWasGiven_isNotClosed() {
        WheelScheduler own = new WheelScheduler();
        try {
            Comet.builder().scheduler(own).build().close();
            CountDownLatch ran = new CountDownLatch(1);
            own.execute(ran::countDown);
            assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            own.close();
        }
    }

    @Test
    void close_itsOwnThreadsEnd() throws InterruptedException {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Comet hub = Comet.builder().build();
        hub.subscribe("a", m -> {});
        hub.publish("a", "x");
        List<Thread> own = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().startsWith("comet-"))
                .toList();
        assertThat(own).hasSizeGreaterThanOrEqualTo(3).allMatch(Thread::isDaemon);
        hub.close();
        for (Thread thread : own) {
            thread.join(10_000);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
    }

    /** The race: a publish has passed the door, finds its channel removed, and opens a new one behind the door. */
    @RepeatedTest(20)
    void close_whilePublishersGoOn_leavesNoChannel() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Comet hub = Comet.builder().build();
            CountDownLatch underWay = new CountDownLatch(100);
            List<Future<?>> publishers = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                publishers.add(threads.submit(() -> {
                    for (int n = 0; ; n++) {
                        try {
                            hub.publish("a" + n % 500, "x");
                        } catch (RefusedException e) {
                            return;
                        }
                        underWay.countDown();
                    }
                }));
            }
            assertThat(underWay.await(30, TimeUnit.SECONDS)).isTrue();
            hub.close();
            for (Future<?> publisher : publishers) {
                publisher.get(30, TimeUnit.SECONDS);
            }
            assertThat(hub.channels()).isEmpty();
            assertThat(hub.stats().channels()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }
}
