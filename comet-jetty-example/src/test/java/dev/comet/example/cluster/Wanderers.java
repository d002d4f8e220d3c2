package dev.comet.example.cluster;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Thousands of {@link Wanderer}s: one thread, one selector. <i>Thread-safe, but for what only its own thread calls.</i> */
final class Wanderers implements Executor, AutoCloseable {
    /** Between two nodes, on average. A third of them stay until their node dies: they would notice one that is stuck. */
    static final int STAY_MILLIS = 8_000;

    private static final int CONNECTS_AT_A_TIME = 64;

    private final List<ExampleNode> nodes;
    private final Ledger ledger;
    private final Selector selector = Selector.open();
    private final Thread thread = new Thread(this::run, "wanderers");
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    // Owned by its thread.
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    private final Random random = new Random(1);
    private final List<Wanderer> all = new ArrayList<>();
    private boolean mayLeave = true;
    private int connecting;
    private Figures figures = new Figures();

    /** What they have seen since somebody asked. <i>Owned by its thread until it is handed over.</i> */
    static final class Figures {
        private long[] latencies = new long[1 << 12];
        private int seen;
        private long[] comforted = new long[1 << 8];
        private int bereaved;
        long moves;
        long refused;
        long resets;
        long gaps;
        long gapsInBrief;

        int seen() {
            return seen;
        }

        /** From publish to subscriber, in milliseconds; of what share, 0 to 1, it is at most so long. */
        double latency(double share) {
            return of(latencies, seen, share);
        }

        int bereaved() {
            return bereaved;
        }

        /** From the death of its node to the next message, in milliseconds. */
        double comforted(double share) {
            return of(comforted, bereaved, share);
        }

        private static double of(long[] nanos, int n, double share) {
            long[] sorted = Arrays.copyOf(nanos, n);
            Arrays.sort(sorted);
            return n == 0 ? 0 : sorted[(int) Math.min(n - 1, n * share)] / 1e6;
        }
    }

    Wanderers(List<ExampleNode> nodes, Ledger ledger, List<String> channels, List<String> brief, int count)
            throws IOException {
        this.nodes = nodes;
        this.ledger = ledger;
        for (int i = 0; i < count; i++) {
            Wanderer.Wire wire =
                    i % 2 == 0 ? Wanderer.Wire.NUMBER : i % 10 < 4 ? Wanderer.Wire.POLL : Wanderer.Wire.SSE;
            List<String> follows = new ArrayList<>();
            int first = random.nextInt(channels.size());
            for (int n = 1 + random.nextInt(4); n > 0; n--) { // 1 to 4, of all sizes of cursors
                follows.add(channels.get((first + n * 7) % channels.size()));
            }
            if (wire != Wanderer.Wire.NUMBER && i % 10 == 5) {
                follows.add(brief.get(random.nextInt(brief.size())));
            }
            all.add(new Wanderer(this, i, wire, i % 3 == 0, follows));
        }
        thread.start();
    }

    private void run() {
        try {
            long scanned = now();
            while (!over) {
                selector.select(10);
                for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
                    SelectionKey key = keys.next();
                    keys.remove();
                    if (key.isValid()) {
                        ((Wanderer) key.attachment()).ready(key);
                    }
                }
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                if (now() - scanned > 10_000_000) {
                    scanned = now();
                    Collections.rotate(all, -CONNECTS_AT_A_TIME); // nobody is always the last
                    for (Wanderer one : all) {
                        one.tick(scanned, mayLeave);
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            ledger.fault("the subscribers' thread ended: " + e + " " + Arrays.toString(e.getStackTrace()));
        }
    }

    // ---- for whoever runs the test

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    private <T> T ask(Callable<T> question) throws Exception {
        FutureTask<T> asked = new FutureTask<>(question);
        execute(asked);
        return asked.get(60, TimeUnit.SECONDS);
    }

    /** Whether those who would leave may. */
    void mayLeave(boolean may) {
        execute(() -> mayLeave = may);
    }

    /** Who has not been given these yet, the last ids of their channels. */
    List<String> lacking(Map<String, Long> last) throws Exception {
        return ask(() -> {
            List<String> lacking = new ArrayList<>();
            for (Wanderer one : all) {
                for (Track track : one.tracks()) {
                    if (track.last() < last.get(track.channel())) {
                        lacking.add(one + ": " + track.channel() + " at " + track.last());
                    }
                }
            }
            return lacking;
        });
    }

    /** Judges all of them, and hands over what they have seen since the last time. */
    Figures judge(List<String> brief, boolean oneLife) throws Exception {
        CompletableFuture<Figures> taken = new CompletableFuture<>();
        Map<String, Ledger.Known> known = new HashMap<>();
        ask(() -> {
            for (Wanderer one : all) {
                for (Track track : one.tracks()) {
                    boolean gaps = brief.contains(track.channel());
                    if (!gaps) {
                        track.wrong(known.computeIfAbsent(track.channel(), ledger::known), one.isTold())
                                .ifPresent(what -> ledger.fault(one + " of " + track.channel() + ": " + what));
                    } else if (oneLife) {
                        track.wrongWithGaps()
                                .ifPresent(what -> ledger.fault(one + " of " + track.channel() + ": " + what));
                    }
                }
            }
            taken.complete(figures);
            figures = new Figures();
            return true;
        });
        return taken.get();
    }

    @Override
    public void close() throws IOException {
        over = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    // ---- for the wanderers

    Selector selector() {
        return selector;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    Ledger ledger() {
        return ledger;
    }

    int port(int node) {
        return nodes.get(node).port();
    }

    int anyNode() {
        return random.nextInt(nodes.size());
    }

    int random(int below) {
        return random.nextInt(below);
    }

    long now() {
        return System.nanoTime();
    }

    boolean mayConnect() {
        return connecting < CONNECTS_AT_A_TIME;
    }

    void connecting(int more) {
        connecting += more;
    }

    void seen(long nanos) {
        if (figures.seen == figures.latencies.length) {
            figures.latencies = Arrays.copyOf(figures.latencies, 2 * figures.seen);
        }
        figures.latencies[figures.seen++] = nanos;
    }

    void comforted(long nanos) {
        if (figures.bereaved == figures.comforted.length) {
            figures.comforted = Arrays.copyOf(figures.comforted, 2 * figures.bereaved);
        }
        figures.comforted[figures.bereaved++] = nanos;
    }

    void left() {
        figures.moves++;
    }

    void refused() {
        figures.refused++;
    }

    void reset() {
        figures.resets++;
    }

    void gap(String channel) {
        if (channel.startsWith(ClusterTest.BRIEF)) {
            figures.gapsInBrief++;
        } else {
            figures.gaps++;
        }
    }
}
