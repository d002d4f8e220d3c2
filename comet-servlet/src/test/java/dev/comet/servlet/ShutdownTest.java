package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.Client.Exchange;
import dev.comet.servlet.Client.SseEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A server that is drained while messages come, and starts again as another process does: with an empty history. Clients that
 * follow the rules know exactly up to where they have seen everything, come back spread over some time, and are told that what was between
 * is gone.
 */
@Timeout(60)
final class ShutdownTest {
    private static final int EACH = 15;
    private static final String CHANNEL = "news";

    /** How a client left: up to which number it saw everything, the cursor that says so, and when it was told to come back. */
    private record Left(long seen, String cursor, long retryMillis) {}

    @ParameterizedTest
    @EnumSource
    void drained_underLoad_everybodyLeavesInOrder_andIsToldAfterTheRestart(Server server) throws Exception {
        List<Left> all = drained(server);
        assertThat(all).hasSize(3 * EACH);
        Set<Long> retries = new TreeSet<>();
        all.forEach(left -> retries.add(left.retryMillis));
        assertThat(retries)
                .as("when they come back")
                .hasSizeGreaterThan(EACH / 2)
                .allSatisfy(retry -> assertThat(retry).isBetween(800L, 1200L));

        Container container = server.container();
        try (Comet comet = Comet.builder().build()) {
            container.start(Map.of("/comet", new CometServlet(comet, config())), Map.of());
            comet.publish(CHANNEL, "1");
            for (Left left : all) {
                try (Client client = new Http1Client(container.port(), 0)) {
                    String answer = client.get("/comet/events?as=poll&channel=" + CHANNEL + "&cursor=" + left.cursor)
                            .rest();
                    assertThat(Wire.all(answer, "reason")).as(answer).containsExactly("reset");
                }
            }
        } finally {
            container.stop();
        }
    }

    private static CometConfig config() {
        return CometConfig.builder().retry(Duration.ofSeconds(1)).build();
    }

    private static List<Left> drained(Server server) throws Exception {
        Container container = server.container();
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        try (Comet comet = Comet.builder().historyMessages(100_000).build()) {
            CometServlet endpoint = new CometServlet(comet, config());
            container.start(Map.of("/comet", endpoint), Map.of());
            int port = container.port();
            CountDownLatch busy = new CountDownLatch(3 * EACH);
            List<Future<Left>> leaving = new ArrayList<>();
            for (int i = 0; i < EACH; i++) {
                leaving.add(threads.submit(() -> events(port, busy)));
                leaving.add(threads.submit(() -> lines(port, busy)));
                leaving.add(threads.submit(() -> polls(port, busy)));
            }
            Future<Long> publisher = threads.submit(() -> {
                long n = 0;
                while (!over.get()) {
                    comet.publish(CHANNEL, Long.toString(++n));
                    LockSupport.parkNanos(1_000_000);
                }
                return n;
            });
            busy.await();

            assertThat(comet.drain(Duration.ofSeconds(10))).as("all have left").isTrue();
            assertThat(comet.stats().subscribers()).isZero();
            refused(port);
            over.set(true);
            long published = publisher.get();
            List<Left> all = new ArrayList<>();
            for (Future<Left> one : leaving) {
                Left left = one.get(20, TimeUnit.SECONDS);
                assertThat(left.seen).isBetween(1L, published);
                assertThat(left.cursor)
                        .isEqualTo(
                                String.format("%08x.%d", comet.channel(CHANNEL).epoch(), left.seen + 1));
                all.add(left);
            }
            ContractTest.await("no held response", () -> endpoint.held() == 0);
            return all;
        } finally {
            over.set(true);
            threads.shutdown();
            container.stop();
        }
    }

    private static void refused(int port) throws IOException {
        try (Client client = new Http1Client(port, 0)) {
            Exchange late = client.get("/comet/events?channel=" + CHANNEL);
            assertThat(late.status()).isEqualTo(503);
            assertThat(late.header("Content-Type")).contains("application/problem+json");
            assertThat(late.rest()).contains("\"status\":503");
            assertThat(Long.parseLong(late.header("Retry-After").orElseThrow())).isPositive();
        }
    }

    // ---- clients that follow the rules

    private static Left events(int port, CountDownLatch busy) throws IOException {
        try (Client client = new Http1Client(port, 0)) {
            Exchange stream = client.get("/comet/events?from=oldest&channel=" + CHANNEL, "Accept: text/event-stream");
            SseEvent first = stream.event();
            long retry = Long.parseLong(first.retry());
            String cursor = first.id();
            long seen = 0;
            for (SseEvent event = stream.event(); !event.type().equals("close"); event = stream.event()) {
                assertThat(event.data()).isEqualTo(Long.toString(++seen));
                cursor = event.id();
                busy(seen - 1, seen, busy);
            }
            assertThat(stream.event()).as("after the last words").isNull();
            return new Left(seen, cursor, retry);
        }
    }

    private static Left lines(int port, CountDownLatch busy) throws IOException {
        try (Client client = new Http1Client(port, 0)) {
            Exchange stream = client.get("/comet/events?as=ndjson&from=oldest&channel=" + CHANNEL);
            String line = stream.object();
            long retry = Long.parseLong(Wire.first(line, "retry"));
            String cursor = Wire.first(line, "cursor");
            long seen = 0;
            for (line = stream.object(); !line.contains("\"close\""); line = stream.object()) {
                assertThat(Wire.first(line, "data")).isEqualTo(Long.toString(++seen));
                cursor = Wire.first(line, "cursor");
                busy(seen - 1, seen, busy);
            }
            assertThat(line).contains("\"reason\":\"shutdown\"");
            return new Left(seen, cursor, retry);
        }
    }

    /** Until it is refused. Whoever polls has no retry: it comes back after Retry-After, as spread as its own poll was. */
    private static Left polls(int port, CountDownLatch busy) throws IOException {
        String from = "from=oldest";
        String cursor = "";
        for (long seen = 0; ; ) {
            try (Client client = new Http1Client(port, 0)) {
                Exchange answer = client.get("/comet/events?as=poll&channel=" + CHANNEL + "&" + from);
                if (answer.status() == 503) {
                    assertThat(answer.header("Retry-After")).isPresent();
                    return new Left(seen, cursor, 1000);
                }
                String json = answer.rest();
                long before = seen;
                assertThat(json).contains("\"gaps\":[]");
                for (String data : Wire.all(json, "data")) {
                    assertThat(data).isEqualTo(Long.toString(++seen));
                }
                cursor = Wire.first(json, "cursor");
                from = "cursor=" + cursor;
                busy(before, seen, busy);
            }
        }
    }

    /** Counts a client once, when it has its twentieth message. */
    private static void busy(long before, long seen, CountDownLatch busy) {
        if (before < 20 && seen >= 20) {
            busy.countDown();
        }
    }
}
