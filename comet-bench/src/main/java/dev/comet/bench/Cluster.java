package dev.comet.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.redis.RedisLog;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * What a publish costs when hubs share their channels by Redis, beside the hub in memory, in one run: {@code Cluster redis://…
 * [seconds]}. All hubs are in this process, and so is their share of its processors.
 */
public final class Cluster {
    private static final int UNDER_WAY = 256;
    private static final int LISTENERS = 1_000;
    private static final int WARM_UP = 2_000;
    private static final int MESSAGES = 5_000;
    private static final String TEXT = "x".repeat(100);

    private Cluster() {}

    /** See the class. */
    public static void main(String[] args) throws Exception {
        long seconds = args.length > 1 ? Long.parseLong(args[1]) : 3;
        System.out.println(
                "| hubs | publishes/s, 256 under way | one after the other: p50 µs | p99 µs | to the last hub's listener: p50 µs | p99 µs"
                        + " | CPU µs a delivery, 1,000 listeners on each hub |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
        measure("1, in memory", seconds, Comet.builder());
        for (int hubs : new int[] {1, 3}) {
            Comet.Builder[] builders = new Comet.Builder[hubs];
            Arrays.setAll(builders, i -> Comet.builder().log(RedisLog.connect(args[0])));
            measure(hubs + ", Redis", seconds, builders);
        }
        System.exit(0);
    }

    private static void measure(String name, long seconds, Comet.Builder... builders) throws InterruptedException {
        Executor direct = Runnable::run;
        Comet[] hubs = Arrays.stream(builders)
                .map(builder -> builder.listenerExecutor(direct).build())
                .toArray(Comet[]::new);
        AtomicLong arrived = new AtomicLong();
        Semaphore came = new Semaphore(0);
        for (Comet hub : hubs) {
            boolean last = hub == hubs[hubs.length - 1];
            hub.subscribe("news", m -> {
                if (last && m.type().equals("timed")) {
                    arrived.set(System.nanoTime());
                    came.release();
                }
            });
        }
        throughput(hubs[0], 1); // warm
        double rate = throughput(hubs[0], seconds);
        int n = 3000;
        long[] answered = new long[n];
        long[] delivered = new long[n];
        for (int i = 0; i < n; i++) {
            long start = System.nanoTime();
            hubs[0].publish("news", Draft.text(TEXT).withType("timed"));
            answered[i] = System.nanoTime() - start;
            came.acquire();
            delivered[i] = arrived.get() - start;
        }
        double crowd = crowd(hubs);
        System.out.printf(
                Locale.ROOT,
                "| %s | %,.0f | %d | %d | %d | %d | %.2f |%n",
                name,
                rate,
                micros(answered, 50),
                micros(answered, 99),
                micros(delivered, 50),
                micros(delivered, 99),
                crowd);
        for (Comet hub : hubs) {
            hub.close();
        }
    }

    /** What a delivery costs this process, hubs and all, at 500 messages a second. */
    private static double crowd(Comet... hubs) throws InterruptedException {
        LongAdder deliveries = new LongAdder();
        for (Comet hub : hubs) {
            for (int i = 0; i < LISTENERS; i++) {
                hub.subscribe("crowd", m -> deliveries.increment());
            }
        }
        long cpu = 0;
        for (int i = 0; i < WARM_UP + MESSAGES; i++) {
            if (i == WARM_UP) {
                cpu = processCpuNanos();
            }
            long due = System.nanoTime() + 2_000_000;
            hubs[i % hubs.length].publish("crowd", TEXT);
            LockSupport.parkNanos(due - System.nanoTime());
        }
        long expected = (long) (WARM_UP + MESSAGES) * LISTENERS * hubs.length;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (deliveries.sum() < expected) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("delivered " + deliveries.sum() + " of " + expected);
            }
            LockSupport.parkNanos(1_000_000);
        }
        return (processCpuNanos() - cpu) / 1e3 / ((long) MESSAGES * LISTENERS * hubs.length);
    }

    private static long processCpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static double throughput(Comet hub, long seconds) throws InterruptedException {
        Semaphore room = new Semaphore(UNDER_WAY);
        long start = System.nanoTime();
        long n = 0;
        for (; System.nanoTime() - start < TimeUnit.SECONDS.toNanos(seconds); n++) {
            room.acquire();
            hub.publishAsync("news", Draft.text(TEXT)).whenComplete((m, e) -> {
                if (e != null) {
                    System.err.println(e);
                }
                room.release();
            });
        }
        room.acquire(UNDER_WAY);
        return n * 1e9 / (System.nanoTime() - start);
    }

    private static long micros(long[] nanos, int percent) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length * percent / 100] / 1000;
    }
}
