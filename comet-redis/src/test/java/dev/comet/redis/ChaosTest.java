package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.From;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three hubs, publishers on all of them, readers that wander from one to the next, and all that can break, at random. Every
 * acknowledged message is seen once and in order by every reader; or, only where Redis itself was replaced, the reader is told of
 * a reset.
 */
class ChaosTest {
    private static final int HUBS = 3;
    private static final int PUBLISHERS = 3;
    private static final int READERS = 12;
    private static final List<String> CHANNELS = List.of("a", "b", "c", "d");

    private final RedisServer redis = new RedisServer();
    private final List<Proxy> proxies = new ArrayList<>();
    private final AtomicReferenceArray<Comet> hubs = new AtomicReferenceArray<>(HUBS);
    private final CountDownLatch over = new CountDownLatch(1);
    private final List<String> violations = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, Message> lastAcknowledged = new ConcurrentHashMap<>();
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger seen = new AtomicInteger();
    private final AtomicInteger resets = new AtomicInteger();
    private final AtomicInteger visits = new AtomicInteger();

    @AfterEach
    void close() {
        for (int i = 0; i < HUBS; i++) {
            Comet hub = hubs.get(i);
            if (hub != null) {
                hub.close();
            }
        }
        proxies.forEach(Proxy::close);
        redis.close();
    }

    @Test
    void hubsAndConnectionsFail_nobodyMissesAnything() throws Exception {
        run(Duration.ofSeconds(8), false);
        assertThat(resets).hasValue(0);
    }

    @Test
    void redisIsReplacedToo_whoMayHaveMissedSomethingIsTold() throws Exception {
        run(Duration.ofSeconds(8), true);
        assertThat(resets).hasPositiveValue();
    }

    @Test
    @Tag("proof")
    void hubsAndConnectionsFail_forFiveMinutes_nobodyMissesAnything() throws Exception {
        run(Duration.ofMinutes(5), false);
        assertThat(resets).hasValue(0);
    }

    @Test
    @Tag("proof")
    void redisIsReplacedToo_forFiveMinutes_whoMayHaveMissedSomethingIsTold() throws Exception {
        run(Duration.ofMinutes(5), true);
        assertThat(resets).hasPositiveValue();
    }

