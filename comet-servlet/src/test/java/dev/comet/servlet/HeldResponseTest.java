package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.Scheduler;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A held response whose socket takes everything, on threads that the test plays: {@link ContractTest} has the real ones. */
final class HeldResponseTest {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final AtomicInteger completed = new AtomicInteger();
    private final Comet comet =
            Comet.builder().historyMessages(2_000).scheduler(new Played()).build();
    private final Holds holds = new Holds(comet, Duration.ofMinutes(1), 1);
    private HeldResponse held;
    private Subscriber subscriber;
    private int bytes;

    @BeforeEach
    void aClientThatIsFarBehind() {
        for (int i = 0; i < 1_000; i++) {
            comet.publish("a", "x".repeat(1_000));
        }
        tasks.clear();
        held = new HeldResponse(holds, new Plain());
        subscriber = comet.attach(SubscribeOptions.of("a").withFrom(dev.comet.From.oldest()), held);
        held.start(subscriber, async(), new Bottomless());
        held.onWritePossible();
        assertThat(bytes).isBetween(1, 999_999);
        assertThat(tasks).as("the rest of its turns").hasSize(1);
    }

    @AfterEach
    void close() {
        comet.close();
    }

    @Test
    void drainer_handsOverAfterItsShare_andTheNextGoesOn() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        assertThat(bytes).isEqualTo(1_000_000);
        assertThat(completed).hasValue(0);
    }

    /** Regresses a leak: the hub's threads were stopped between two drainers, and the place was nobody's. */
    @Test
    void close_betweenTwoDrainers_completesOnce() {
        tasks.clear(); // what a scheduler that is shut down does
        holds.close(Duration.ofMillis(1));
        assertThat(completed).hasValue(1);
        assertThat(holds.count()).isZero();
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void close_betweenTwoDrainers_leavesNothingToTheSecond() {
        int before = bytes;
        holds.close(Duration.ofMillis(1));
        tasks.forEach(Runnable::run);
        assertThat(bytes).isEqualTo(before);
        assertThat(completed).hasValue(1);
    }

    private AsyncContext async() {
        return (AsyncContext) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {AsyncContext.class}, (proxy, method, args) -> {
                    if (method.getName().equals("complete")) {
                        completed.incrementAndGet();
                    }
                    return null;
                });
    }

    private final class Bottomless extends ServletOutputStream {
        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {}

        @Override
        public void write(int b) {
            bytes++;
        }

        @Override
        public void write(byte[] b, int from, int length) {
            bytes += length;
        }
    }

    private static final class Plain implements Framing {
        @Override
        public List<Header> headers() {
            return List.of();
        }

        @Override
        public boolean event(Event event, Subscriber at, Frames out) {
            out.add(((dev.comet.Message) event).payload());
            return true;
        }

        @Override
        public Duration holdFor() {
            return Duration.ofMinutes(1);
        }

        @Override
        public CloseReason expiry() {
            return CloseReason.MAX_AGE;
        }

        @Override
        public void end(CloseReason reason, Subscriber at, Frames out) {}
    }

    private final class Played implements Scheduler {
        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return 0;
        }

        @Override
        public Timer schedule(Runnable task, long delayNanos) {
            return () -> true;
        }
    }
}
