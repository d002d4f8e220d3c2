package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The race: four publishers draw ids and store messages in eight channels, while readers come, read some, and go, with nothing
 * but a cursor. A reader that reports a number before everything up to it is stored loses a message; one that reports too small
 * a number, or a place before what it was handed, gets it twice. So does one whose place is judged without the channel's lock.
 */
class CursorStressTest {
    private static final int PUBLISHERS = 4;
    private static final int EACH = 6_000;
    private static final int READERS = 2;
    private static final String[] CHANNELS = {"a", "b", "c", "d", "e", "f", "g", "h"};

    /** How a reader comes back. */
    private enum By {
        VECTOR {
            @Override
            From resume(Subscriber s) {
                return From.cursor(Cursor.parse(s.cursor().toString()));
            }
        },
        ID {
            @Override
            From resume(Subscriber s) {
                return From.afterId(s.idCursor());
            }
        };

        abstract From resume(Subscriber s);
    }

    private final AtomicInteger publishing = new AtomicInteger(PUBLISHERS);
    private final AtomicLong published = new AtomicLong();
    private final List<AtomicLong> progress = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"VECTOR, 1", "VECTOR, 4", "VECTOR, 8", "ID, 1", "ID, 4", "ID, 8"})
    void historyLargeEnough_eachMessageExactlyOnce_andInOrder(By by, int channels) throws Exception {
        List<Reader> readers = run(by, channels, 100_000, 300);
        for (Reader reader : readers) {
            assertThat(reader.gaps).isZero();
            assertThat(reader.messages).isEqualTo(PUBLISHERS * EACH);
        }
    }

    @ParameterizedTest
    @CsvSource({"VECTOR, 1, 16", "VECTOR, 8, 16", "VECTOR, 8, 2", "ID, 1, 16", "ID, 8, 16", "ID, 8, 4", "ID, 8, 2"})
    void historyTooSmall_whatIsMissingIsTold(By by, int channels, int history) throws Exception {
        List<Reader> readers = run(by, channels, history, 400);
        for (Reader reader : readers) {
            assertThat(reader.messages).isPositive();
            if (by == By.VECTOR) {
                assertThat(reader.messages + reader.lost).isEqualTo(PUBLISHERS * EACH);
            }
        }
        assertThat(readers.stream().mapToLong(r -> r.gaps).sum())
                .as("or the test shows nothing")
                .isPositive();
    }

    /** Publishers stay at most so far ahead of the slowest reader: so that the readers read while they publish. */
    private List<Reader> run(By by, int channels, int history, int lead) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Comet hub = Comet.builder()
                .historyMessages(history)
                .historyBytes(1 << 26)
                .liveWindow(1)
                .build()) {
            String[] names = java.util.Arrays.copyOf(CHANNELS, channels);
            SubscribeOptions options = SubscribeOptions.of(names);
            Subscriber beginning = hub.attach(options, () -> {});
            From start = by.resume(beginning);
            beginning.close(CloseReason.DONE);
            List<Future<Reader>> readers = new ArrayList<>();
            for (int r = 0; r < READERS; r++) {
                progress.add(new AtomicLong());
            }
            for (int r = 0; r < READERS; r++) {
                Reader reader = new Reader(hub, options.withFrom(start), by, new Random(r), progress.get(r));
                readers.add(threads.submit(reader));
            }
            List<Future<?>> publishers = new ArrayList<>();
            for (int p = 0; p < PUBLISHERS; p++) {
                Random random = new Random(100 + p);
                publishers.add(threads.submit(() -> publish(hub, names, random, lead)));
            }
            for (Future<?> publisher : publishers) {
                publisher.get(60, TimeUnit.SECONDS);
            }
            List<Reader> done = new ArrayList<>();
            for (Future<Reader> reader : readers) {
                done.add(reader.get(60, TimeUnit.SECONDS));
            }
            for (Reader reader : done) {
                for (String name : names) {
                    assertThat(reader.place(name).expected)
                            .as("the end of %s", name)
                            .isEqualTo(hub.channel(name).nextSeq());
                }
            }
            return done;
        } finally {
            publishing.set(0);
            threads.shutdownNow();
        }
    }

    private void publish(Comet hub, String[] names, Random random, int lead) {
        try {
            for (int i = 0; i < EACH; i++) {
                hub.publish(names[random.nextInt(names.length)], "x");
                long n = published.incrementAndGet();
                while (progress.stream().anyMatch(seen -> n - seen.get() > lead)) {
                    LockSupport.parkNanos(1_000);
                    if (Thread.interrupted()) {
                        return; // a reader has failed
                    }
                }
            }
        } finally {
            publishing.decrementAndGet();
        }
    }

    /** Where a reader is in one channel. */
    private static final class Place {
        long expected = 1;
        long told;
    }

    /** Attaches, reads a few, goes; until there is no more. What it sees it checks at once. */
    private final class Reader implements Callable<Reader> {
        private final Comet hub;
        private final SubscribeOptions options;
        private final By by;
        private final Random random;
        private final AtomicLong seen;
        private final Map<String, Place> places = new HashMap<>();
        long messages;
        long gaps;
        long lost;
        int room;

        Reader(Comet hub, SubscribeOptions options, By by, Random random, AtomicLong seen) {
            this.hub = hub;
            this.options = options;
            this.by = by;
            this.random = random;
            this.seen = seen;
        }

        @Override
        public Reader call() {
            try {
                From from = options.from();
                boolean last = false;
                while (!last) {
                    Subscriber s = hub.attach(options.withFrom(from), () -> {});
                    last = stay(s);
                    from = by.resume(s);
                    s.close(CloseReason.DONE);
                }
                return this;
            } finally {
                seen.set(Long.MAX_VALUE / 2); // nobody is to wait for it any more
            }
        }

        /** Reads a few times; whether there can be nothing more. */
        private boolean stay(Subscriber s) {
            for (int reads = random.nextInt(4); reads >= 0; reads--) {
                boolean over = publishing.get() == 0; // before the look
                room = 1 + random.nextInt(random.nextInt(10) == 0 ? 200 : 20);
                if (s.read(this::take) == Subscriber.Read.EMPTY && over) {
                    return true;
                }
            }
            return false;
        }

        private boolean take(Event event) {
            Place place = place(event.channel());
            if (event instanceof Message m) {
                if (m.seq() != place.expected && (m.seq() < place.expected || place.told < m.seq() - 1)) {
                    throw new AssertionError(by + " " + m + ": expected " + place.expected + ", told " + place.told);
                }
                place.expected = m.seq() + 1;
                messages++;
                seen.incrementAndGet();
            } else {
                told(place, (Gap) event);
            }
            return --room > 0;
        }

        private void told(Place place, Gap gap) {
            if (gap.reason() != Gap.Reason.LAPPED || gap.to() < place.expected) {
                throw new AssertionError(by + " " + gap + ": expected " + place.expected);
            }
            gaps++;
            if (by == By.VECTOR) {
                if (gap.from() != place.expected) {
                    throw new AssertionError(gap + ": expected " + place.expected);
                }
                place.expected = gap.to() + 1;
                lost += gap.lost();
                seen.addAndGet(gap.lost());
            } else if (gap.to() > place.told) {
                seen.addAndGet(gap.to() - Math.max(place.told, place.expected - 1));
                place.told = gap.to();
            }
        }

        Place place(String channel) {
            return places.computeIfAbsent(channel, name -> new Place());
        }
    }
}
