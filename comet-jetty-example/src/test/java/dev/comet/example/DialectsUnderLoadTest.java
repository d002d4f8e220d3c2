package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.Message;
import dev.comet.Stats;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each old server's protocol under concurrency: fifty clients that follow their dialect's rules, while four publishers publish
 * 20,000 messages to ten channels of the running example. Nothing here sleeps or measures: publishers and clients wait for each
 * other, and a channel's last message ends its clients.
 */
@Timeout(120)
class DialectsUnderLoadTest {
    private static final int CLIENTS = 50;
    private static final int PUBLISHERS = 4;
    private static final int MESSAGES = 20_000;
    private static final int CHANNELS = 10;
    private static final String LAST = "last";

    /** More than all messages. */
    private static final int LARGE = 100_000;

    private static final int SMALL = 10;

    /** How far a channel may go on without an answer on it; a slow client lets it go nearly as far. */
    private static final int AHEAD = 64;

    private static final int SLOW = 48;

    /** For how many messages a stream's client stays where nothing may be lost. */
    private static final int STAY = 150;

    private enum Dialect {
        ICOMET_POLL {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.IcometPoll(at, channels.get(0));
            }
        },
        ICOMET_STREAM {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.IcometStream(at, channels.get(0), "/icomet/stream", "", stay);
            }
        },
        ICOMET_SSE {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.IcometStream(at, channels.get(0), "/icomet/sse", "data: ", stay);
            }
        },
        SIMPLE_COMET {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.SimpleComet(at, channels);
            }
        },
        STARDUST {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.Stardust(at, channels, id);
            }
        },
        CCOMET {
            @Override
            DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException {
                return new DialectClient.CComet(at, channels.get(0), id);
            }
        };

        abstract DialectClient client(URI at, List<String> channels, int id, int stay) throws IOException;

        int channelsPerClient() {
            return this == SIMPLE_COMET || this == STARDUST ? 2 : 1;
        }

        boolean isStream() {
            return this == ICOMET_STREAM || this == ICOMET_SSE;
        }
    }

    /** Half of the clients come when half of it is published: what the buffer holds is theirs, too. */
    @ParameterizedTest
    @EnumSource
    void everyMessageThatTheBufferHeldOnArrival_isSeenOnce_inTheChannelsOrder(Dialect dialect) throws Exception {
        try (Load load = new Load(dialect, LARGE, AHEAD, 0, CLIENTS / 2, STAY)) {
            load.run();
            assertThat(load.missed()).isZero();
            assertThat(load.stats().lost()).isZero();
        }
    }

    /**
     * Of what the buffer had lost before a reader of several channels came back with a single number, only the fact is known, not
     * how much it was: see {@link dev.comet.Gap#from}. So Simple-Comet's loss is at least what is counted, and was told.
     */
    @ParameterizedTest
    @EnumSource
    void withSmallBuffers_whatAClientMissed_isWhatTheHubHasCounted(Dialect dialect) throws Exception {
        // A stream's client is outrun by publishers that nobody holds back, one that polls by not polling.
        int ahead = dialect.isStream() ? Integer.MAX_VALUE : AHEAD;
        try (Load load = new Load(dialect, SMALL, ahead, SLOW, 0, Integer.MAX_VALUE)) {
            load.run();
            assertThat(load.missed()).isPositive();
            if (dialect == Dialect.SIMPLE_COMET) {
                assertThat(load.stats().lost()).isLessThanOrEqualTo(load.missed());
                assertThat(load.stats().gaps()).isPositive();
            } else {
                assertThat(load.stats().lost()).isEqualTo(load.missed());
            }
        }
    }

    /** One run: the example, its clients and publishers, and what they saw. */
    private static final class Load implements AutoCloseable {
        private final Dialect dialect;
        private final int slow;
        private final int late;
        private final int stay;
        private final Comet comet;
        private final Served served;
        private final Pace pace;
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final CountDownLatch opened;

        /** The place of each payload in its channel. */
        private final List<Map<String, Long>> places = new ArrayList<>();

        private long missed;

        /**
         * The example with nobody in it.
         *
         * @param buffer how many messages a channel keeps
         * @param ahead see {@link Pace}
         * @param slow how many messages a client that polls lets pass before it asks again
         * @param late how many clients come when half of it is published
         * @param stay for how many messages a stream's client stays
         */
        Load(Dialect dialect, int buffer, int ahead, int slow, int late, int stay) throws Exception {
            this.dialect = dialect;
            this.slow = dialect.isStream() ? 0 : slow;
            this.late = late;
            this.stay = stay;
            Options options = Options.parse(
                    "--port=0",
                    "--live-window=" + SMALL,
                    "--history-messages=" + buffer,
                    "--icomet.channel_buffer_size=" + buffer,
                    "--icomet.max_subscribers_per_channel=" + CLIENTS,
                    "--simple-comet.messages-per-channel=" + buffer,
                    "--stardust.channel_length=" + buffer,
                    "--ccomet.history=" + buffer);
            comet = options.settings().comet().build();
            served = Served.byTheExample(comet, options);
            pace = new Pace(CHANNELS, ahead);
            opened = new CountDownLatch(CLIENTS - late);
            for (int channel = 0; channel < CHANNELS; channel++) {
                places.add(new ConcurrentHashMap<>());
                if (dialect == Dialect.SIMPLE_COMET) {
                    comet.channel(name(channel)); // whose clients cannot make one up
                }
            }
        }

        private static String name(int channel) {
            return "c" + channel;
        }

        void run() throws Exception {
            List<Future<Reader>> readers = new ArrayList<>();
            for (int id = 0; id < CLIENTS; id++) {
                Reader reader = new Reader(id);
                readers.add(threads.submit(guarded(reader)));
            }
            opened.await();
            List<Future<Void>> publishers = new ArrayList<>();
            for (int id = 0; id < PUBLISHERS; id++) {
                publishers.add(threads.submit(guarded(publisher(id))));
            }
            for (Future<?> publisher : publishers) {
                publisher.get();
            }
            for (int channel = 0; channel < CHANNELS; channel++) {
                publish(channel, LAST);
            }
            pace.over();
            for (Future<Reader> reader : readers) {
                missed += reader.get(60, TimeUnit.SECONDS).missed();
            }
        }

        /** Whoever fails lets the others go. */
        private <T> Callable<T> guarded(Callable<T> task) {
            return () -> {
                try {
                    return task.call();
                } catch (Throwable e) {
                    pace.over();
                    throw e;
                }
            };
        }

        private Callable<Void> publisher(int id) {
            return () -> {
                for (int n = 0; n < MESSAGES / PUBLISHERS; n++) {
                    int channel = (id + n) % CHANNELS;
                    pace.awaitTurn(channel);
                    publish(channel, id + "." + n);
                    pace.published(channel);
                }
                return null;
            };
        }

        private void publish(int channel, String payload) {
            Message m = comet.publish(name(channel), payload);
            places.get(channel).put(payload, m.seq());
        }

        long missed() {
            return missed;
        }

        Stats stats() {
            return comet.stats();
        }

        @Override
        public void close() {
            threads.shutdownNow();
            comet.close();
            served.close();
        }

        /** One client at work, and what it saw. <i>Owned by one thread, then by the test's.</i> */
        private final class Reader implements Callable<Reader> {
            private final int id;
            private final List<Integer> channels = new ArrayList<>();
            private final Map<String, List<DialectClient.Seen>> seen = new HashMap<>();
            private final Map<String, Long> heldOnArrival = new HashMap<>();

            Reader(int id) {
                this.id = id;
                for (int i = 0; i < dialect.channelsPerClient(); i++) {
                    int channel = (id + 3 * i) % CHANNELS;
                    channels.add(channel);
                    seen.put(name(channel), new ArrayList<>());
                }
            }

            @Override
            public Reader call() throws Exception {
                boolean isLate = id >= CLIENTS - late;
                if (isLate) {
                    pace.awaitTotal(MESSAGES / 2);
                }
                List<String> names = channels.stream().map(Load::name).toList();
                try (DialectClient client = dialect.client(served.uri(), names, id, stay)) {
                    open(client, isLate);
                    int ended = 0;
                    while (ended < names.size()) {
                        long mark = pace.mark(channels);
                        List<DialectClient.Seen> news = client.more();
                        pace.answered(channels);
                        for (DialectClient.Seen message : news) {
                            seen.get(message.channel()).add(message);
                            ended += message.payload().equals(LAST) ? 1 : 0;
                        }
                        pace.awaitMore(channels, mark, slow);
                    }
                }
                return this;
            }

            private void open(DialectClient client, boolean isLate) throws IOException {
                try {
                    client.open();
                    for (int channel : channels) {
                        boolean replays = dialect != Dialect.STARDUST; // its sessions begin with what comes next
                        heldOnArrival.put(
                                name(channel),
                                replays ? 1 : comet.channel(name(channel)).nextSeq());
                    }
                } finally {
                    if (!isLate) {
                        opened.countDown();
                    }
                }
            }

            /** How many messages are missing between what was to be the first and the last. */
            long missed() {
                long missing = 0;
                for (int channel : channels) {
                    missing += missed(name(channel), places.get(channel));
                }
                return missing;
            }

            private long missed(String channel, Map<String, Long> place) {
                long missing = 0;
                long next = 0;
                for (DialectClient.Seen message : seen.get(channel)) {
                    Long seq = place.get(message.payload());
                    assertThat(seq).as("%s, which nobody published", message).isNotNull();
                    assertThat(message.number()).as("%s is %s", message, seq).isIn(0L, seq);
                    if (next == 0) {
                        next = Math.min(seq, heldOnArrival.get(channel)); // Stardust's may begin a little earlier
                    }
                    assertThat(seq).as("%s: twice, or not in order", message).isGreaterThanOrEqualTo(next);
                    missing += seq - next;
                    next = seq + 1;
                }
                assertThat(next).as("the end of %s", channel).isEqualTo(place.get(LAST) + 1);
                return missing;
            }
        }
    }
}
