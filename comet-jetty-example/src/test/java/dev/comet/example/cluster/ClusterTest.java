package dev.comet.example.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.redis.Proxy;
import dev.comet.redis.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Three nodes, each a process with a network of its own to a Redis, subscribers that wander between them, publishers on all of them,
 * and all that can break, at random. Every message that is stored is given to every subscriber once and in order; or, only where
 * Redis itself was restarted, the subscriber is told of a reset. Where the history does not hold what was missed, a gap says exactly
 * what that was.
 */
class ClusterTest {
    private static final Logger LOG = Logger.getLogger(ClusterTest.class.getName());

    /** How the channels begin whose history is too short for those who are away for a while. */
    static final String BRIEF = "demo-brief";

    private static final int NODES = 3;
    private static final int PUBLISHERS = 4;
    private static final int BURST = 40;
    private static final List<String> CHANNELS =
            IntStream.range(0, 24).mapToObj(i -> "demo-" + i).toList();
    private static final List<String> BRIEFS =
            IntStream.range(0, 3).mapToObj(i -> BRIEF + i).toList();
    private static final List<String> OPTIONS = List.of(
            "--history-messages=100000",
            "--history-bytes=16777216",
            "--history-age=1h",
            "--live-window=16",
            "--idle-timeout=5m",
            "--simple-comet.http-timeout=120");

    /** What breaks in each; what breaks in one breaks in the next too. */
    private enum Phase {
        NODES,
        LINKS,
        REDIS
    }

    private final RedisServer redis = new RedisServer();
    private final List<ExampleNode> nodes = new ArrayList<>();
    private final Ledger ledger = new Ledger();
    private final Random random = new Random(7);
    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder rung = new LongAdder();
    private final Publisher bell = new Publisher("bell", 0, nodes, ledger, rung, new LongAdder());
    private final List<Publisher> publishers = IntStream.range(0, PUBLISHERS)
            .mapToObj(i -> new Publisher("p" + i, i, nodes, ledger, acknowledged, failed))
            .toList();

    // What was broken in a phase.
    private int stops;
    private int kills;
    private int cuts;
    private int silences;
    private int delays;
    private int emptyRestarts;
    private int olderRestarts;

