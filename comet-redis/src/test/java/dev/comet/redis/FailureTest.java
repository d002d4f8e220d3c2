package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.ChannelOptions;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Event;
import dev.comet.From;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Session;
import dev.comet.Sessions;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What breaks between hubs and their Redis, and what is promised then: the table of docs/cluster.md. */
class FailureTest {
    private final List<AutoCloseable> opened = new ArrayList<>();

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(0, resource);
        return resource;
    }

    RedisServer open(String... options) {
        return new RedisServer(options);
    }

    private RedisServer redis(String... options) {
        return closing(open(options));
    }

    private Comet hub(String uri) {
        return hub(RedisLog.builder(uri));
    }

    private Comet hub(RedisLog.Builder log) {
        return hub(log, Comet.builder());
    }

    private Comet hub(RedisLog.Builder log, Comet.Builder hub) {
        return closing(hub.log(log.build()).build());
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    /**
     * A subscriber, and what it was handed: {@code 3} is the message with seq 3, {@code 2-4} a gap, {@code reset} a reset; {@code +ann}
     * has joined, {@code -ann} has left, {@code +-?} some may have.
     */
    private static final class Reader {
        private final Semaphore woken = new Semaphore(1);
        private final Subscriber subscriber;

        Reader(Comet hub, From from, String... channels) {
            this(hub, SubscribeOptions.of(channels).withFrom(from));
        }

        Reader(Comet hub, SubscribeOptions options) {
            subscriber = hub.attach(options, woken::release);
        }

        List<String> next(int events) throws InterruptedException {
            List<String> seen = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (seen.size() < events && woken.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                subscriber.read(event -> seen.add(word(event)));
            }
            return seen;
        }

        private static String word(Event event) {
            if (event instanceof Message m) {
                return switch (m.kind()) {
                    case JOIN -> "+" + m.payload();
                    case LEAVE -> "-" + m.payload();
                    default -> "" + m.seq();
                };
            }
            Gap gap = (Gap) event;
            return switch (gap.reason()) {
                case RESET -> "reset";
                case LAPPED -> gap.from() + "-" + gap.to();
                case PRESENCE -> "+-?";
            };
        }
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private static boolean publishes(Comet hub, String channel) {
        try {
            hub.publish(channel, "x");
            return true;
        } catch (RefusedException e) {
            assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE);
            return false;
        }
    }

    private static List<String> seqs(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(i -> "" + i).toList();
    }

    // ---- connections

    @Test
    void connectionCut_subscribersStay_andAreGivenWhatTheyMissed() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(proxy.uri());
        Comet two = hub(redis.uri());
        Reader alone = new Reader(one, From.latest(), "a");
        Reader merged = new Reader(one, From.latest(), "a", "b");
        two.publish("a", "x");
        assertThat(alone.next(1)).containsExactly("1");
        assertThat(merged.next(1)).containsExactly("1");
        proxy.cut();
        await(() -> !publishes(one, "other"));
        IntStream.range(0, 50).forEach(i -> two.publish("a", "x"));
        // Served from memory; a channel that is not followed here cannot be.
        Reader old = new Reader(one, From.oldest(), "a");
        assertThat(old.next(1)).containsExactly("1");
        assertThatThrownBy(() -> new Reader(one, From.latest(), "c"))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE));
        proxy.mend();
        assertThat(alone.next(50)).isEqualTo(seqs(2, 51));
        assertThat(merged.next(50)).isEqualTo(seqs(2, 51));
        two.publish("b", "x");
        assertThat(merged.next(1)).containsExactly("1");
        assertThat(one.stats().gaps() + one.stats().resets()).isZero();
        assertThat(alone.subscriber.isClosed()).isFalse();
    }

    @Test
    void connectionCut_forLongerThanTheHistoryReaches_isAGap_withExactEnds() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet.Builder small = Comet.builder().historyMessages(5).liveWindow(5);
        Comet one = hub(RedisLog.builder(proxy.uri()), small);
        Comet two = hub(
                RedisLog.builder(redis.uri()),
                Comet.builder().historyMessages(5).liveWindow(5));
        Reader reader = new Reader(one, From.latest(), "a");
        two.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
        proxy.cut();
        await(() -> !publishes(one, "other"));
        IntStream.range(0, 20).forEach(i -> two.publish("a", "x"));
        proxy.mend();
        assertThat(reader.next(6)).containsExactly("2-16", "17", "18", "19", "20", "21");
    }

    @Test
    void connectionSilent_countsAsLost_andPublishesAreRefusedInTime() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()).timeout(Duration.ofMillis(500)));
        Comet two = hub(redis.uri());
        Reader reader = new Reader(one, From.latest(), "a");
        proxy.fallSilent(true);
        long start = System.nanoTime();
        assertThatThrownBy(() -> one.publish("a", "lost?"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("may be stored");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        two.publish("a", "x");
        proxy.cut();
        proxy.mend();
        assertThat(reader.next(1)).containsExactly("1");
    }

    @Test
    void publish_whileThereIsNoConnection_waitsForOne_whereItMay() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        proxy.cut();
        Comet patient = hub(RedisLog.builder(proxy.uri()).patience(Duration.ofSeconds(20)));
        CompletableFuture<Message> waiting =
                patient.publishAsync("a", Draft.text("x")).toCompletableFuture();
        assertThat(waiting).isNotDone();
        proxy.mend();
        assertThat(waiting.get(20, TimeUnit.SECONDS).seq()).isEqualTo(1);
    }

    @Test
    void redisThatComesLater_isFound() throws Exception {
        RedisServer redis = redis();
        redis.kill();
        Comet hub = hub(redis.uri());
        assertThat(publishes(hub, "a")).isFalse();
        redis.start();
        await(() -> publishes(hub, "a"));
        Reader reader = new Reader(hub, From.oldest(), "a");
        assertThat(reader.next(1)).containsExactly("1");
    }

    /** The hub's own threads all wait for the link: what ends that must not need one of them. */
    @Test
    void publishesThatWait_onAllThreadsOfTheHub_areRefusedInTime() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        proxy.cut();
        Comet patient = hub(RedisLog.builder(proxy.uri()).patience(Duration.ofMillis(300)));
        CountDownLatch refused = new CountDownLatch(64);
        for (int i = 0; i < 64; i++) {
            patient.scheduler().execute(() -> {
                if (!publishes(patient, "a")) {
                    refused.countDown();
                }
            });
        }
        assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
    }

    /**
     * It was told of a reset that was none, and given again what it had seen: a number from another node was held against what had
     * reached this one, which stands still while any channel lacks messages.
     */
    @Test
    void numberFromAnotherNode_whereAnotherChannelIsBehind_goesOn() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(proxy.uri());
        Comet two = hub(redis.uri());
        Reader behind = new Reader(one, From.latest(), "behind");
        proxy.cut();
        await(() -> !publishes(one, "other"));
        two.publish("behind", "x");
        String unreadable = "1 1 " + one.currentTimeMillis() + " 1 \u0009";
        redis.command("LSET", "{comet}mbehind", "0", unreadable);
        proxy.mend();
        await(() -> publishes(one, "other"));
        Reader there = new Reader(two, From.oldest(), "a", "b");
        two.publish("a", "x");
        two.publish("b", "x");
        assertThat(there.next(2)).containsExactly("1", "1");
        long number = there.subscriber.idCursor();
        Reader alone = new Reader(one, From.afterId(number), "a");
        Reader merged = new Reader(one, From.afterId(number), "a", "b");
        two.publish("a", "x");
        assertThat(alone.next(1)).containsExactly("2");
        assertThat(merged.subscriber.idCursor()).isEqualTo(number);
        redis.command("DEL", "{comet}mbehind", "{comet}cbehind");
        assertThat(behind.next(1)).containsExactly("reset");
        assertThat(merged.next(1)).containsExactly("2");
    }

    // ---- much at once

    /** Redis closes a subscribed connection when more than 32 MB wait for it; here 8, to be quick. */
    @Test
    void largeHistories_comeInParts_andCostNoConnection() throws Exception {
        RedisServer redis = redis("--client-output-buffer-limit", "pubsub", "8mb", "8mb", "1");
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet.Builder large = Comet.builder().maxHistoryBytes(64 << 20).maxHistoryBytesTotal(256 << 20);
        Comet one = hub(RedisLog.builder(proxy.uri()), large);
        Comet two = hub(redis.uri());
        ChannelOptions options = ChannelOptions.DEFAULT.withHistoryMessages(250).withHistoryBytes(64 << 20);
        Draft draft = Draft.text("x".repeat(100_000));
        IntStream.range(0, 200).forEach(i -> two.publish("a", options, draft));
        assertThat(new Reader(one, From.oldest(), "a").next(200)).isEqualTo(seqs(1, 200));
        List<Reader> readers = IntStream.range(0, 30)
                .mapToObj(i -> new Reader(one, From.latest(), "c" + i))
                .toList();
        proxy.cut();
        await(() -> !publishes(one, "other"));
        for (int i = 0; i < 300; i++) {
            two.publish("c" + i % 30, draft);
        }
        proxy.mend();
        for (Reader reader : readers) {
            assertThat(reader.next(10)).isEqualTo(seqs(1, 10));
        }
        assertThat(proxy.accepted()).isEqualTo(2); // no link was lost but the one that was cut
    }

    @Test
    void morePublishesThanRedisTakes_areRefused_andTheRestIsStored() throws Exception {
        RedisServer redis = redis();
        Comet hub = closing(
                Comet.builder().log(RedisLog.connect(redis.uri())).liveWindow(1).build());
        int stored = 0;
        List<CompletableFuture<Message>> all = IntStream.range(0, 100_000)
                .mapToObj(
                        i -> hub.publishAsync("a", Draft.text("x".repeat(100))).toCompletableFuture())
                .toList();
        for (CompletableFuture<Message> one : all) {
            Refusal refusal = one.handle((m, e) -> e == null ? Refusal.EXISTS : refusal(e))
                    .get(20, TimeUnit.SECONDS);
            assertThat(refusal).isIn(Refusal.EXISTS, Refusal.UNAVAILABLE);
            stored += refusal == Refusal.EXISTS ? 1 : 0;
        }
        assertThat(stored).isBetween(1, 99_999);
        assertThat(hub.publish("a", "x").seq()).isEqualTo(stored + 1); // none that was refused, and no link was lost
    }

    private static Refusal refusal(Throwable e) {
        Throwable why = e instanceof CompletionException ? e.getCause() : e;
        return ((RefusedException) why).refusal();
    }

    /** Redis keeps a channel for twice the idle time-out, and each node that follows it renews that while it can. */
    @Test
    void connectionsCut_forLongerThanTheIdleTimeout_isAReset_whereNoOtherNodeFollows() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()), Comet.builder().idleTimeout(Duration.ofSeconds(1)));
        Comet two = hub(RedisLog.builder(redis.uri()), Comet.builder().idleTimeout(Duration.ofSeconds(1)));
        Reader alone = new Reader(one, From.latest(), "alone");
        Reader shared = new Reader(one, From.latest(), "shared");
        Reader other = new Reader(two, From.latest(), "shared");
        one.publish("shared", "x");
        int epoch = one.publish("alone", "x").epoch();
        assertThat(alone.next(1)).containsExactly("1");
        assertThat(shared.next(1)).containsExactly("1");
        proxy.cut();
        await(() -> !keys(redis).contains("{comet}calone"));
        assertThat(new Reader(one, From.oldest(), "alone").next(1)).containsExactly("1"); // from memory, until then
        proxy.mend();
        assertThat(alone.next(1)).containsExactly("reset");
        Message next = one.publish("alone", "x");
        assertThat(next.seq()).isEqualTo(1);
        assertThat(next.epoch()).isNotEqualTo(epoch);
        two.publish("shared", "x");
        assertThat(shared.next(1)).containsExactly("2");
        assertThat(other.next(2)).containsExactly("1", "2");
    }

    // ---- Redis

    @Test
    void restartThatKeepsAll_isAReset_forItMayHaveLostSomething() throws Exception {
        RedisServer redis = redis("--appendonly", "yes", "--appendfsync", "always");
        Comet hub = hub(redis.uri());
        Reader reader = new Reader(hub, From.latest(), "a");
        int epoch = hub.publish("a", "x").epoch();
        assertThat(reader.next(1)).containsExactly("1");
        redis.kill();
        redis.start();
        await(() -> publishes(hub, "a"));
        assertThat(reader.next(2)).containsExactly("reset", "1");
        assertThat(hub.channel("a").epoch()).isNotEqualTo(epoch);
    }

    @Test
    void restartThatKeepsAll_whereThatIsTrusted_isNone() throws Exception {
        RedisServer redis = redis("--appendonly", "yes", "--appendfsync", "always");
        Comet hub = hub(RedisLog.builder(redis.uri()).trustRestarts(true));
        Reader reader = new Reader(hub, From.latest(), "a");
        Message before = hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
        redis.kill();
        redis.start();
        await(() -> publishes(hub, "a"));
        assertThat(reader.next(1)).containsExactly("2");
        assertThat(hub.publish("a", "x").id()).isGreaterThan(before.id() + 1);
    }

    @Test
    void failoverToAReplicaThatLacksTheLastWrites_isAReset_andNoNumberIsGivenTwice() throws Exception {
        RedisServer first = redis();
        RedisServer second = redis("--replicaof", "127.0.0.1", "" + first.port());
        Proxy proxy = closing(new Proxy(first.port()));
        Comet hub = hub(proxy.uri());
        Reader seq = new Reader(hub, From.latest(), "a");
        hub.publish("a", "1");
        hub.publish("a", "2");
        assertThat(seq.next(2)).containsExactly("1", "2");
        await(() -> has(second, "2"));
        second.command("REPLICAOF", "NO", "ONE");
        Message lost = hub.publish("a", "3"); // acknowledged, and not replicated
        assertThat(seq.next(1)).containsExactly("3");
        From number = From.afterId(seq.subscriber.idCursor());
        proxy.leadTo(second.port());
        first.kill();
        await(() -> publishes(hub, "a"));
        assertThat(seq.next(2)).containsExactly("reset", "1");
        Message now = hub.publish("a", "5");
        assertThat(now.epoch()).isNotEqualTo(lost.epoch());
        assertThat(now.id()).isGreaterThan(lost.id());
        Reader back = new Reader(hub, number, "a");
        assertThat(back.next(3)).containsExactly("0-0", "1", "2");
    }

    private static boolean has(RedisServer redis, String seq) {
        try {
            return redis.command("HGET", "{comet}ca", "seq").contains("\r\n" + seq + "\r\n");
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** It gets another replication id by that, and has lost nothing. */
    @Test
    void firstReplicaComes_isNoReset() throws Exception {
        RedisServer first = redis();
        Comet hub = hub(first.uri());
        Reader reader = new Reader(hub, From.latest(), "a");
        hub.publish("a", "x");
        String before = first.command("INFO", "replication");
        RedisServer second = redis("--replicaof", "127.0.0.1", "" + first.port());
        await(() -> has(second, "1"));
        assertThat(replid(first.command("INFO", "replication"))).isNotEqualTo(replid(before));
        hub.publish("a", "x");
        assertThat(reader.next(2)).containsExactly("1", "2");
    }

    private static String replid(String info) {
        return info.lines()
                .filter(line -> line.startsWith("master_replid:"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void publish_waitsForReplicas_andSaysWhenTheyAreTooFew() throws Exception {
        RedisServer first = redis();
        RedisServer second = redis("--replicaof", "127.0.0.1", "" + first.port());
        Comet hub =
                hub(RedisLog.builder(first.uri()).timeout(Duration.ofSeconds(1)).replicas(1));
        Reader reader = new Reader(hub, From.latest(), "a");
        await(() -> publishes(hub, "b")); // it is a replica now
        List<CompletableFuture<Message>> all = IntStream.range(0, 100)
                .mapToObj(i -> hub.publishAsync("a", Draft.text("x")).toCompletableFuture())
                .toList();
        all.get(99).get(20, TimeUnit.SECONDS);
        assertThat(has(second, "100")).isTrue();
        assertThat(reader.next(100)).isEqualTo(seqs(1, 100));
        second.kill();
        assertThatThrownBy(() -> hub.publish("a", "x")).isInstanceOfSatisfying(RefusedException.class, e -> {
            assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE);
            assertThat(e.detail()).contains("stored").contains("0 of 1 replicas");
        });
        assertThatThrownBy(() -> hub.broadcast(Draft.text("x"))).isInstanceOf(RefusedException.class);
        assertThat(reader.next(2)).containsExactly("101", "102");
        second.start();
        await(() -> publishes(hub, "a"));
    }

    @Test
    void scriptsForgotten_areSentAgain() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        Reader reader = new Reader(hub, From.latest(), "a");
        redis.command("SCRIPT", "FLUSH");
        hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
    }

    @Test
    void memoryFull_isRefused_andOverWhenThereIsRoom() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        Reader reader = new Reader(hub, From.latest(), "a");
        redis.command("CONFIG", "SET", "maxmemory", "1");
        assertThatThrownBy(() -> hub.publish("a", "x"))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(Refusal.HISTORY_FULL));
        redis.command("CONFIG", "SET", "maxmemory", "0");
        hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
    }

    /** A new version's message: it cannot be told, and it is not to be passed over; nobody waits for ever. */
    @Test
    void messageThatCannotBeRead_refusesNewcomers() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        hub.publish("a", "x");
        redis.command("LSET", "{comet}ma", "0", "1 1 " + hub.currentTimeMillis() + " 1 \u0009");
        CompletableFuture<Reader> coming = CompletableFuture.supplyAsync(() -> new Reader(hub, From.oldest(), "a"));
        assertThatThrownBy(() -> coming.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(RefusedException.class);
        redis.command("DEL", "{comet}ma", "{comet}ca");
        assertThat(publishes(hub, "a")).isTrue();
        assertThat(new Reader(hub, From.oldest(), "a").next(1)).isEqualTo(List.of("1"));
    }

    @Test
    void memoryFull_whoOnlyReads_isServed() throws Exception {
        RedisServer redis = redis();
        Comet one = hub(redis.uri());
        Comet two = hub(redis.uri());
        one.publish("a", "x");
        redis.command("CONFIG", "SET", "maxmemory", "1");
        assertThat(new Reader(two, From.oldest(), "a").next(1)).containsExactly("1");
    }

    @Test
    void redisThatThrowsAHistoryAway_isAReset() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        Reader reader = new Reader(hub, From.latest(), "a");
        hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
        From number = From.afterId(reader.subscriber.idCursor());
        hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("2");
        redis.command("DEL", "{comet}ma");
        hub.publish("a", "x");
        assertThat(reader.next(2)).containsExactly("reset", "1");
        assertThat(new Reader(hub, number, "a").next(2)).containsExactly("0-0", "1");
    }

    // ---- what Redis keeps

    /** Announcements know no databases. */
    @Test
    void hubsInOtherDatabases_doNotHearEachOther() throws Exception {
        RedisServer redis = redis();
        Comet one = hub(redis.uri() + "/0");
        Comet two = hub(redis.uri() + "/1");
        Reader here = new Reader(one, From.latest(), "a");
        Reader there = new Reader(two, From.latest(), "a");
        two.publish("a", "x");
        IntStream.range(0, 100_000 / 100).forEach(i -> two.publish("b", "x"));
        long ahead = two.publish("a", "x").id();
        Message own = one.publish("a", "x");
        assertThat(own.id()).isNotEqualTo(ahead);
        assertThat(here.next(1)).containsExactly("1");
        assertThat(there.next(2)).containsExactly("1", "2");
        assertThat(one.lastId()).isEqualTo(own.id());
    }

    @Test
    void clearMissed_isDoneWhenThereIsAConnection() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(proxy.uri());
        Comet two = hub(redis.uri());
        Reader reader = new Reader(one, From.latest(), "a");
        two.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
        proxy.cut();
        await(() -> !publishes(one, "other"));
        two.channel("a").clear();
        proxy.mend();
        await(() -> one.channel("a").history().isEmpty());
        two.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("2");
    }

    @Test
    void channelThatNobodyUses_goesFromRedis() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        ChannelOptions brief = ChannelOptions.DEFAULT.withIdleTimeout(Duration.ofMillis(50));
        hub.publish("a", brief, Draft.text("x"));
        assertThat(redis.command("PTTL", "{comet}ma")).isNotEqualTo(":-1\r\n");
        await(() ->
                keys(redis).equals("*1\r\n$7\r\n{comet}\r\n") || !keys(redis).contains("{comet}ca"));
        Reader reader = new Reader(hub, From.oldest(), "a");
        hub.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("1");
        reader.subscriber.close(CloseReason.DONE);
    }

    private static String keys(RedisServer redis) {
        try {
            return redis.command("KEYS", "*");
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void history_goesByBytesAndByAge() throws Exception {
        RedisServer redis = redis();
        Comet hub = hub(redis.uri());
        ChannelOptions small = ChannelOptions.DEFAULT.withHistoryBytes(10);
        IntStream.range(0, 4).forEach(i -> hub.publish("a", small, Draft.text("xxxx")));
        assertThat(redis.command("LLEN", "{comet}ma")).isEqualTo(":2\r\n");
        assertThat(new Reader(hub, From.oldest(), "a").next(2)).containsExactly("3", "4");
        ChannelOptions brief = ChannelOptions.DEFAULT.withHistoryAge(Duration.ofMillis(1));
        long first = hub.publish("b", brief, Draft.text("x")).timeMillis();
        await(() -> System.currentTimeMillis() > first + 2);
        hub.publish("b", brief, Draft.text("x"));
        assertThat(redis.command("LLEN", "{comet}mb")).isEqualTo(":1\r\n");
    }

    // ---- members, and what else nodes share

    private static Comet.Builder grace(Duration grace) {
        return Comet.builder().presenceGrace(grace);
    }

    private static Subscriber member(Comet hub, String name) {
        return hub.attach(SubscribeOptions.of("a").withMember(name), () -> {});
    }

    private static Reader watch(Comet hub) {
        return new Reader(hub, SubscribeOptions.of("a").withMembers(true));
    }

    /** A node that cannot be heard is as good as dead; and it may come to life again. */
    @Test
    void nodeDies_itsMembersLeave_whenTheGraceIsOver_andAreThereAgainWithIt() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()).node("one"), grace(Duration.ofSeconds(1)));
        Comet two = hub(RedisLog.builder(redis.uri()).node("two"), grace(Duration.ofSeconds(1)));
        Reader watch = watch(two);
        member(one, "ann");
        member(one, "bob");
        assertThat(watch.next(2)).containsExactly("+ann", "+bob");
        await(() -> names(two).equals(List.of("one", "two")));
        proxy.cut();
        Subscriber ann = member(two, "ann"); // in time
        assertThat(watch.next(1)).containsExactly("-bob");
        assertThat(two.channel("a").members()).containsExactly("ann");
        await(() -> names(two).equals(List.of("two")));
        proxy.mend();
        assertThat(watch.next(1)).containsExactly("+bob");
        ann.close(CloseReason.DONE); // there is another, at the other node
        await(() -> names(two).equals(List.of("one", "two")));
        member(two, "cid").close(CloseReason.DONE);
        assertThat(watch.next(2)).containsExactly("+cid", "-cid");
        assertThat(two.channel("a").members()).containsExactly("ann", "bob");
    }

    private static List<String> names(Comet hub) {
        return hub.nodes().keySet().stream()
                .map(name -> name.substring(0, name.length() - 17))
                .sorted()
                .toList();
    }

    @Test
    void channelRemoved_whileThereIsNoConnection_keepsTheMembersOfWhoMissedIt() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()), grace(Duration.ofSeconds(60)));
        Comet two = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(60)));
        member(one, "ann");
        await(() -> two.channel("a").members().equals(List.of("ann")));
        proxy.cut();
        await(() -> !publishes(one, "other"));
        assertThat(two.remove("a")).isTrue();
        assertThat(two.channel("a").members()).isEmpty();
        proxy.mend();
        await(() ->
                two.channel("a").members().equals(List.of("ann"))); // whose subscriber was told of a reset, and stays
    }

    @Test
    void membersComeAndGo_whileThereIsNoConnection_othersHearOfItAfter() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()), grace(Duration.ofSeconds(60)));
        Comet two = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(60)));
        Reader here = watch(one);
        Reader there = watch(two);
        one.channel("a").sign("ann");
        assertThat(here.next(2)).containsExactly("+ann", "+ann"); // it is there, and it says so
        assertThat(there.next(2)).containsExactly("+ann", "+ann");
        proxy.cut();
        await(() -> !publishes(one, "other"));
        member(one, "bob"); // is served, for the channel is followed
        member(two, "cid");
        assertThatThrownBy(() -> one.channel("a").members())
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE));
        proxy.mend();
        assertThat(there.next(2)).containsExactly("+cid", "+bob");
        assertThat(here.next(2)).containsExactlyInAnyOrder("+-?", "+bob");
        assertThat(one.channel("a").members()).containsExactly("ann", "bob", "cid");
    }

    /** What a node sent on a connection that it has given up gets there after what it sent on the next. */
    @Test
    void memberLeft_onALinkThatIsLost_isNotHeardAfterItHasComeAgain() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()).timeout(Duration.ofMillis(500)), grace(Duration.ZERO));
        Comet two = hub(RedisLog.builder(redis.uri()), grace(Duration.ZERO));
        Reader late = new Reader(two, From.latest(), "late");
        Subscriber ann = member(one, "ann");
        await(() -> two.channel("a").members().equals(List.of("ann")));
        int links = proxy.accepted();
        proxy.hold();
        ann.close(CloseReason.DONE);
        CompletionStage<?> unused = one.publishAsync("late", Draft.text("x")); // on the same connection, after it
        await(() -> proxy.accepted() > links && publishes(one, "other"));
        member(one, "ann");
        Reader watch = watch(two);
        member(one, "bob"); // told after ann
        assertThat(watch.next(1)).last().isEqualTo("+bob");
        assertThat(two.channel("a").members()).containsExactly("ann", "bob");
        proxy.mend();
        assertThat(late.next(1)).containsExactly("1");
        assertThat(two.channel("a").members()).containsExactly("ann", "bob");
    }

    /** Its lease is there, but not the last that it has told. */
    @Test
    void redisLacksTheLastMembers_theyAreToldAgain() throws Exception {
        RedisServer redis = redis();
        Comet one = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(60)));
        member(one, "ann");
        await(() -> one.nodes().size() == 1);
        redis.command("SAVE");
        member(one, "bob");
        redis.kill();
        redis.start();
        await(() -> publishes(one, "a"));
        await(() -> one.channel("a").members().equals(List.of("ann", "bob")));
    }

    /** Somebody has emptied it, and no connection was lost. */
    @Test
    void redisHasForgottenTheNode_itsMembersAreToldAgain() throws Exception {
        RedisServer redis = redis();
        Comet one = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(1)));
        member(one, "ann");
        await(() -> one.nodes().size() == 1);
        redis.command("FLUSHALL");
        await(() -> one.channel("a").members().equals(List.of("ann")));
    }

    @Test
    void manyMembersOfADeadNode_allLeave() throws Exception {
        RedisServer redis = redis();
        Proxy proxy = closing(new Proxy(redis.port()));
        Comet one = hub(RedisLog.builder(proxy.uri()), grace(Duration.ofSeconds(1)));
        Comet two = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(1)));
        for (int i = 0; i < 350; i++) {
            member(one, "m" + i);
        }
        assertThat(two.channel("a").members()).hasSize(350);
        proxy.cut();
        await(() -> two.channel("a").members().isEmpty());
        assertThat(keys(redis)).doesNotContain("{comet}pa").doesNotContain("{comet}n");
    }

    /** Without a lease it would be as good as dead. */
    @Test
    void memoryFull_membersStay() throws Exception {
        RedisServer redis = redis();
        Comet one = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(1)));
        Comet two = hub(RedisLog.builder(redis.uri()), grace(Duration.ofSeconds(1)));
        Reader watch = watch(two);
        member(one, "ann");
        assertThat(watch.next(1)).containsExactly("+ann");
        assertThat(two.channel("a").token()).hasSize(32);
        redis.command("CONFIG", "SET", "maxmemory", "1");
        member(one, "bob"); // is served, and told of when there is room
        String token = one.channel("a").token();
        long since = System.nanoTime();
        await(() -> System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(1500));
        assertThat(redis.command("ZCOUNT", "{comet}leases", "" + System.currentTimeMillis(), "+inf"))
                .isEqualTo(":2\r\n");
        redis.command("CONFIG", "SET", "maxmemory", "0");
        member(one, "cid");
        assertThat(watch.next(2)).containsExactlyInAnyOrder("+bob", "+cid");
        assertThat(two.channel("a").token()).isEqualTo(token);
    }

    @Test
    void session_isKnownAgain_whenRedisHasForgottenIt() throws Exception {
        RedisServer redis = redis();
        Sessions one = hub(redis.uri()).sessions("r", Duration.ofSeconds(60));
        Comet other = hub(redis.uri());
        Session session = one.open("s");
        redis.command("FLUSHALL");
        assertThat(other.sessions("r", Duration.ofSeconds(60)).find("s")).isEmpty();
        session.poll(SubscribeOptions.of("a"), () -> {});
        assertThat(other.sessions("r", Duration.ofSeconds(60)).find("s")).isPresent();
        Session touched = hub(redis.uri()).sessions("b", Duration.ofMillis(400)).open("s");
        redis.command("FLUSHALL");
        Sessions brief = other.sessions("b", Duration.ofMillis(400));
        await(() -> {
            touched.touch();
            return brief.find("s").isPresent();
        });
    }

    @Test
    void session_isForgotten_whenItHasNotPolledAnyNode() throws Exception {
        RedisServer redis = redis();
        Sessions one = hub(redis.uri()).sessions("r", Duration.ofMillis(400));
        Sessions two = hub(redis.uri()).sessions("r", Duration.ofMillis(400));
        one.open("s");
        for (int i = 0; i < 12; i++) { // for longer than the first one waits
            long since = System.nanoTime();
            await(() -> System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(100));
            two.find("s").orElseThrow().touch();
        }
        assertThat(one.ids()).isEmpty();
        assertThat(one.find("s")).isPresent();
        await(() -> one.ids().isEmpty() && two.ids().isEmpty());
        await(() -> !keys(redis).contains("{comet}sr/s"));
        assertThat(two.find("s")).isEmpty();
    }
}