    private void run(Duration how, boolean redisToo) throws InterruptedException {
        for (int i = 0; i < HUBS; i++) {
            proxies.add(new Proxy(redis.port()));
            hubs.set(i, hub(i));
        }
        List<Thread> threads = new ArrayList<>();
        List<Reader> readers = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            Reader reader = new Reader(i);
            readers.add(reader);
            threads.add(start(reader::wander));
        }
        for (int i = 0; i < PUBLISHERS; i++) {
            Random random = new Random(1000 + i);
            threads.add(start(() -> publish(random)));
        }
        Thread chaos = start(() -> breakThings(new Random(7), redisToo));
        assertThat(over.await(how.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
        over.countDown();
        chaos.join();
        for (Thread thread : threads) {
            thread.join();
        }
        proxies.forEach(Proxy::mend);
        readers.forEach(Reader::finish);
        System.out.printf(
                Locale.ROOT,
                "%d acknowledged, %d refused, %d seen by %d readers on %d visits, %d resets, %d violations%n",
                acknowledged.get(),
                refused.get(),
                seen.get(),
                READERS,
                visits.get(),
                resets.get(),
                violations.size());
        assertThat(violations).isEmpty();
        assertThat(acknowledged).hasValueGreaterThan(100);
    }

    private Comet hub(int i) {
        RedisLog log = RedisLog.builder(proxies.get(i).uri())
                .timeout(Duration.ofMillis(400))
                .build();
        return Comet.builder()
                .historyMessages(100_000)
                .historyBytes(64 << 20)
                .log(log)
                .build();
    }

    private Thread start(Runnable task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException | Error e) {
                        violations.add(e + " at " + e.getStackTrace()[0]);
                    }
                },
                "chaos");
        thread.start();
        return thread;
    }

    /** Whether it is not over yet, after so long. */
    private boolean pause(long millis) {
        try {
            return !over.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void publish(Random random) {
        for (int i = 0; pause(random.nextInt(3)); i++) {
            try {
                Message m =
                        hubs.get(random.nextInt(HUBS)).publish(CHANNELS.get(random.nextInt(CHANNELS.size())), "" + i);
                acknowledged.incrementAndGet();
                lastAcknowledged.merge(m.channel(), m, (x, y) -> x.id() > y.id() ? x : y);
            } catch (RefusedException e) {
                check(e);
                refused.incrementAndGet();
            }
        }
    }

    private void check(RefusedException e) {
        if (e.refusal() != Refusal.UNAVAILABLE && e.refusal() != Refusal.SHUTTING_DOWN) {
            violations.add("refused: " + e.refusal() + " " + e.detail());
        }
    }

    private void breakThings(Random random, boolean redisToo) {
        while (pause(random.nextInt(200))) {
            int i = random.nextInt(HUBS);
            int what = random.nextInt(redisToo ? 8 : 7);
            if (what < 3) {
                proxies.get(i).cut();
                pause(random.nextInt(150));
                proxies.get(i).mend();
            } else if (what < 5) {
                proxies.get(i).fallSilent(true);
                pause(random.nextInt(600));
                proxies.get(i).fallSilent(false);
            } else if (what < 7) {
                Comet dying = hubs.get(i);
                hubs.set(i, hub(i));
                dying.close();
            } else {
                redis.kill();
                pause(random.nextInt(100));
                redis.start();
            }
        }
    }

    /** One reader, which follows all channels, now here, now there. <i>Owned by its thread.</i> */
    private final class Reader {
        private final Random random;
        private final boolean byNumber;
        private final Map<String, Integer> epochs = new HashMap<>();
        private final Map<String, Long> next = new HashMap<>();
        private From place = From.oldest();

        Reader(int i) {
            random = new Random(i);
            byNumber = i % 2 == 0;
        }

        void wander() {
            while (pause(0)) {
                visit(() -> random.nextInt(100) > 3);
            }
        }

        /** Until it has what was acknowledged last on each channel. */
        void finish() {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!hasAll() && violations.isEmpty()) {
                if (System.nanoTime() > end) {
                    violations.add("a reader " + (byNumber ? "by number" : "by vector") + " is at " + next + " of "
                            + epochs + ", and last were " + lastAcknowledged);
                }
                visit(() -> !hasAll() && random.nextInt(100) > 3);
            }
        }

        private boolean hasAll() {
            return lastAcknowledged.values().stream()
                    .allMatch(m -> epochs.getOrDefault(m.channel(), 0) != m.epoch()
                            ? isOver(m)
                            : next.get(m.channel()) > m.seq());
        }

        /** Its life was lost with a Redis: this reader is in a later one, and was told. */
        private boolean isOver(Message m) {
            return resets.get() > 0 && hubs.get(0).channel(m.channel()).epoch() != m.epoch();
        }

        private void visit(java.util.function.BooleanSupplier stays) {
            Semaphore woken = new Semaphore(1);
            Subscriber subscriber;
            try {
                subscriber = hubs.get(random.nextInt(HUBS))
                        .attach(
                                SubscribeOptions.of(CHANNELS.toArray(String[]::new))
                                        .withFrom(place),
                                woken::release);
            } catch (RefusedException e) {
                check(e);
                return;
            }
            visits.incrementAndGet();
            do {
                try {
                    if (woken.tryAcquire(20, TimeUnit.MILLISECONDS)) {
                        woken.drainPermits();
                        subscriber.read(this::see);
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            } while (stays.getAsBoolean() && subscriber.ending().isEmpty());
            place = byNumber
                    ? From.afterId(subscriber.idCursor())
                    : From.cursor(subscriber.cursor(), (From.Last) From.oldest());
            subscriber.close(CloseReason.DONE);
        }

        private boolean see(Event event) {
            if (event instanceof Gap gap) {
                resets.incrementAndGet();
                next.put(gap.channel(), gap.to() + 1);
                epochs.remove(gap.channel());
                return random.nextInt(20) > 0;
            }
            Message m = (Message) event;
            seen.incrementAndGet();
            int epoch = epochs.computeIfAbsent(m.channel(), c -> m.epoch());
            long expected = next.getOrDefault(m.channel(), 1L);
            if (m.seq() != expected || m.epoch() != epoch) {
                violations.add((byNumber ? "by number: " : "by vector: ") + m + " where " + epoch + "." + expected
                        + " was next");
            }
            next.put(m.channel(), m.seq() + 1);
            return random.nextInt(20) > 0;
        }
    }
}
