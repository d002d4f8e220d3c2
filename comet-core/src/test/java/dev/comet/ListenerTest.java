package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A listener of the application: in order, one event at a time, never on the publisher's thread. */
class ListenerTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = Comet.builder()
            .scheduler(time)
            .listenerExecutor(time)
            .historyMessages(3)
            .liveWindow(3)
            .build();
    private final Recording listener = new Recording();

    private static class Recording implements Listener {
        final List<String> words = new ArrayList<>();

        @Override
        public void onMessage(Message message) {
            words.add(Seen.word(message));
        }

        @Override
        public void onGap(Gap gap) {
            words.add(Seen.word(gap));
        }

        @Override
        public void onClose(CloseReason reason) {
            words.add("closed: " + reason.word());
        }
    }

    @Test
    void published_isHeard_inOrder_later() {
        comet.subscribe("a", listener);
        comet.publish("a", "x");
        comet.publish("a", "y");
        assertThat(listener.words).as("not on the publisher's thread").isEmpty();
        time.runReady();
        assertThat(listener.words).containsExactly("a1", "a2");
        comet.publish("a", "z");
        time.runReady();
        assertThat(listener.words).containsExactly("a1", "a2", "a3");
    }

    @Test
    void replay_comesFirst() {
        comet.publish("a", "x");
        comet.publish("b", "x");
        comet.subscribe(SubscribeOptions.of("b", "a").withFrom(From.oldest()), listener);
        comet.publish("b", "y");
        time.runReady();
        assertThat(listener.words).containsExactly("a1", "b1", "b2");
    }

    @Test
    void slow_isLapped_andTold() {
        comet.subscribe("a", listener);
        time.runReady();
        IntStream.range(0, 10).forEach(i -> comet.publish("a", "x"));
        time.runReady();
        assertThat(listener.words).containsExactly("a:1-7", "a8", "a9", "a10");
    }

    @Test
    void aListenerThatPublishes_isNotCalledInside() {
        List<String> words = new ArrayList<>();
        comet.subscribe("a", m -> {
            words.add("<" + m.seq());
            if (m.seq() < 3) {
                comet.publish("a", "x");
            }
            words.add(m.seq() + ">");
        });
        comet.publish("a", "x");
        time.runReady();
        assertThat(words).containsExactly("<1", "1>", "<2", "2>", "<3", "3>");
    }

    @Test
    void closed_isToldOnce_andHearsNothingMore() {
        Subscription s = comet.subscribe("a", listener);
        comet.publish("a", "x");
        s.close();
        s.close();
        comet.publish("a", "y");
        time.runReady();
        s.close();
        time.runReady();
        assertThat(listener.words).containsExactly("closed: done");
        assertThat(comet.channel("a").subscribers()).isZero();
        assertThat(comet.stats().closes()).containsEntry("done", 1L);
    }

    @Test
    void closedByItself_whileItIsCalled_isTheLastCall() {
        Subscription[] self = new Subscription[1];
        List<String> words = new ArrayList<>();
        self[0] = comet.subscribe("a", new Listener() {
            @Override
            public void onMessage(Message m) {
                words.add("a" + m.seq());
                self[0].close();
            }

            @Override
            public void onClose(CloseReason reason) {
                words.add(reason.word());
            }
        });
        comet.publish("a", "x");
        comet.publish("a", "y");
        time.runReady();
        assertThat(words).containsExactly("a1", "done");
    }

    @Test
    void channelRemoved_theRestIsHeard_thenTheEnd() {
        comet.subscribe("a", listener);
        comet.publish("a", "x");
        comet.remove("a");
        comet.publish("a", "another life");
        time.runReady();
        assertThat(listener.words).containsExactly("a1", "closed: closed");
    }

    @Test
    void throwing_endsFailed_andOthersGoOn() {
        comet.subscribe("a", listener);
        Recording broken = new Recording() {
            @Override
            public void onMessage(Message message) {
                super.onMessage(message);
                throw new IllegalStateException("the application's mistake");
            }
        };
        comet.subscribe("a", broken);
        comet.publish("a", "x");
        comet.publish("a", "y");
        time.runReady();
        assertThat(broken.words).containsExactly("a1", "closed: failed");
        assertThat(listener.words).containsExactly("a1", "a2");
        assertThat(comet.stats().closes()).containsEntry("failed", 1L);
        assertThat(comet.channel("a").subscribers()).isEqualTo(1);
    }

    /** Kotlin and Lombok throw checked exceptions that no signature declares. */
    @Test
    void throwingWhatIsNotDeclared_endsFailed() {
        Recording broken = new Recording() {
            @Override
            public void onMessage(Message message) {
                ListenerTest.<RuntimeException>sneak(new IOException("not declared"));
            }

            @Override
            public void onClose(CloseReason reason) {
                super.onClose(reason);
                ListenerTest.<RuntimeException>sneak(new IOException("again"));
            }
        };
        comet.subscribe("a", broken);
        comet.publish("a", "x");
        time.runReady();
        assertThat(broken.words).containsExactly("closed: failed");
        assertThat(comet.stats().subscribers()).isZero();
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Throwable> void sneak(Throwable e) throws E {
        throw (E) e;
    }

    @Test
    void cursor_resumesExactly_afterWhatWasHeard() {
        comet.publish("a", "x");
        Subscription s = comet.subscribe(SubscribeOptions.of("a", "b").withFrom(From.oldest()), listener);
        Cursor before = s.cursor();
        comet.publish("b", "x");
        time.runReady();
        assertThat(listener.words).containsExactly("a1", "b1");
        Cursor after = s.cursor();
        s.close();
        comet.publish("a", "y");
        time.runReady();
        assertThat(Seen.of(comet.attach(SubscribeOptions.of("a", "b").withFrom(From.cursor(after)), () -> {})))
                .containsExactly("a2");
        assertThat(Seen.of(comet.attach(SubscribeOptions.of("a", "b").withFrom(From.cursor(before)), () -> {})))
                .containsExactly("a1", "b1", "a2");
    }

    /** What a listener failed at is not done: who goes on from the cursor gets it again. */
    @Test
    void cursor_ofAFailedListener_isBeforeWhatItFailedAt() {
        Subscription s = comet.subscribe("a", m -> {
            if (m.seq() == 2) {
                throw new IllegalStateException("at the second");
            }
        });
        comet.publish("a", "x");
        comet.publish("a", "y");
        time.runReady();
        assertThat(s.cursor()).isEqualTo(Cursor.of(comet.channel("a").epoch(), 2));
    }

    @Test
    void refused_nothingStays() {
        Comet none = Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .maxSubscribersPerChannel(1)
                .build();
        none.subscribe("a", listener);
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL, () -> none.subscribe("a", new Recording()));
        assertThat(none.stats().subscribers()).isEqualTo(1);
    }

    /** A pool that is full for a moment must cost a delay, neither the message nor the subscription nor the publisher. */
    @Test
    void executorThatIsFull_isAskedAgain() {
        boolean[] full = {true};
        Comet hub = Comet.builder()
                .scheduler(time)
                .listenerExecutor(task -> {
                    if (full[0]) {
                        throw new java.util.concurrent.RejectedExecutionException("full");
                    }
                    time.execute(task);
                })
                .build();
        hub.subscribe("a", listener);
        hub.publish("a", "x");
        time.advance(Duration.ofMinutes(1));
        assertThat(listener.words).isEmpty();
        full[0] = false;
        time.advance(Duration.ofMillis(100));
        assertThat(listener.words).containsExactly("a1");
        full[0] = true;
        hub.publish("a", "y");
        time.runReady();
        full[0] = false;
        time.advance(Duration.ofMillis(100));
        assertThat(listener.words).containsExactly("a1", "a2");
    }

    /** Its executor is shut down for good: that must not keep the hub at work after its end. */
    @Test
    void executorThatIsShutDown_isAskedNoMoreWhenTheHubIsClosed() {
        Comet hub = Comet.builder()
                .scheduler(time)
                .listenerExecutor(task -> {
                    throw new java.util.concurrent.RejectedExecutionException("shut down");
                })
                .build();
        hub.subscribe("a", listener);
        hub.close();
        time.advance(Duration.ofMinutes(1));
        assertThat(time.pendingTimers()).isZero();
    }

    /** One that is given work without end must not keep the thread that others wait for. */
    @Test
    void busy_letsOthersHaveAThread() {
        AtomicInteger heard = new AtomicInteger();
        comet.subscribe("a", m -> {
            if (heard.incrementAndGet() < 10_000) {
                comet.publish("a", "again");
            }
        });
        comet.publish("a", "x");
        AtomicInteger heardBefore = new AtomicInteger();
        time.execute(() -> heardBefore.set(heard.get()));
        time.runReady();
        assertThat(heard).hasValue(10_000);
        assertThat(heardBefore.get()).isLessThan(2000);
    }

    /** The race: signals from two publishers on a pool of four threads; two drains at once would reorder or overlap. */
    @Test
    void manyThreads_oneEventAtATime_inOrder() throws Exception {
        int each = 5000;
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try (Comet hub = Comet.builder()
                .historyMessages(3 * each)
                .historyBytes(1 << 24)
                .listenerExecutor(pool)
                .build()) {
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger overlaps = new AtomicInteger();
            List<Long> seqs = new ArrayList<>(); // by the listener, whose calls are ordered, as is to be shown
            CountDownLatch all = new CountDownLatch(2 * each);
            hub.subscribe("a", m -> {
                if (inside.incrementAndGet() > 1) {
                    overlaps.incrementAndGet();
                }
                seqs.add(m.seq());
                inside.decrementAndGet();
                all.countDown();
            });
            List<Thread> publishers = new ArrayList<>();
            for (int p = 0; p < 2; p++) {
                publishers.add(new Thread(() -> IntStream.range(0, each).forEach(i -> hub.publish("a", "x"))));
            }
            publishers.forEach(Thread::start);
            assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(overlaps).hasValue(0);
            assertThat(seqs)
                    .isEqualTo(LongStream.rangeClosed(1, 2L * each).boxed().toList());
        } finally {
            pool.shutdown();
        }
    }
}
