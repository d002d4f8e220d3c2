package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Channels as a Flow.Publisher, by the rules of Reactive Streams. */
class FlowPublisherTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = Comet.builder()
            .scheduler(time)
            .listenerExecutor(time)
            .historyMessages(5)
            .liveWindow(5)
            .build();
    private final Recording seen = new Recording();

    private static class Recording implements Flow.Subscriber<Event> {
        final List<String> words = new ArrayList<>();
        Flow.@Nullable Subscription subscription;

        @Nullable
        Throwable error;

        @Override
        public void onSubscribe(Flow.Subscription s) {
            words.add("subscribed");
            subscription = s;
        }

        @Override
        public void onNext(Event item) {
            words.add(Seen.word(item));
        }

        @Override
        public void onError(Throwable e) {
            words.add("error");
            error = e;
        }

        @Override
        public void onComplete() {
            words.add("complete");
        }

        List<String> take() {
            List<String> taken = List.copyOf(words);
            words.clear();
            return taken;
        }
    }

    private void publish(int n) {
        IntStream.range(0, n).forEach(i -> comet.publish("a", "x"));
        time.runReady();
    }

    private void request(long n) {
        seen.subscription.request(n);
        time.runReady();
    }

    private void subscribe() {
        comet.publisher(SubscribeOptions.of("a")).subscribe(seen);
        time.runReady();
        assertThat(seen.take()).containsExactly("subscribed");
    }

    @Test
    void withoutDemand_nothing_andThenExactlyWhatWasRequested() {
        subscribe();
        publish(4);
        assertThat(seen.take()).isEmpty();
        request(1);
        assertThat(seen.take()).containsExactly("a1");
        request(2);
        assertThat(seen.take()).containsExactly("a2", "a3");
        request(5);
        assertThat(seen.take()).containsExactly("a4");
        publish(5);
        assertThat(seen.take()).containsExactly("a5", "a6", "a7", "a8");
        request(Long.MAX_VALUE);
        request(Long.MAX_VALUE);
        publish(3);
        assertThat(seen.take()).containsExactly("a9", "a10", "a11", "a12");
    }

    @Test
    void severalChannels_whatCameWithoutDemand_comesWithTheNextDemand() {
        comet.publisher(SubscribeOptions.of("a", "b")).subscribe(seen);
        publish(2);
        request(1);
        publish(1);
        request(10);
        assertThat(seen.take()).containsExactly("subscribed", "a1", "a2", "a3");
    }

    @Test
    void demandAddsUp_beforeAnythingIsThere() {
        subscribe();
        request(1);
        request(2);
        publish(4);
        assertThat(seen.take()).containsExactly("a1", "a2", "a3");
    }

    @Test
    void requestedInOnSubscribe_andInOnNext_isHonoured_withoutRecursion() {
        List<String> calls = new ArrayList<>();
        comet.publisher(SubscribeOptions.of("a")).subscribe(new Recording() {
            @Override
            public void onSubscribe(Flow.Subscription s) {
                super.onSubscribe(s);
                s.request(1);
            }

            @Override
            public void onNext(Event item) {
                calls.add("<");
                subscription.request(1);
                calls.add(">");
            }
        });
        publish(3);
        assertThat(calls).containsExactly("<", ">", "<", ">", "<", ">");
    }

    /** Rule 3.9. */
    @Test
    void requestOfZeroOrLess_isAnError_andTheEnd() {
        for (long n : new long[] {0, -1, Long.MIN_VALUE}) {
            subscribe();
            publish(1);
            request(n);
            assertThat(seen.take()).containsExactly("error");
            assertThat(seen.error).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
            request(5);
            publish(1);
            assertThat(seen.take()).isEmpty();
            assertThat(comet.stats().subscribers()).isZero();
        }
    }

    @Test
    void cancelled_isSilent_andLeaves() {
        subscribe();
        request(10);
        publish(1);
        seen.subscription.cancel();
        seen.subscription.cancel();
        publish(1);
        request(1);
        request(0);
        assertThat(seen.take()).containsExactly("a1");
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void cancelledInOnNext_isTheLast() {
        Recording one = new Recording() {
            @Override
            public void onNext(Event item) {
                super.onNext(item);
                subscription.cancel();
            }
        };
        comet.publisher(SubscribeOptions.of("a")).subscribe(one);
        one.subscription.request(10);
        publish(3);
        assertThat(one.words).containsExactly("subscribed", "a1");
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void removal_completes_alsoWithoutDemand() {
        subscribe();
        comet.remove("a");
        time.runReady();
        assertThat(seen.take()).containsExactly("complete");
        assertThat(comet.stats().closes()).containsEntry("closed", 1L);
    }

    @Test
    void removal_completesAfterTheRest_asFarAsThereIsDemand() {
        subscribe();
        publish(2);
        comet.remove("a");
        time.runReady();
        assertThat(seen.take()).isEmpty();
        request(1);
        assertThat(seen.take()).containsExactly("a1");
        request(1);
        assertThat(seen.take()).containsExactly("a2", "complete");
    }

    @Test
    void shutdown_completes() {
        subscribe();
        comet.close();
        time.runReady();
        assertThat(seen.take()).containsExactly("complete");
        assertThat(comet.stats().closes()).containsExactly(java.util.Map.entry("shutdown", 1L));
    }

    @Test
    void slow_isToldAGap_whichCountsAsOneEvent() {
        subscribe();
        publish(12);
        request(1);
        assertThat(seen.take()).containsExactly("a:1-7");
        request(2);
        assertThat(seen.take()).containsExactly("a8", "a9");
    }

    @Test
    void eachSubscriber_isOnItsOwn() {
        Flow.Publisher<Event> publisher = comet.publisher(SubscribeOptions.of("a"));
        Recording other = new Recording();
        publisher.subscribe(seen);
        publisher.subscribe(other);
        publish(2);
        request(1);
        other.subscription.request(2);
        time.runReady();
        assertThat(seen.words).containsExactly("subscribed", "a1");
        assertThat(other.words).containsExactly("subscribed", "a1", "a2");
    }

    /** Rules 1.9 and 2.13. */
    @Test
    void refused_isSubscribedFirst_thenTheError() {
        comet.drain(java.time.Duration.ZERO);
        comet.publisher(SubscribeOptions.of("a")).subscribe(seen);
        time.runReady();
        request(1);
        assertThat(seen.take()).containsExactly("subscribed", "error");
        assertThat(seen.error).isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.refusal())
                .isEqualTo(Refusal.SHUTTING_DOWN));
    }

    @Test
    void noSubscriber_isANullPointer() {
        assertThatNullPointerException()
                .isThrownBy(() -> comet.publisher(SubscribeOptions.of("a")).subscribe(null));
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void onSubscribeThatThrows_leavesNothingBehind() {
        assertThatThrownBy(() -> comet.publisher(SubscribeOptions.of("a")).subscribe(new Recording() {
                    @Override
                    public void onSubscribe(Flow.Subscription s) {
                        throw new IllegalStateException("rule 2.13");
                    }
                }))
                .isInstanceOf(IllegalStateException.class);
        publish(1);
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void onNextThatThrows_isTheEnd() {
        Recording broken = new Recording() {
            @Override
            public void onNext(Event item) {
                throw new IllegalStateException("rule 2.13");
            }
        };
        comet.publisher(SubscribeOptions.of("a")).subscribe(broken);
        broken.subscription.request(5);
        publish(2);
        assertThat(broken.words).containsExactly("subscribed");
        assertThat(comet.stats().closes()).containsEntry("failed", 1L);
    }

    /** The race: demand from one thread, publishes from another, a drain on a third: no event lost, none beyond demand. */
    @Test
    void manyThreads_everythingRequestedComes_inOrder() throws Exception {
        int n = 20_000;
        try (Comet hub =
                Comet.builder().historyMessages(n).historyBytes(1 << 24).build()) {
            List<Long> seqs = new ArrayList<>(); // by onNext, whose calls are ordered
            CountDownLatch done = new CountDownLatch(1);
            CountDownLatch subscribed = new CountDownLatch(1);
            Recording reader = new Recording() {
                @Override
                public void onSubscribe(Flow.Subscription s) {
                    super.onSubscribe(s);
                    subscribed.countDown();
                }

                @Override
                public void onNext(Event item) {
                    seqs.add(((Message) item).seq());
                    if (seqs.size() == n) {
                        done.countDown();
                    }
                }
            };
            hub.publisher(SubscribeOptions.of("a")).subscribe(reader);
            Thread publisher = new Thread(() -> IntStream.range(0, n).forEach(i -> hub.publish("a", "x")));
            publisher.start();
            assertThat(subscribed.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < n; i++) {
                reader.subscription.request(1);
            }
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(seqs).isEqualTo(LongStream.rangeClosed(1, n).boxed().toList());
        }
    }

    /** More than one turn's worth is asked for and there: it must all come, with others having a thread in between. */
    @Test
    void busy_letsOthersHaveAThread() {
        AtomicInteger heard = new AtomicInteger();
        Recording busy = new Recording() {
            @Override
            public void onNext(Event item) {
                if (heard.incrementAndGet() < 10_000) {
                    comet.publish("a", "again");
                }
            }
        };
        comet.publisher(SubscribeOptions.of("a")).subscribe(busy);
        busy.subscription.request(Long.MAX_VALUE);
        comet.publish("a", "x");
        AtomicInteger heardBefore = new AtomicInteger();
        time.execute(() -> heardBefore.set(heard.get()));
        time.runReady();
        assertThat(heard).hasValue(10_000);
        assertThat(heardBefore.get()).isLessThan(2000);
    }
}
