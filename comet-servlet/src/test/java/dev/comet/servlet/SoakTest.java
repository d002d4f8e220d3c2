package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Half an hour with ten thousand subscribers of Jetty, who come and go, and messages all the time: nothing is lost or doubled, and
 * neither the heap nor the latency grows. The time is cut into thirty periods; after each the heap is measured, after a collection, and
 * what the clients, a process of their own, have seen.
 */
@Tag("soak")
final class SoakTest {
    private static final Logger LOG = Logger.getLogger(SoakTest.class.getName());
    private static final int MINUTES = Integer.getInteger("comet.soak.minutes", 30);
    private static final int SUBSCRIBERS = Integer.getInteger("comet.soak.subscribers", 10_000);
    private static final int CHANNELS = Math.max(1, SUBSCRIBERS / 100);
    private static final int PER_SECOND = 50;
    private static final int PERIODS = 30;
    private static final long PERIOD_MILLIS = MINUTES * 60_000L / PERIODS;
    private static final long MIB = 1 << 20;

    /** What one period has shown. */
    private record Period(long heap, long p99Micros) {}

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void memoryAndLatencyStayFlat_andNothingIsLost() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        JettyContainer container = new JettyContainer();
        try (Comet comet = Comet.builder().historyMessages(1000).build()) {
            CometConfig config =
                    CometConfig.builder().heartbeat(Duration.ofSeconds(5)).build();
            container.start(Map.of("/comet", new CometServlet(comet, config)), Map.of());
            Process clients = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx512m",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            SoakClients.class.getName(),
                            Integer.toString(container.port()),
                            Integer.toString(SUBSCRIBERS),
                            Integer.toString(CHANNELS),
                            Long.toString(PERIOD_MILLIS),
                            Integer.toString(PERIODS))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(clients.getInputStream(), StandardCharsets.UTF_8))) {
                Future<Long> publisher = threads.submit(() -> publish(comet, over));
                List<Period> periods = new ArrayList<>();
                String line = lines.readLine();
                for (; line != null && !line.startsWith("end"); line = lines.readLine()) {
                    long heap = ContractTest.heap();
                    LOG.info(line + " heap=" + heap + " subscribers="
                            + comet.stats().subscribers());
                    if (line.startsWith("period")) {
                        periods.add(new Period(heap, figure(line, "p99")));
                    }
                }
                over.set(true);
                LOG.info(line + "; published " + publisher.get() + ", closes "
                        + comet.stats().closes());
                judge(line, periods);
            } finally {
                clients.destroyForcibly();
            }
        } finally {
            over.set(true);
            threads.shutdown();
            container.stop();
        }
    }

    private static long publish(Comet comet, AtomicBoolean over) {
        long began = System.nanoTime();
        long n = 0;
        for (; !over.get(); n++) {
            comet.publish("c" + n % CHANNELS, n / CHANNELS + " " + SoakClients.micros());
            LockSupport.parkNanos(began + n * 1_000_000_000L / PER_SECOND - System.nanoTime());
        }
        return n;
    }

    private static void judge(String end, List<Period> periods) {
        assertThat(end).as("how it ended").startsWith("end");
        assertThat(periods).hasSize(PERIODS);
        assertThat(figure(end, "lost")).as("lost").isZero();
        assertThat(figure(end, "doubled")).as("doubled").isZero();
        assertThat(figure(end, "refused")).as("refused").isZero();
        assertThat(figure(end, "messages")).as("messages").isPositive();
        assertThat(figure(end, "reconnects")).as("reconnects").isPositive();
        // The first third warms up; of the others the medians are compared, for one period may have had a bad moment.
        long[] heaps = periods.stream().mapToLong(Period::heap).toArray();
        long[] p99s = periods.stream().mapToLong(Period::p99Micros).toArray();
        long heapThen = median(heaps, PERIODS / 3, 2 * PERIODS / 3);
        long heapNow = median(heaps, 2 * PERIODS / 3, PERIODS);
        long p99Then = median(p99s, PERIODS / 3, 2 * PERIODS / 3);
        long p99Now = median(p99s, 2 * PERIODS / 3, PERIODS);
        LOG.info("heap " + heapThen + ", then " + heapNow + "; p99 " + p99Then + " us, then " + p99Now + " us");
        assertThat(heapNow).as("heap in the end, after %d", heapThen).isLessThan(heapThen + heapThen / 20 + 2 * MIB);
        assertThat(p99Now).as("p99 in the end, after %d", p99Then).isLessThan(2 * p99Then + 20_000);
    }

    private static long median(long[] of, int from, int to) {
        long[] part = Arrays.copyOfRange(of, from, to);
        Arrays.sort(part);
        return part[part.length / 2];
    }

    private static long figure(String line, String name) {
        for (String word : line.split(" ", -1)) {
            if (word.startsWith(name + "=")) {
                return Long.parseLong(word.substring(name.length() + 1));
            }
        }
        throw new AssertionError("no " + name + " in " + line);
    }
}
