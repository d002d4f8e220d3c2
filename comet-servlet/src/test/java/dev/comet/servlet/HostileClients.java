package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.servlet.Client.Exchange;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that mean no good. Each {@link Trick} has a thread of its own, and is played again and again; what it leaves open stays
 * open, the latest few hundred of it, until {@link #close}. <i>Owned by the test's thread.</i>
 */
final class HostileClients implements Closeable {
    /** On which they wait for messages that are larger than their buffers. */
    static final String CHANNEL = "flood";

    private static final String STREAM = "/comet/events?channel=" + CHANNEL;
    private static final int LEFT_OPEN = 300;
    private static final int AT_A_TIME = 50;

    /** The least that the kernel takes. */
    private static final int SMALL_BUFFER = 4096;

    /** What they do. */
    enum Trick {
        /** Ask for a stream, and never read. */
        NEVER_READS(50) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                of.leaveOpen(of.connect(SMALL_BUFFER)).get(STREAM);
            }
        },
        /** Read a byte, a long while later the next. */
        READS_BYTE_BY_BYTE(100) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.leaveOpen(of.connect(SMALL_BUFFER));
                client.get(STREAM);
                of.byByte.add(() -> client.socket.getInputStream().available() == 0
                        || client.socket.getInputStream().read() >= 0);
            }
        },
        /** Send a byte, a long while later the next: of a request's head, or of a body. */
        SENDS_BYTE_BY_BYTE(100) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.leaveOpen(of.connect(SMALL_BUFFER));
                if (random.nextBoolean()) {
                    unfinishedBody(client, 100);
                    of.byByte.add(sender(client, "x".repeat(90)));
                } else {
                    of.byByte.add(sender(client, "GET " + STREAM + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
                }
            }

            private Step sender(Http1Client client, String text) {
                byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
                int[] sent = {0};
                return () -> {
                    client.socket.getOutputStream().write(bytes[sent[0]++]);
                    return sent[0] < bytes.length;
                };
            }
        },
        /** Reset the connection in the middle: of a stream, of an answer, of a body. */
        RESETS_IN_THE_MIDDLE(25) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.connect(0);
                try {
                    switch (random.nextInt(3)) {
                        case 0 -> {
                            Exchange stream = client.get(STREAM);
                            for (int bytes = random.nextInt(5_000); bytes >= 0 && stream.read() >= 0; bytes--) {}
                        }
                        case 1 -> client.get(STREAM + "&as=poll&from=oldest").status();
                        default -> unfinishedBody(client, 1 + random.nextInt(100_000));
                    }
                } finally {
                    client.abort();
                }
            }
        },
        /** Say that no more will come, after a request or within one, and stay. */
        HALF_CLOSES(50) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.leaveOpen(of.connect(SMALL_BUFFER));
                switch (random.nextInt(3)) {
                    case 0 -> client.get(STREAM);
                    case 1 -> client.raw("GET " + STREAM + " HTTP/1.1\r\nHos");
                    default -> unfinishedBody(client, 100);
                }
                client.socket.shutdownOutput();
            }
        },
        /** Send thirty polls in one go, each of which must be answered in its turn; then a stream, and as many behind it. */
        PIPELINES(100) {
            private static final int REQUESTS = 30;

            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.leaveOpen(of.connect(SMALL_BUFFER));
                List<Exchange> polls = new ArrayList<>();
                for (int i = 0; i < REQUESTS; i++) {
                    polls.add(client.get("/comet/events?as=poll&wait=0&channel=p" + i));
                }
                int[] answered = {0};
                for (Exchange poll : polls) {
                    assertThat(poll.status()).isEqualTo(200);
                    assertThat(poll.rest()).as("answer %d", answered[0]++).contains("\"cursor\"");
                }
                client.get(STREAM);
                for (int i = 0; i < REQUESTS; i++) {
                    client.get(STREAM);
                }
            }
        },
        /** Come and go at once: with no request, half a one, a whole one, one that makes a session. */
        COMES_AND_GOES(5) {
            @Override
            void play(HostileClients of, Random random) throws IOException {
                Http1Client client = of.connect(0);
                try {
                    switch (random.nextInt(8)) {
                        case 0 -> client.get("/stardust/channel/" + CHANNEL + "/stream/0." + random.nextInt(1 << 30));
                        case 1 -> client.raw("GET " + STREAM);
                        case 2, 3 -> client.get(STREAM + "&as=poll");
                        case 4, 5 -> client.get(STREAM);
                        default -> {}
                    }
                } finally {
                    client.abort();
                }
            }
        };

        private final long pauseNanos;

        Trick(int pauseMillis) {
            this.pauseNanos = Duration.ofMillis(pauseMillis).toNanos();
        }

        abstract void play(HostileClients of, Random random) throws IOException;

        private static void unfinishedBody(Http1Client client, int length) throws IOException {
            client.open("POST", "/admin/channels/x", "Content-Length: " + length, "Content-Type: text/plain")
                    .write(new byte[] {'x'}, false);
        }
    }

    /** The next byte of a client that takes its time; false when there is none left. */
    private interface Step {
        boolean take() throws IOException;
    }

    private final int port;
    private final Duration perByte;
    private final Map<Trick, LongAdder> played = new EnumMap<>(Trick.class);
    private final Map<Trick, LongAdder> brokenOff = new EnumMap<>(Trick.class);
    private final LinkedBlockingQueue<Http1Client> leftOpen = new LinkedBlockingQueue<>();
    private final Queue<Step> byByte = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * Those of a server.
     *
     * @param perByte how long those that go byte by byte take for each
     */
    HostileClients(int port, Duration perByte) {
        this.port = port;
        this.perByte = perByte;
        for (Trick trick : Trick.values()) {
            played.put(trick, new LongAdder());
            brokenOff.put(trick, new LongAdder());
        }
    }

    private Http1Client connect(int receiveBuffer) throws IOException {
        return new Http1Client(port, receiveBuffer);
    }

    private Http1Client leaveOpen(Http1Client client) throws IOException {
        leftOpen.add(client);
        if (leftOpen.size() > LEFT_OPEN) {
            leftOpen.remove().abort();
        }
        return client;
    }

    /** Plays them all for so long, and until each was played so often. */
    void play(Duration atLeast, int times, long seed) throws InterruptedException, ExecutionException {
        long end = System.nanoTime() + atLeast.toNanos();
        List<Future<?>> all = new ArrayList<>();
        for (Trick trick : Trick.values()) {
            Random random = new Random(seed + trick.name().hashCode());
            LongAdder count = played.get(trick);
            long until = count.sum() + times;
            all.add(threads.submit(() -> {
                while (System.nanoTime() - end < 0 || count.sum() < until) {
                    play(trick, random);
                    LockSupport.parkNanos(trick.pauseNanos);
                }
            }));
        }
        Future<?> slow = threads.submit(() -> {
            while (!Thread.interrupted()) {
                byByte.removeIf(step -> !taken(step));
                for (int over = byByte.size() - AT_A_TIME; over > 0; over--) {
                    byByte.remove();
                }
                LockSupport.parkNanos(perByte.toNanos());
            }
        });
        try {
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            slow.cancel(true);
        }
    }

    private void play(Trick trick, Random random) {
        played.get(trick).increment();
        try {
            trick.play(this, random);
        } catch (SocketTimeoutException e) {
            throw new AssertionError(trick + ": the server does not answer", e);
        } catch (IOException e) {
            brokenOff.get(trick).increment(); // the server has had enough, which is its right
        }
    }

    private static boolean taken(Step step) {
        try {
            return step.take();
        } catch (IOException e) {
            return false; // likewise
        }
    }

    /** How often each was played, and how often the server broke it off. */
    String figures() {
        StringBuilder figures = new StringBuilder();
        played.forEach((trick, n) -> figures.append(trick.name().toLowerCase(java.util.Locale.ROOT))
                .append(' ')
                .append(n)
                .append(" (")
                .append(brokenOff.get(trick))
                .append(" broken off), "));
        return figures.append(leftOpen.size()).append(" left open").toString();
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        for (Http1Client client : leftOpen) {
            client.close();
        }
        leftOpen.clear();
        byByte.clear();
    }
}