    @AfterEach
    void close() {
        nodes.forEach(ExampleNode::close);
        redis.close();
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void threeNodes_threeHundredSubscribers_whateverFails_nobodyMissesAnythingWithoutBeingTold() throws Exception {
        run(300, 3_000, 80);
    }

    @Test
    @Tag("cluster")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void threeNodes_threeThousandSubscribers_fiveMinutes() throws Exception {
        run(
                Integer.getInteger("comet.cluster.subscribers", 3_000),
                Integer.getInteger("comet.cluster.seconds", 300) * 1_000L / Phase.values().length,
                Integer.getInteger("comet.cluster.rate", 20));
    }

    private void run(int subscribers, long phaseMillis, int perSecond) throws Exception {
        for (int i = 0; i < NODES; i++) {
            nodes.add(new ExampleNode("node-" + i, redis.port(), OPTIONS));
        }
        for (ExampleNode node : nodes) {
            node.awaitUp();
        }
        for (String channel : BRIEFS) {
            createBrief(channel);
        }
        Map<String, Long> first = ring();
        try (Wanderers wanderers = new Wanderers(nodes, ledger, CHANNELS, BRIEFS, subscribers)) {
            awaitAll(wanderers, first);
            wanderers.judge(BRIEFS, true);
            LOG.info(subscribers + " subscribers are here");
            for (Phase phase : Phase.values()) {
                run(phase, phaseMillis, perSecond, wanderers);
            }
        }
    }

    private void run(Phase phase, long millis, int perSecond, Wanderers wanderers) throws Exception {
        int stored = ledger.messages();
        int lives = ledger.lives();
        acknowledged.reset();
        failed.reset();
        rung.reset();
        stops = kills = cuts = silences = delays = emptyRestarts = olderRestarts = 0;
        wanderers.mayLeave(true);
        long end = System.nanoTime() + millis * 1_000_000;
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<?>> busy = new ArrayList<>();
            for (Publisher publisher : publishers) {
                Random own = new Random(random.nextLong());
                busy.add(threads.submit(() -> publish(publisher, own, PUBLISHERS * 1_000 / perSecond, end)));
            }
            breakThings(phase, end);
            for (Future<?> one : busy) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
        wanderers.mayLeave(false); // who is stuck now stays so
        awaitAll(wanderers, ring());
        Wanderers.Figures figures = wanderers.judge(BRIEFS, phase != Phase.REDIS);
        LOG.info(String.format(
                Locale.ROOT,
                "%s: %d acknowledged, %d failed of which %d are stored, %d deliveries (p50 %.0f ms, p99 %.0f ms, most %.0f ms), "
                        + "%d moves, %d refused; %d stopped in order, %d kills (%d times a subscriber lost its node, and had the next message after p50 %.0f ms, p99 %.0f ms, most %.0f ms), "
                        + "%d cuts, %d silences, %d delays, %d restarts of Redis without data, %d with older data; "
                        + "%d gaps, %d in brief channels, %d resets in %d lives",
                phase,
                acknowledged.sum(),
                failed.sum(),
                ledger.messages() - stored - acknowledged.sum() - rung.sum(),
                figures.seen(),
                figures.latency(0.5),
                figures.latency(0.99),
                figures.latency(1),
                figures.moves,
                figures.refused,
                stops,
                kills,
                figures.bereaved(),
                figures.comforted(0.5),
                figures.comforted(0.99),
                figures.comforted(1),
                cuts,
                silences,
                delays,
                emptyRestarts,
                olderRestarts,
                figures.gaps,
                figures.gapsInBrief,
                figures.resets,
                ledger.lives() - lives));
        assertThat(ledger.faults()).as("what was seen with %s", phase).isEmpty();
        assertThat(figures.gaps).as("gaps where the history holds everything").isZero();
        if (phase == Phase.REDIS) {
            assertThat(figures.resets).as("resets").isPositive();
        } else {
            assertThat(figures.resets).as("resets with %s", phase).isZero();
        }
        assertThat(acknowledged.sum()).as("acknowledged").isPositive();
    }

    private Void publish(Publisher publisher, Random own, int meanMillis, long end) throws InterruptedException {
        while (System.nanoTime() < end) {
            if (own.nextInt(100) == 0) {
                String brief = BRIEFS.get(own.nextInt(BRIEFS.size()));
                for (int i = 0; i < BURST && publisher.publish(brief) != 0; i++) {}
            } else {
                publisher.publish(CHANNELS.get(own.nextInt(CHANNELS.size())));
            }
            TimeUnit.MILLISECONDS.sleep(own.nextInt(2 * meanMillis));
        }
        return null;
    }

    // ---- what breaks

    /** Each phase begins with what the one before it had not. */
    private void breakThings(Phase phase, long end) throws Exception {
        switch (phase) {
            case NODES -> {
                stop();
                kill(1);
            }
            case LINKS -> {
                cut(nodes.get(0).proxy());
                fallSilent(nodes.get(1).proxy());
            }
            case REDIS -> {
                restartRedis(false); // while nodes write: after an empty one it takes them a moment to be back
                restartRedis(true);
            }
        }
        while (System.nanoTime() < end) {
            pause(1_000);
            Proxy proxy = nodes.get(random.nextInt(NODES)).proxy();
            switch (random.nextInt(phase == Phase.NODES ? 3 : phase == Phase.LINKS ? 9 : 13)) {
                case 0 -> kill(1);
                case 1 -> kill(2);
                case 2 -> stop();
                case 3, 4 -> cut(proxy);
                case 5, 6 -> fallSilent(proxy);
                case 7, 8 -> slow(proxy);
                case 9, 10 -> restartRedis(true);
                default -> restartRedis(false);
            }
        }
    }

    private void cut(Proxy proxy) throws InterruptedException {
        cuts++;
        proxy.cut();
        pause(1_500);
        proxy.mend();
    }

    /** From a delay to a connection that counts as lost. */
    private void fallSilent(Proxy proxy) throws InterruptedException {
        silences++;
        proxy.fallSilent(true);
        pause(4_000);
        proxy.mend();
    }

    private void slow(Proxy proxy) throws InterruptedException {
        delays++;
        proxy.slow(random.nextInt(300));
        pause(3_000);
        proxy.mend();
    }

    private void kill(int howMany) throws Exception {
        int first = random.nextInt(NODES);
        List<ExampleNode> dying = IntStream.range(first, first + howMany)
                .mapToObj(i -> nodes.get(i % NODES))
                .toList();
        for (ExampleNode node : dying) {
            kills++;
            node.kill();
        }
        pause(1_000);
        for (ExampleNode node : dying) {
            node.restart();
        }
    }

    /** As for an update: its clients are told, and it is there again. */
    private void stop() throws Exception {
        stops++;
        ExampleNode node = nodes.get(random.nextInt(NODES));
        node.stop();
        node.restart();
    }

    /** With nothing, or with what it had saved a moment before it was killed: what came in between is lost. */
    private void restartRedis(boolean empty) throws Exception {
        redis.command("SAVE");
        bell.publish(CHANNELS.get(random.nextInt(CHANNELS.size()))); // one at least, where a node has a connection
        pause(500);
        redis.kill();
        if (empty) {
            redis.forget();
            emptyRestarts++;
        } else {
            olderRestarts++;
        }
        pause(1_500);
        redis.start();
        pause(3_000);
    }

    private void pause(int mostMillis) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(mostMillis));
    }

    // ---- what must come in the end

    /** A last message for every channel; their ids. */
    private Map<String, Long> ring() throws InterruptedException {
        Map<String, Long> last = new HashMap<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (List<String> all : List.of(CHANNELS, BRIEFS)) {
            for (String channel : all) {
                long id = bell.publish(channel);
                while (id == 0) {
                    assertThat(System.nanoTime())
                            .as("a minute without a failure has passed")
                            .isLessThan(end);
                    pause(100);
                    id = bell.publish(channel);
                }
                last.put(channel, id);
            }
        }
        return last;
    }

    private void awaitAll(Wanderers wanderers, Map<String, Long> last) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            assertThat(ledger.faults()).as("what was seen").isEmpty();
            List<String> lacking = wanderers.lacking(last);
            if (lacking.isEmpty()) {
                return;
            }
            assertThat(System.nanoTime())
                    .as(
                            "%d have not got the last message: %s",
                            lacking.size(), lacking.subList(0, Math.min(20, lacking.size())))
                    .isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(50); // between two looks
        }
    }

    private void createBrief(String channel) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + nodes.get(0).port() + "/simple-comet/channels.json"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("channel_id=" + channel + "&max_messages=16"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.body()).contains("\"return_code\":1");
    }
}
