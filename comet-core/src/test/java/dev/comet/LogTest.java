package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The log behind publishing, with one that answers when the test says so, as one across a network would. */
class LogTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final DelayedLog log = new DelayedLog();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).log(log).build();
    private final Subscriber reader = comet.attach(SubscribeOptions.of("a"), () -> {});

    private static final class DelayedLog implements Log {
        final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

        @Override
        public CompletionStage<Message> append(Channel channel, Message.Kind kind, Draft draft) {
            CompletableFuture<Message> place = new CompletableFuture<>();
            waiting.add(() -> {
                if (draft.payload().equals("broken")) {
                    place.completeExceptionally(new IllegalStateException("the log is down"));
                } else {
                    place.complete(channel.feed.append(kind, draft));
                }
            });
            return place;
        }

        @Override
        public Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
            return append(channel, kind, draft).toCompletableFuture().join();
        }

        /** Answers the oldest request; waits for it, if need be. */
        void answer() {
            Runnable oldest = waiting.poll();
            while (oldest == null) {
                Thread.onSpinWait();
                oldest = waiting.poll();
            }
            oldest.run();
        }
    }

    @Test
    void publish_waitsForTheLog() throws Exception {
        FutureTask<Message> publish = new FutureTask<>(() -> comet.publish("a", "x"));
        Thread publisher = new Thread(publish);
        publisher.start();
        while (publisher.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertThat(Seen.of(reader)).isEmpty();
        assertThat(comet.stats().published()).isZero();
        log.answer();
        assertThat(publish.get(10, TimeUnit.SECONDS).seq()).isEqualTo(1);
        assertThat(Seen.of(reader)).containsExactly("a1");
        assertThat(comet.stats().published()).isEqualTo(1);
    }

    @Test
    void publishAsync_completesLater_inTheLogsOrder() {
        CompletableFuture<Message> one =
                comet.publishAsync("a", Draft.text("x")).toCompletableFuture();
        CompletableFuture<Message> two =
                comet.channel("a").publishAsync(Draft.text("y")).toCompletableFuture();
        assertThat(one).isNotDone();
        log.answer();
        assertThat(one).isCompletedWithValueMatching(m -> m.seq() == 1);
        assertThat(two).isNotDone();
        log.answer();
        assertThat(two).isCompletedWithValueMatching(m -> m.seq() == 2);
        time.runReady();
        assertThat(Seen.of(reader)).containsExactly("a1", "a2");
        assertThat(comet.stats().published()).isEqualTo(2);
    }

    @Test
    void publishAsync_theLifeIsOverWhenTheLogAnswers_anotherIsOpened_withItsOptions() {
        ChannelOptions options = ChannelOptions.DEFAULT.withHistoryMessages(7);
        Channel b = comet.channel("b", options);
        CompletableFuture<Message> published = b.publishAsync(Draft.text("x")).toCompletableFuture();
        b.remove();
        log.answer();
        assertThat(published).isNotDone();
        log.answer();
        assertThat(published).isCompletedWithValueMatching(m -> m.seq() == 1 && m.epoch() != b.epoch());
        assertThat(comet.channel("b").options()).isEqualTo(options);
        assertThat(comet.stats().published()).isEqualTo(1);
    }

    @Test
    void publish_theLifeIsOverWhenTheLogAnswers_anotherIsOpened_withItsOptions() throws Exception {
        ChannelOptions options = ChannelOptions.DEFAULT.withHistoryMessages(7);
        Channel b = comet.channel("b", options);
        FutureTask<Message> publish = new FutureTask<>(() -> b.publish("x"));
        new Thread(publish).start();
        while (log.waiting.isEmpty()) {
            Thread.onSpinWait();
        }
        b.remove();
        log.answer();
        log.answer();
        assertThat(publish.get(10, TimeUnit.SECONDS).epoch()).isNotEqualTo(b.epoch());
        assertThat(comet.channel("b").options()).isEqualTo(options);
    }

    @Test
    void publishAsync_theHubIsClosedWhenTheLogAnswers_isRefused() {
        CompletableFuture<Message> published =
                comet.publishAsync("a", Draft.text("x")).toCompletableFuture();
        comet.close();
        log.answer();
        assertThatThrownBy(published::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(Refusal.SHUTTING_DOWN));
        assertThat(comet.channels()).isEmpty();
    }

    @Test
    void logFails_theCallerIsTold_andNothingIsCounted() {
        CompletableFuture<Message> published =
                comet.publishAsync("a", Draft.text("broken")).toCompletableFuture();
        log.answer();
        assertThatThrownBy(published::join).hasRootCauseMessage("the log is down");
        assertThat(comet.stats().published()).isZero();
        assertThat(Seen.of(reader)).isEmpty();
    }

    @Test
    void refusedBeforeTheLog_isAFailedStage_neverThrown() {
        assertThat(comet.publishAsync("a/b", Draft.text("x"))).isCompletedExceptionally();
        assertThat(comet.channel("a").publishAsync(Draft.text("x".repeat((1 << 20) + 1))))
                .isCompletedExceptionally();
        assertThat(log.waiting).isEmpty();
    }

    @Test
    void whileTheLogTakesItsTime_theChannelIsNotLocked() {
        CompletableFuture<Message> published =
                comet.publishAsync("a", Draft.text("x")).toCompletableFuture();
        comet.attach(SubscribeOptions.of("a"), () -> {}).close(CloseReason.DONE);
        comet.channel("a").clear();
        time.advance(Duration.ofMinutes(1));
        log.answer();
        assertThat(published).isCompleted();
    }

    @Test
    void memoryLog_isAtOnce() {
        Comet plain = Comet.builder().scheduler(time).listenerExecutor(time).build();
        assertThat(plain.publishAsync("a", Draft.text("x")).toCompletableFuture())
                .isCompletedWithValueMatching(m -> m.seq() == 1);
    }
}
