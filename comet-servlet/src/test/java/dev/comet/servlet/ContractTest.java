package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.servlet.Client.Exchange;
import dev.comet.servlet.Client.SseEvent;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every container must do with a held response: the same scenarios, unchanged, on each. Every test has a hub and a container
 * of its own, and after every test nothing may be left: no held response, no subscriber, no timer, no thread, and no stack trace in
 * the log.
 */
@Timeout(60)
abstract class ContractTest {
    private static final Duration HEARTBEAT = Duration.ofMillis(200);
    private static final Duration STALL_LIMIT = Duration.ofSeconds(1);
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(1);

    /** Containers that wait for what is held do so for half a minute. */
    private static final long PROMPT_NANOS = Duration.ofSeconds(15).toNanos();

    private final List<Client> clients = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Complaints complaints;
    private CountingScheduler scheduler;
    private Comet.Builder hub;
    private CometConfig.Builder config;
    private Map<String, Filter> filters;

    private Container container;
    private CometServlet endpoint;
    private CometAdminServlet admin;
    private Comet comet;
    private boolean stopped;
    private Set<Thread> before;

    abstract Container container();

    /** A client of the protocol under test; see {@link Client#Client}. */
    abstract Client connect(int port, int receiveBuffer) throws IOException;

    // ---- before and after

    @BeforeEach
    void settings() {
        complaints = new Complaints();
        before = Set.copyOf(threadsNamed("comet-"));
        scheduler = new CountingScheduler();
        hub = Comet.builder().scheduler(scheduler);
        config = CometConfig.builder().heartbeat(HEARTBEAT).stallLimit(STALL_LIMIT);
        filters = new HashMap<>();
    }

    private void start() throws Exception {
        comet = hub.build();
        endpoint = new CometServlet(comet, config.build());
        admin = new CometAdminServlet(comet, config.build());
        container = container();
        container.start(Map.of("/comet", endpoint, "/admin", admin), filters);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        threads.shutdownNow();
        for (Client client : clients) {
            client.close();
        }
        if (!stopped) {
            await("no held response", () -> endpoint.held() + admin.held() == 0);
            await("no body", () -> endpoint.reading() + admin.reading() == 0);
            await("no subscriber", () -> comet.stats().subscribers() == 0);
            await("no timer of a request", () -> scheduler.pending() == 0);
            stop();
        }
        scheduler.close();
        await("no thread of the hub", () -> before.containsAll(threadsNamed("comet-")));
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        complaints.close();
        assertThat(complaints.all()).isEmpty();
    }

    private void stop() throws Exception {
        stopped = true;
        long began = System.nanoTime();
        container.stop();
        comet.close();
        assertThat(System.nanoTime() - began).as("nanoseconds to stop").isLessThan(PROMPT_NANOS);
    }

    static List<Thread> threadsNamed(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix))
                .toList();
    }

    static void await(String what, BooleanSupplier condition) {
        await(what, Duration.ofSeconds(10), condition);
    }

    static void await(String what, Duration atMost, BooleanSupplier condition) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                fail("waited " + atMost.toMillis() + " ms for: " + what);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    // ---- short ways

    private Client connect() throws IOException {
        return connected(0);
    }

    private Client connected(int receiveBuffer) throws IOException {
        Client client = connect(container.port(), receiveBuffer);
        clients.add(client);
        return client;
    }

    /** A stream of events that is attached: its prologue has been read. */
    private Exchange sse(String query, String... headers) throws IOException {
        Exchange stream = connect().get("/comet/events?" + query, headers);
        assertThat(stream.status()).isEqualTo(200);
        assertThat(stream.header("Content-Type").orElse("").toLowerCase(java.util.Locale.ROOT))
                .startsWith("text/event-stream");
        SseEvent prologue = stream.event();
        assertThat(prologue).isNotNull();
        assertThat(prologue.retry()).isNotNull();
        assertThat(prologue.id()).isNotNull();
        return stream;
    }

    private Exchange ndjson(String query) throws IOException {
        Exchange stream = connect().get("/comet/events?" + query, "Accept: application/x-ndjson");
        assertThat(stream.status()).isEqualTo(200);
        assertThat(stream.header("Content-Type")).contains("application/x-ndjson");
        assertThat(stream.object()).startsWith("{\"type\":\"open\"");
        return stream;
    }

    private String poll(String query) throws IOException {
        return poll(connect(), query);
    }

    private static String poll(Client client, String query) throws IOException {
        Exchange poll = client.get("/comet/events?as=poll&" + query);
        assertThat(poll.status()).isEqualTo(200);
        assertThat(poll.header("Content-Type").orElse("")).startsWith("application/json");
        return poll.rest();
    }

    private static List<String> texts(String json) {
        return Wire.all(json, "data");
    }

    private static List<String> data(Exchange stream, int n) throws IOException {
        List<String> data = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            SseEvent event = stream.event();
            assertThat(event).as("event %d of %d", i + 1, n).isNotNull();
            data.add(event.data());
        }
        return data;
    }

    private static List<String> objects(Exchange stream, int n) throws IOException {
        List<String> objects = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            objects.add(stream.object());
        }
        return objects;
    }

    private void publish(String channel, String... texts) {
        for (String text : texts) {
            comet.publish(channel, text);
        }
    }

    private static String[] numbers(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }

    private String cursor(String channel, long next) {
        return String.format("%08x.%d", comet.channel(channel).epoch(), next);
    }

    private long closes(String reason) {
        return comet.stats().closes().getOrDefault(reason, 0L);
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    // ---- attach

    @Test
    void attach_saysRetryAndWhereItIsAtOnce() throws Exception {
        // At once: nothing else comes, and no heartbeat either, for longer than the client's patience.
        config.heartbeat(Duration.ofMinutes(1)).retry(Duration.ofSeconds(2));
        start();
        publish("news", "old");
        Exchange stream = connect().get("/comet/events?channel=news", "Accept: text/event-stream");
        SseEvent prologue = stream.event();
        assertThat(Long.parseLong(prologue.retry())).isBetween(1600L, 2400L);
        assertThat(prologue.id()).isEqualTo(cursor("news", 2));
        assertThat(prologue.data()).isEmpty();
        assertThat(stream.header("Cache-Control")).contains("no-cache, no-transform");
        assertThat(stream.header("X-Accel-Buffering")).contains("no");

        Exchange lines = connect().get("/comet/events?channel=news&as=ndjson");
        String open = lines.object();
        assertThat(Wire.first(open, "type")).isEqualTo("open");
        assertThat(Wire.first(open, "cursor")).isEqualTo(cursor("news", 2));
        assertThat(Long.parseLong(Wire.first(open, "retry"))).isBetween(1600L, 2400L);
        assertThat(Wire.first(open, "connection")).isNotEmpty();

        assertThat(Wire.first(poll("channel=news&wait=0"), "cursor")).isEqualTo(cursor("news", 2));
        assertThat(comet.stats().subscribersBySource())
                .containsEntry("native-sse", 1)
                .containsEntry("native-ndjson", 1);
        comet.remove("news"); // for no heartbeat finds out that the clients have left
    }

    @Test
    void attach_byForm() throws Exception {
        start();
        Exchange stream = connect()
                .post(
                        "/comet/events",
                        "application/x-www-form-urlencoded",
                        "channel=caf%C3%A9&channel=b&from=oldest&envelope=true",
                        "Accept: text/event-stream");
        assertThat(stream.event().id()).isNotEmpty();
        publish("café", "1");
        publish("b", "2");
        assertThat(stream.event().field("channel")).isEqualTo("café");
        assertThat(stream.event().field("channel")).isEqualTo("b");
    }

    // ---- replay

    @Test
    void replay_fromOldestFromTheLastAndFromACursor() throws Exception {
        start();
        publish("a", numbers(1, 9));
        assertThat(data(sse("channel=a&from=oldest"), 9)).containsExactly(numbers(1, 9));
        assertThat(data(sse("channel=a&from=3"), 3)).containsExactly("7", "8", "9");
        assertThat(data(sse("channel=a&cursor=" + cursor("a", 5)), 5)).containsExactly(numbers(5, 9));
        assertThat(data(sse("channel=a", "Last-Event-ID: " + cursor("a", 5)), 5))
                .containsExactly(numbers(5, 9));
        assertThat(texts(String.join("\n", objects(ndjson("channel=a&from=oldest"), 9))))
                .containsExactly(numbers(1, 9));
        assertThat(texts(poll("channel=a&from=2"))).containsExactly("8", "9");
        String answer = poll("channel=a&cursor=" + cursor("a", 8));
        assertThat(texts(answer)).containsExactly("8", "9");
        assertThat(Wire.first(answer, "cursor")).isEqualTo(cursor("a", 10));
        assertThat(Wire.first(answer, "gaps")).isEqualTo("[");
    }

    @Test
    void replay_largerThanAllBuffers() throws Exception {
        hub.historyBytes(64 << 20);
        start();
        String block = "x".repeat(100_000);
        for (int i = 0; i < 50; i++) {
            publish("a", i + block);
        }
        for (String data : data(sse("channel=a&from=oldest"), 50)) {
            assertThat(data).endsWith(block);
        }
        String answer = poll("channel=a&from=oldest");
        assertThat(texts(answer)).isNotEmpty();
    }

    // ---- tokens

    private final Tokens tokens =
            Tokens.builder().key("k1", new byte[32]).tokenLeeway(Duration.ZERO).build();

    /** What is left when it ends comes at once: a token of a second, and a warning of ten, is warned of at the beginning. */
    @Test
    void token_isWarnedOf_andAtItsEndTheStreamEnds() throws Exception {
        config.tokens(tokens).tokenExpiring(Duration.ofSeconds(10));
        start();
        String token = tokens.mint("ann", Duration.ofSeconds(1)).subscribe("a").sign();
        long ends = System.currentTimeMillis() + 1000;
        Exchange events = sse("channel=a", "Authorization: Bearer " + token);
        Exchange lines = ndjson("channel=a&access_token=" + token);

        SseEvent warning = events.event();
        assertThat(warning.type()).isEqualTo("expiring");
        assertThat(warning.field("type")).isEqualTo("expiring");
        assertThat(warning.field("connection")).isNotEmpty();
        assertThat(Long.parseLong(warning.field("time"))).isBetween(ends - 1000, ends);
        String line = lines.object();
        assertThat(Wire.first(line, "type")).isEqualTo("expiring");
        publish("a", "still delivered");
        assertThat(events.event().data()).isEqualTo("still delivered");

        SseEvent close = events.event();
        assertThat(close.type()).isEqualTo("close");
        assertThat(close.data()).isEqualTo("{\"reason\":\"expired\"}");
        assertThat(System.currentTimeMillis()).isBetween(ends - 100, ends + 5000);
        assertThat(events.event()).isNull();
        assertThat(lines.object()).contains("still delivered");
        assertThat(lines.object()).isEqualTo("{\"type\":\"close\",\"reason\":\"expired\"}");
        assertThat(connect()
                        .get("/comet/events?channel=a", "Authorization: Bearer " + token)
                        .status())
                .isEqualTo(401);
        await("no lease", () -> tokens.bearers().leased() == 0);
    }

    @Test
    void token_isRenewed_withoutReconnecting() throws Exception {
        config.tokens(tokens).tokenExpiring(Duration.ofSeconds(2));
        start();
        String first =
                tokens.mint("ann", Duration.ofMillis(2500)).subscribe("a").sign();
        Exchange lines = ndjson("channel=a&access_token=" + first);
        String warning = lines.object();
        String connection = Wire.first(warning, "connection");
        assertThat(Wire.first(warning, "type")).isEqualTo("expiring");

        String second =
                tokens.mint("ann", Duration.ofSeconds(6)).subscribe("a", "b").sign();
        assertThat(renew(connection, second)).isEqualTo(204);
        publish("a", "1");
        assertThat(lines.object()).contains("\"1\"");
        String again = lines.object(); // of the second token, after the first one's end
        assertThat(Wire.first(again, "type")).isEqualTo("expiring");
        assertThat(Long.parseLong(Wire.first(again, "time")))
                .isGreaterThan(Long.parseLong(Wire.first(warning, "time")) + 1000);
        assertThat(System.currentTimeMillis()).isGreaterThan(Long.parseLong(Wire.first(warning, "time")));
        publish("a", "2");
        assertThat(lines.object()).contains("\"2\"");

        assertThat(renew(
                        connection,
                        tokens.mint("bob", Duration.ofMinutes(1)).subscribe("a").sign()))
                .isEqualTo(404);
        assertThat(renew("30e2a0b4-0000-0000-0000-000000000000", second)).isEqualTo(404);
        assertThat(renew(
                        connection,
                        tokens.mint("ann", Duration.ofMinutes(1)).subscribe("b").sign()))
                .isEqualTo(403);
        assertThat(renew(connection, second + "x")).isEqualTo(401);
        assertThat(lines.object()).contains("expired");
        assertThat(lines.object()).isNull();
    }

    private int renew(String connection, String token) throws IOException {
        return connect()
                .post(
                        "/comet/token",
                        "application/x-www-form-urlencoded",
                        "connection=" + connection,
                        "Authorization: Bearer " + token)
                .status();
    }

    @Test
    void token_endsAPollThatIsHeld() throws Exception {
        config.tokens(tokens);
        start();
        String token = tokens.mint("ann", Duration.ofSeconds(1)).subscribe("a").sign();
        long began = System.nanoTime();
        assertThat(texts(poll("channel=a&wait=60&access_token=" + token))).isEmpty();
        assertThat(millisSince(began)).isBetween(900L, 8000L);
    }

    /** Renewals, warnings and messages meet in one drain after the other; nothing is lost, doubled or written by another. */
    @Test
    void token_isRenewedAgainAndAgain_whileMessagesCome() throws Exception {
        config.tokens(tokens).tokenExpiring(Duration.ofHours(1)); // each token is warned of at the next look
        start();
        Exchange lines = ndjson("channel=a&access_token="
                + tokens.mint("ann", Duration.ofMinutes(1)).subscribe("a").sign());
        String connection = Wire.first(lines.object(), "connection");
        Future<Integer> renewals = threads.submit(() -> {
            int n = 0;
            for (; n < 100; n++) {
                String next = tokens.mint("ann", Duration.ofMinutes(2 + n))
                        .subscribe("a")
                        .sign();
                if (renew(connection, next) != 204) {
                    break;
                }
            }
            return n;
        });
        for (int i = 0; i < 1000; i++) {
            publish("a", Integer.toString(i));
            String line = lines.object();
            while (Wire.first(line, "type").equals("expiring")) {
                line = lines.object();
            }
            assertThat(line).contains("\"data\":\"" + i + "\"");
        }
        assertThat(renewals.get()).isEqualTo(100);
    }

    @Test
    void token_thatIsRevoked_endsWhatItHolds_andNothingElse() throws Exception {
        config.tokens(tokens);
        start();
        String token = tokens.mint("ann", Duration.ofHours(1)).subscribe("a").sign();
        Exchange anns = sse("channel=a", "Authorization: Bearer " + token);
        Exchange bobs = sse(
                "channel=a",
                "Authorization: Bearer "
                        + tokens.mint("bob", Duration.ofHours(1)).subscribe("a").sign());
        tokens.revokeSubject("ann");
        assertThat(anns.event().data()).isEqualTo("{\"reason\":\"expired\"}");
        publish("a", "1");
        assertThat(bobs.event().data()).isEqualTo("1");
        assertThat(connect()
                        .get("/comet/events?channel=a", "Authorization: Bearer " + token)
                        .status())
                .isEqualTo(401);
    }

    @Test
    void token_refusals_haveTheirShape() throws Exception {
        config.tokens(tokens).corsOrigins(Set.of("https://app.example"));
        start();
        Exchange bad = connect().get("/comet/events?channel=a&access_token=x.y.z", "Origin: https://app.example");
        assertThat(bad.status()).isEqualTo(401);
        assertThat(bad.header("WWW-Authenticate").orElse(""))
                .startsWith("Bearer error=\"invalid_token\", error_description=\"");
        assertThat(bad.header("Content-Type").orElse("")).startsWith("application/problem+json");
        assertThat(bad.header("Access-Control-Allow-Origin")).contains("https://app.example");
        assertThat(bad.rest()).contains("\"status\":401").doesNotContain("x.y.z");
        String token = tokens.mint("ann", Duration.ofMinutes(1)).subscribe("a").sign();
        String form = "application/x-www-form-urlencoded";
        assertThat(connect()
                        .get("/comet/events?channel=b", "Authorization: Bearer " + token)
                        .status())
                .isEqualTo(403);
        assertThat(connect()
                        .get("/comet/events?channel=a&access_token=x", "Authorization: Bearer " + token)
                        .status())
                .isEqualTo(400);
        assertThat(connect().post("/comet/token", form, "connection=x").status())
                .isEqualTo(401);
        assertThat(connect().post("/comet/token", form, "access_token=" + token).status())
                .isEqualTo(400);
        assertThat(connect()
                        .post("/comet/token", form, "connection=x&access_token=" + token)
                        .status())
                .isEqualTo(404);
        assertThat(connect()
                        .post("/comet/token", "text/plain", "", "Authorization: Bearer " + token)
                        .status())
                .isEqualTo(415);
        assertThat(connect().post("/comet/tickets", form, "").status()).isEqualTo(401);
        assertThat(connect()
                        .post("/comet/events", form, "channel=b&access_token=" + token)
                        .status())
                .isEqualTo(403);
        assertThat(connect()
                        .post("/comet/channels/a", form, "access_token=" + token)
                        .status())
                .as("a body that is a message shows no token")
                .isEqualTo(403);
        Exchange stream = connect().post("/comet/events", form, "channel=a&as=ndjson&access_token=" + token);
        String connection = Wire.first(stream.object(), "connection");
        assertThat(connect()
                        .post("/comet/token", form, "connection=" + connection + "&access_token=" + token)
                        .status())
                .isEqualTo(204);
        Exchange anonymous = ndjson("channel=a");
        assertThat(anonymous).isNotNull();
    }

    @Test
    void token_whereThereAreNone_isNotLookedAt() throws Exception {
        start();
        sse("channel=a&access_token=x", "Authorization: Bearer y");
        assertThat(connect()
                        .post("/comet/token", "application/x-www-form-urlencoded", "connection=x")
                        .status())
                .isEqualTo(404);
        assertThat(connect().post("/comet/tickets", "text/plain", "").status()).isEqualTo(404);
    }

    @Test
    void ticket_opensOneEventSource() throws Exception {
        config.tokens(tokens);
        start();
        String token = tokens.mint("ann", Duration.ofHours(1)).subscribe("a").sign();
        Exchange answer = connect().post("/comet/tickets", "text/plain", "", "Authorization: Bearer " + token);
        assertThat(answer.status()).isEqualTo(201);
        String ticket = Wire.first(answer.rest(), "ticket");
        sse("channel=a&ticket=" + ticket);
        assertThat(connect().get("/comet/events?channel=a&ticket=" + ticket).status())
                .isEqualTo(401);

        Exchange another = connect().post("/comet/tickets", "text/plain", "", "Authorization: Bearer " + token);
        String unused = Wire.first(another.rest(), "ticket");
        assertThat(connect()
                        .post("/comet/tickets?ticket=" + unused, "text/plain", "")
                        .status())
                .as("one that is good for the next would be good for ever")
                .isEqualTo(403);
    }

    /** Whatever the level: a log is read by others than those who may read the channel. */
    @Test
    void token_isNeverLogged() throws Exception {
        List<String> logged = new java.util.concurrent.CopyOnWriteArrayList<>();
        Handler all = new Handler() {
            @Override
            public void publish(LogRecord line) {
                logged.add(new SimpleFormatter().format(line));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger ours = Logger.getLogger("dev.comet");
        all.setLevel(Level.ALL);
        ours.setLevel(Level.ALL);
        ours.addHandler(all);
        try {
            config.tokens(tokens);
            start();
            String good = tokens.mint("ann", Duration.ofHours(1)).subscribe("a").sign();
            String forged = good.substring(0, good.length() - 5) + "AAAAA";
            Exchange answer = connect().post("/comet/tickets", "text/plain", "", "Authorization: Bearer " + good);
            String ticket = Wire.first(answer.rest(), "ticket");
            sse("channel=a&access_token=" + good);
            sse("channel=a&ticket=" + ticket);
            for (String bad : List.of("access_token=" + forged, "ticket=" + ticket)) {
                assertThat(connect().get("/comet/events?channel=a&" + bad).status())
                        .isEqualTo(401);
            }
            assertThat(connect()
                            .get("/comet/events?channel=b&access_token=" + good)
                            .status())
                    .isEqualTo(403);
            Client leaves = connect();
            leaves.get("/comet/events?channel=a&access_token=" + good).event();
            leaves.abort();
            comet.publish("a", "x".repeat(100_000));
            await("who left is noticed", () -> comet.stats().subscribers() == 2);
            System.getLogger("dev.comet").log(System.Logger.Level.DEBUG, "at its end");
            assertThat(logged).as("all is seen").last().asString().contains("at its end");
            for (String secret : List.of(good, forged, ticket)) {
                String signature = secret.substring(secret.lastIndexOf('.') + 1);
                assertThat(logged).noneMatch(line -> line.contains(signature));
            }
        } finally {
            ours.removeHandler(all);
            ours.setLevel(null);
        }
    }

    // ---- live

    @Test
    void live_oneChannelInEveryTransport() throws Exception {
        start();
        Exchange events = sse("channel=a");
        Exchange enveloped = sse("channel=a&envelope=true");
        Exchange lines = ndjson("channel=a");
        Future<String> poll = threads.submit(() -> poll("channel=a&wait=20"));
        await("the poll is held", () -> comet.stats().subscribers() == 4);

        comet.publish("a", Draft.text("one\r\ntwo\rthree\n").withType("tick").withAttribute("by", "me"));
        SseEvent event = events.event();
        assertThat(event.type()).isEqualTo("tick");
        assertThat(event.id()).isEqualTo(cursor("a", 2));
        assertThat(event.data()).isEqualTo("one\ntwo\nthree\n");
        SseEvent envelope = enveloped.event();
        String line = lines.object();
        assertThat(envelope.data()).isEqualTo(line);
        assertThat(envelope.id()).isEqualTo(cursor("a", 2));
        assertThat(line)
                .startsWith("{\"channel\":\"a\",\"seq\":1,\"id\":")
                .contains("\"type\":\"tick\"")
                .contains("\"data\":\"one\\r\\ntwo\\rthree\\n\"")
                .contains("\"attributes\":{\"by\":\"me\"}")
                .contains("\"cursor\":\"" + cursor("a", 2) + "\"");
        String answer = poll.get();
        assertThat(answer).contains(line);
        assertThat(Wire.first(answer, "cursor")).isEqualTo(cursor("a", 2));

        comet.publishJson("a", "{\"x\":[1,2]}");
        assertThat(events.event().data()).isEqualTo("{\"x\":[1,2]}");
        assertThat(lines.object()).contains("\"data\":{\"x\":[1,2]}");
    }

    @Test
    void live_severalChannelsInOrder() throws Exception {
        start();
        Exchange events = sse("channel=a&channel=b&channel=c");
        Exchange lines = ndjson("channel=a&channel=b&channel=c");
        for (int i = 0; i < 30; i++) {
            publish(List.of("a", "b", "c").get(i % 3), Integer.toString(i));
        }
        for (int i = 0; i < 30; i++) {
            SseEvent event = events.event();
            assertThat(event.field("data")).isEqualTo(Integer.toString(i));
            assertThat(event.field("channel")).isEqualTo(List.of("a", "b", "c").get(i % 3));
            assertThat(event.field("cursor")).isEqualTo(event.id());
            assertThat(lines.object()).contains("\"data\":\"" + i + "\"");
        }
    }

    @Test
    void live_inBurstsAndPauses_nothingStaysBehind() throws Exception {
        // A wake that comes between the drainer's last look and its leaving must not be lost; no heartbeat comes to its
        // rescue. A channel's wakes come one after the other, so there are several.
        config.heartbeat(Duration.ofMinutes(1));
        start();
        Exchange events = sse("channel=a&channel=b&channel=c");
        Random random = new Random(1);
        for (int i = 0; i < 3000; ) {
            int burst = 1 + random.nextInt(4);
            for (int k = 0; k < burst; k++, i++) {
                publish(List.of("a", "b", "c").get(i % 3), Integer.toString(i));
                spin(random.nextInt(20_000));
            }
            for (int k = burst; k > 0; k--) {
                assertThat(events.event().field("data")).isEqualTo(Integer.toString(i - k));
            }
        }
        comet.remove("a");
        assertThat(events.event().type()).isEqualTo("close");
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void heartbeats_comeOnASilentStreamAndNoMoreThanThat() throws Exception {
        start();
        long began = System.nanoTime();
        Exchange events = sse("channel=a");
        Exchange lines = ndjson("channel=a");
        Future<?> later = threads.submit(() -> {
            LockSupport.parkNanos(HEARTBEAT.toNanos() * 5);
            publish("a", "x");
        });
        assertThat(events.event().data()).isEqualTo("x");
        assertThat(lines.object()).contains("\"x\"");
        int most = (int) (millisSince(began) / HEARTBEAT.toMillis()) + 1;
        assertThat(events.heartbeats()).isBetween(1, most);
        assertThat(lines.heartbeats()).isBetween(1, most);
        later.get();
    }

    // ---- resume

    @Test
    void resume_byLastEventIdUnderConcurrentPublishing_losesAndDoublesNothing() throws Exception {
        int total = 3000;
        hub.historyMessages(total).liveWindow(total);
        start();
        String at = connectedAt("/comet/events?channel=a");
        Future<?> publisher = threads.submit(() -> publishSlowly("a", total));
        Random random = new Random(2);
        int connections = 0;
        for (int next = 0; next < total; connections++) {
            Client client = connect();
            Exchange stream = client.get("/comet/events?channel=a", "Last-Event-ID: " + at);
            assertThat(stream.event().id()).isEqualTo(at);
            for (int n = Math.min(total - next, 1 + random.nextInt(200)); n > 0; n--, next++) {
                SseEvent event = stream.event();
                assertThat(event.data()).isEqualTo(Integer.toString(next));
                at = event.id();
            }
            if (random.nextBoolean()) {
                client.abort();
            } else {
                client.close();
            }
        }
        publisher.get();
        assertThat(connections).isGreaterThan(10);
        assertThat(comet.stats().gaps()).isZero();
    }

    private String connectedAt(String target) throws IOException {
        try (Client client = connect()) {
            return client.get(target).event().id();
        }
    }

    private void publishSlowly(String channel, int total) {
        for (int i = 0; i < total; i++) {
            publish(channel, Integer.toString(i));
            LockSupport.parkNanos(100_000);
        }
    }

    @Test
    void resume_onSeveralChannelsUnderConcurrentPublishing_losesAndDoublesNothing() throws Exception {
        int each = 1000;
        hub.historyMessages(each).liveWindow(each);
        start();
        List<String> names = List.of("a", "b", "c");
        String at = connectedAt("/comet/events?channel=a&channel=b&channel=c");
        List<Future<?>> publishers = new ArrayList<>();
        for (String name : names) {
            publishers.add(threads.submit(() -> publishSlowly(name, each)));
        }
        Map<String, Integer> seen = new HashMap<>();
        Random random = new Random(3);
        for (int got = 0; got < 3 * each; ) {
            try (Client client = connect()) {
                Exchange stream = client.get("/comet/events?channel=c&channel=a&channel=b&as=ndjson&cursor=" + at);
                assertThat(stream.object()).startsWith("{\"type\":\"open\"");
                for (int n = Math.min(3 * each - got, 1 + random.nextInt(200)); n > 0; n--, got++) {
                    String line = stream.object();
                    String channel = Wire.first(line, "channel");
                    int next = seen.merge(channel, 1, Integer::sum);
                    assertThat(Wire.first(line, "seq")).as(channel).isEqualTo(Integer.toString(next));
                    at = Wire.first(line, "cursor");
                }
            }
        }
        for (Future<?> publisher : publishers) {
            publisher.get();
        }
        assertThat(comet.stats().gaps()).isZero();
    }

    @Test
    void resume_byPollsOnOneConnectionUnderConcurrentPublishing_losesAndDoublesNothing() throws Exception {
        // The container recycles request and response between the polls: nothing of ours may touch the next one's.
        int total = 3000;
        hub.historyMessages(total).liveWindow(total);
        start();
        Client client = connect();
        String at = Wire.first(poll(client, "channel=a&wait=0"), "cursor");
        Semaphore ahead = new Semaphore(100); // a batch at most, so that there are many polls
        Future<?> publisher = threads.submit(() -> {
            for (int i = 0; i < total; i++) {
                ahead.acquireUninterruptibly();
                publish("a", Integer.toString(i));
            }
        });
        int polls = 0;
        for (int next = 0; next < total; polls++) {
            if (polls % 50 == 49) {
                client = connect(); // Tomcat closes a connection after a hundred requests
            }
            String answer = poll(client, "channel=a&cursor=" + at);
            assertThat(texts(answer)).isNotEmpty();
            for (String text : texts(answer)) {
                assertThat(text).isEqualTo(Integer.toString(next++));
                ahead.release();
            }
            at = Wire.first(answer, "cursor");
        }
        publisher.get();
        assertThat(polls).isGreaterThan(20);
        assertThat(comet.stats().gaps()).isZero();
    }

    // ---- gap and reset

    @Test
    void gap_tellsExactlyWhatIsGone() throws Exception {
        hub.historyMessages(4).liveWindow(4);
        start();
        publish("a", numbers(1, 10)); // 7 to 10 are kept
        Exchange stream = sse("channel=a", "Last-Event-ID: " + cursor("a", 3));
        SseEvent gap = stream.event();
        assertThat(gap.type()).isEqualTo("gap");
        assertThat(gap.data())
                .isEqualTo("{\"type\":\"gap\",\"channel\":\"a\",\"reason\":\"lapped\",\"from\":3,\"to\":6,\"cursor\":\""
                        + cursor("a", 7) + "\"}");
        assertThat(gap.id()).isEqualTo(cursor("a", 7));
        assertThat(data(stream, 4)).containsExactly(numbers(7, 10));

        Exchange lines = ndjson("channel=a&cursor=" + cursor("a", 1));
        assertThat(lines.object()).isEqualTo(gap.data().replace("\"from\":3", "\"from\":1"));
        assertThat(texts(String.join("\n", objects(lines, 4)))).containsExactly(numbers(7, 10));

        String answer = poll("channel=a&cursor=" + cursor("a", 6));
        assertThat(answer).contains("\"gaps\":[" + gap.data().replace("\"from\":3", "\"from\":6") + "]");
        assertThat(texts(answer)).containsExactly(numbers(7, 10));

        // 7 is the oldest kept: nothing is gone.
        assertThat(data(sse("channel=a&cursor=" + cursor("a", 7)), 4)).containsExactly(numbers(7, 10));
        assertThat(comet.stats().gaps()).isEqualTo(3);
        assertThat(comet.stats().lost()).isEqualTo(4 + 6 + 1);
    }

    @Test
    void gap_onOneOfSeveralChannels() throws Exception {
        hub.historyMessages(4).liveWindow(4);
        start();
        String at = connectedAt("/comet/events?channel=a&channel=b");
        publish("a", numbers(1, 10));
        publish("b", "x");
        Exchange stream = sse("channel=a&channel=b&cursor=" + at);
        SseEvent gap = stream.event();
        assertThat(gap.type()).isEqualTo("gap");
        assertThat(gap.data()).contains("\"channel\":\"a\",\"reason\":\"lapped\",\"from\":1,\"to\":6");
        assertThat(String.join("\n", data(stream, 5)))
                .satisfies(all -> assertThat(texts(all)).containsExactly("7", "8", "9", "10", "x"));
    }

    @Test
    void reset_whenTheCursorIsOfAnotherEpoch() throws Exception {
        start();
        publish("a", "of an earlier life");
        String earlier = cursor("a", 2);
        assertThat(comet.remove("a")).isTrue();
        publish("a", numbers(1, 3));
        Exchange stream = sse("channel=a", "Last-Event-ID: " + earlier);
        SseEvent reset = stream.event();
        assertThat(reset.type()).isEqualTo("gap");
        assertThat(reset.data())
                .isEqualTo("{\"type\":\"gap\",\"channel\":\"a\",\"reason\":\"reset\",\"to\":0,\"cursor\":\""
                        + cursor("a", 1) + "\"}");
        assertThat(data(stream, 3)).containsExactly(numbers(1, 3));
        assertThat(poll("channel=a&cursor=" + earlier)).contains("\"reason\":\"reset\"");
        assertThat(poll("channel=a&cursor=" + cursor("a", 99))).contains("\"reason\":\"reset\""); // from the future
        assertThat(comet.stats().resets()).isEqualTo(3);
    }

    // ---- publish over HTTP

    @Test
    void publish_onTheAdminMount() throws Exception {
        start();
        Exchange lines = ndjson("channel=a");
        Exchange answer = connect()
                .post(
                        "/admin/channels/a",
                        "text/plain",
                        "héllo",
                        "X-Comet-Type: greeting",
                        "X-Comet-Attribute-From: someone");
        assertThat(answer.status()).isEqualTo(201);
        String stored = answer.rest();
        assertThat(stored).startsWith("{\"channel\":\"a\",\"seq\":1,\"id\":");
        String line = lines.object();
        assertThat(line)
                .contains("\"type\":\"greeting\"", "\"data\":\"héllo\"", "\"attributes\":{\"from\":\"someone\"}")
                .contains("\"id\":" + Wire.first(stored, "id"), "\"time\":" + Wire.first(stored, "time"));

        Client client = connect(); // several on one connection
        for (int i = 0; i < 20; i++) {
            Exchange next = client.post("/admin/channels/a", "application/json", "{\"n\":" + i + "}");
            assertThat(next.status()).isEqualTo(201);
            assertThat(next.rest()).contains("\"seq\":" + (i + 2));
            assertThat(lines.object()).contains("\"data\":{\"n\":" + i + "}");
        }
        assertThat(connect().get("/admin/channels").rest()).isEqualTo("{\"channels\":[\"a\"]}");
        assertThat(connect().get("/comet/channels/a").rest()).contains("\"next\":22", "\"subscribers\":1");
    }

    @Test
    void wholeAnswers_areNotToBeGuessedAt() throws Exception {
        start();
        comet.publish("a", "x");
        List<Exchange> answers = List.of(
                connect().post("/admin/channels/a", "text/plain", "y"),
                connect().get("/comet/channels/a"),
                connect().get("/comet/channels"),
                connect().get("/comet/nowhere"));
        assertThat(answers).extracting(Exchange::status).containsExactly(201, 200, 403, 404);
        assertThat(answers).allSatisfy(answer -> assertThat(answer.header("X-Content-Type-Options"))
                .contains("nosniff"));
    }

    @Test
    void publish_isNotHeldUpByAListenerThatBlocksNorByASocketThatTakesNothing() throws Exception {
        ExecutorService listeners = Executors.newCachedThreadPool();
        CountDownLatch release = new CountDownLatch(1);
        hub.listenerExecutor(listeners);
        Duration stallLimit = Duration.ofSeconds(6);
        config.stallLimit(stallLimit);
        start();
        comet.subscribe("a", m -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Exchange stuck = connected(4096).get("/comet/events?channel=a");
        assertThat(stuck.status()).isEqualTo(200);
        String block = "x".repeat(10_000);
        long longest = 0;
        for (int i = 0; i < 2000; i++) {
            long before = System.nanoTime();
            publish("a", block);
            longest = Math.max(longest, System.nanoTime() - before);
        }
        // One that waited for the listener would wait for ever; one that waited for the socket, until it is given up.
        assertThat(Duration.ofNanos(longest)).isLessThan(stallLimit.minusSeconds(1));
        release.countDown();
        await("stalled", stallLimit.multipliedBy(3), () -> closes("stalled") == 1);
        comet.drain(Duration.ofSeconds(5));
        listeners.shutdown();
        assertThat(listeners.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    }

    // ---- refuse

    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    private record Bad(int status, String method, String target, String body, String... headers) {
        @Override
        public String toString() {
            return method + " " + target + " " + Arrays.toString(headers);
        }
    }

    private static Bad bad(int status, String target, String... headers) {
        return new Bad(status, "GET", target, null, headers);
    }

    private static Bad badBody(int status, String target, String type, String body, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = type.isEmpty() ? "X-No: type" : "Content-Type: " + type;
        return new Bad(status, "POST", target, body, all);
    }

    private static String events(String query) {
        return "/comet/events?" + query;
    }

    @Test
    void refuse_whatIsWrong_asAProblem() throws Exception {
        hub.maxMessageBytes(10_000);
        start();
        String form = "application/x-www-form-urlencoded";
        List<Bad> all = List.of(
                bad(400, "/comet/events"),
                bad(400, events("channel=")),
                bad(400, events("channel=a%00b")),
                bad(400, events("channel=a%0Ab")),
                bad(400, events("channel=a%7Fb")),
                bad(400, events("channel=a%2Fb")),
                bad(400, events("channel=a%5Cb")),
                bad(400, events("channel=a%25b")),
                bad(400, events("channel=" + "x".repeat(201))),
                bad(400, events("channel=%zz")),
                bad(400, events("channel=a&x=%")),
                bad(400, events("channel=%FF")),
                bad(
                        400,
                        events(IntStream.range(0, 65)
                                .mapToObj(i -> "channel=c" + i)
                                .collect(Collectors.joining("&")))),
                bad(400, events("channel=a&cursor=garbage")),
                bad(400, events("channel=a&cursor=0000000g.1")),
                bad(400, events("channel=a&cursor=00000001.0")),
                bad(400, events("channel=a&cursor=00000001.99999999999999999999")),
                bad(400, events("channel=a&cursor=" + "A".repeat(3000))),
                bad(400, events("channel=a"), "Last-Event-ID: x y z"),
                bad(400, events("channel=a&from=-1")),
                bad(400, events("channel=a&from=newest")),
                bad(400, events("channel=a&as=xml")),
                bad(400, events("channel=a&as=poll&wait=121")),
                bad(400, events("channel=a&as=poll&wait=1.5")),
                bad(400, events("channel=a&envelope=maybe")),
                bad(400, events("channel=a&presence=a%0Ab")),
                badBody(400, "/comet/events", form, "channel=%zz"),
                badBody(400, "/admin/channels/a", "application/json", "{\"a\":"),
                badBody(400, "/admin/channels/a", "application/json", "1 2"),
                badBody(400, "/admin/channels/a", "text/plain", "x", "X-Comet-Type: close"),
                badBody(400, "/admin/channels/a", "text/plain", "x", "X-Comet-Type: 1st"),
                badBody(400, "/admin/channels/a", "text/plain", "x", "X-Comet-Attribute-: x"),
                badBody(400, "/admin/channels/" + "x".repeat(201), "text/plain", "x"),
                badBody(403, "/comet/channels/a", "text/plain", "x"),
                bad(403, "/comet/stats"),
                bad(403, "/comet/channels"),
                new Bad(403, "DELETE", "/comet/channels/a", null),
                badBody(403, "/admin/channels/a", "text/plain", "x", "X-Forwarded-For: 127.0.0.1"),
                badBody(403, "/admin/channels/a", "text/plain", "x", "Origin: https://elsewhere.example"),
                badBody(403, "/admin/channels/a", "text/plain", "x", "Sec-Fetch-Site: cross-site"),
                bad(404, "/comet/"),
                bad(404, "/comet"),
                bad(404, "/comet/nothing"),
                bad(404, "/comet/channels/none"),
                bad(404, "/comet/channels/a/b"),
                new Bad(404, "DELETE", "/admin/channels/none", null),
                new Bad(405, "PUT", "/comet/events", "x"),
                new Bad(405, "DELETE", "/comet/events", null),
                new Bad(405, "HEAD", events("channel=a"), null),
                new Bad(405, "BREW", events("channel=a"), null),
                badBody(405, "/comet/stats", "text/plain", "x"),
                bad(406, events("channel=a"), "Accept: image/png"),
                badBody(413, "/admin/channels/a", "text/plain", "x".repeat(10_001)),
                badBody(415, "/comet/events", "text/plain", "channel=a"),
                badBody(415, "/comet/events", "", "channel=a"),
                badBody(415, "/admin/channels/a", "text/plain;charset=latin1", "x"));
        for (Bad request : all) {
            Exchange answer = send(request);
            assertThat(answer.status()).as("%s", request).isEqualTo(request.status);
            String body = answer.rest();
            if (request.target.contains("%")
                    && answer.header("Content-Type")
                            .filter("application/problem+json"::equals)
                            .isEmpty()) {
                continue; // it did not reach us: the container has its own answer to bad escapes
            }
            assertThat(answer.header("Content-Type")).as("%s", request).contains("application/problem+json");
            if (!request.method.equals("HEAD")) {
                assertThat(body).as("%s", request).contains("\"status\":" + request.status);
                assertThat(Wire.first(body, "title")).as("%s", request).isNotEqualTo("Error");
                assertThat(Wire.first(body, "detail")).as("%s", request).isNotEmpty();
            }
            if (request.status == 405) {
                assertThat(answer.header("Allow")).as("%s", request).isPresent();
            }
        }
        assertThat(comet.channels()).as("channels that bad requests made").isEmpty();
        assertThat(comet.stats().published()).isZero();
    }

    private Exchange send(Bad request) throws IOException {
        Client client = connect();
        if (request.body == null) {
            return client.open(request.method, request.target, request.headers);
        }
        String[] headers = Arrays.copyOf(request.headers, request.headers.length + 1);
        headers[request.headers.length] = "Content-Length: " + request.body.length();
        Exchange exchange = client.open(request.method, request.target, headers);
        exchange.write(request.body.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1), true);
        return exchange;
    }

    @Test
    void refuse_onOneConnection_leavesItUsable() throws Exception {
        start();
        Client client = connect();
        for (int i = 0; i < 40; i++) { // Tomcat closes a connection after a hundred requests, and after a 400
            assertThat(client.get("/comet/channels/none").rest()).contains("\"status\":404");
            Exchange answer = client.get("/comet/stats");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.rest()).contains("\"status\":403");
        }
        assertThat(comet.stats().refusals()).containsEntry("denied", 40L).containsEntry("unknown-channel", 40L);
    }

    @Test
    void refuse_tenThousandChannels() throws Exception {
        start();
        String names = IntStream.range(0, 10_000).mapToObj(i -> "channel=" + i).collect(Collectors.joining("&"));
        Exchange answer = connect().post("/comet/events", "application/x-www-form-urlencoded", names);
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.rest()).contains("\"status\":413");
        String fewer = IntStream.range(0, 5_000).mapToObj(i -> "channel=" + i).collect(Collectors.joining("&"));
        answer = connect().post("/comet/events", "application/x-www-form-urlencoded", fewer);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.rest()).contains("max-channels-per-request");
        assertThat(comet.channels()).isEmpty();
    }

    @Test
    void refuse_injectionIntoHeadersAndFrames() throws Exception {
        start();
        for (String target : List.of(
                events("channel=a&cursor=x%0d%0aX-Evil:%201%0d%0a%0d%0ahello"),
                events("channel=a&from=x%0d%0aX-Evil:%201"),
                events("channel=a%0d%0aX-Evil:%201"),
                events("channel=a&as=sse%0d%0aX-Evil:%201"))) {
            Exchange answer = connect().get(target);
            assertThat(answer.status()).as(target).isEqualTo(400);
            assertThat(answer.head()).as(target).doesNotContainIgnoringCase("x-evil");
            assertThat(answer.rest()).as(target).doesNotContain("\r").doesNotContain("\nX-Evil");
        }
        for (String type : List.of("a b", "a:b", "tick%0aid: 7", "tick\u0001", "é")) {
            Exchange answer = connect().post("/admin/channels/a", "text/plain", "x", "X-Comet-Type: " + type);
            try {
                assertThat(answer.status()).as(type).isEqualTo(400);
            } catch (IOException e) {
                // the container did not let it in: refused as well
            }
        }
        assertThat(comet.stats().published()).isZero();

        Exchange events = sse("channel=a");
        Exchange lines = ndjson("channel=a");
        String hostile = "x\n\nevent: close\ndata: {}\r\rid: 7\u2028\u0000\ud800";
        comet.publish("a", Draft.text(hostile).withAttribute("k", "\n\n\"}"));
        publish("a", "next");
        SseEvent event = events.event();
        assertThat(event.type()).isEqualTo("message");
        assertThat(event.id()).isEqualTo(cursor("a", 2));
        assertThat(event.data()).isEqualTo("x\n\nevent: close\ndata: {}\n\nid: 7\u2028\u0000\ufffd");
        assertThat(events.event().data()).isEqualTo("next");
        assertThat(lines.object()).contains("\"attributes\":{\"k\":\"\\n\\n\\\"}\"}");
        assertThat(lines.object()).contains("\"data\":\"next\"");
    }

    // ---- bodies

    @Test
    void body_thatTrickles_isGivenUp() throws Exception {
        config.bodyTimeout(BODY_TIMEOUT);
        start();
        long began = System.nanoTime();
        Exchange declared =
                connect().open("POST", "/admin/channels/a", "Content-Length: 10", "Content-Type: text/plain");
        Exchange chunked =
                connect().open("POST", "/admin/channels/a", "Transfer-Encoding: chunked", "Content-Type: text/plain");
        declared.write(new byte[] {'x'}, false);
        chunked.write(new byte[] {'x'}, false);
        for (Exchange slow : List.of(declared, chunked)) {
            assertThat(slow.status()).isEqualTo(408);
            assertThat(slow.header("Content-Type")).contains("application/problem+json");
            assertThat(slow.rest()).contains("\"status\":408");
        }
        assertThat(millisSince(began)).isGreaterThanOrEqualTo(BODY_TIMEOUT.toMillis());
        assertThat(comet.channels()).isEmpty();
    }

    @Test
    void body_overTheLimit_isRefusedWithoutReadingIt() throws Exception {
        // The answers come while the client has patience, which is shorter than a body may take.
        hub.maxMessageBytes(50_000);
        start();
        Exchange declared =
                connect().open("POST", "/admin/channels/a", "Content-Length: 50001", "Content-Type: text/plain");
        assertThat(declared.status()).isEqualTo(413);
        assertThat(declared.rest()).contains("\"status\":413", "50000");

        Exchange chunked =
                connect().open("POST", "/admin/channels/a", "Transfer-Encoding: chunked", "Content-Type: text/plain");
        for (int sent = 0; sent <= 50_000; sent += 10_001) {
            chunked.write(new byte[10_001], false); // and no end to it
        }
        assertThat(chunked.status()).isEqualTo(413);
        assertThat(chunked.rest()).contains("\"status\":413");

        Exchange fits = connect().post("/admin/channels/a", "text/plain", "x".repeat(50_000));
        assertThat(fits.status()).isEqualTo(201);
        assertThat(comet.stats().published()).isEqualTo(1);
    }

    @Test
    void body_ofWhatIsRefusedForItsHead_isNotReadAtAll() throws Exception {
        start();
        String form = "application/x-www-form-urlencoded";
        for (Bad request : List.of(
                badBody(404, "/comet/nothing", form, ""),
                badBody(405, "/comet/stats", form, ""),
                new Bad(405, "PUT", "/admin/channels/a", ""),
                badBody(403, "/comet/channels/a", "text/plain", ""),
                badBody(403, "/admin/channels/a", "text/plain", "", "Origin: https://elsewhere.example"),
                badBody(403, "/admin/channels/a", "text/plain", "", "Sec-Fetch-Site: cross-site"),
                badBody(415, "/comet/events", "text/plain", ""),
                badBody(415, "/admin/channels/a", "text/plain;charset=latin1", ""))) {
            for (String length : List.of("Content-Length: 10000", "Transfer-Encoding: chunked")) {
                String[] headers = Arrays.copyOf(request.headers, request.headers.length + 1);
                headers[request.headers.length] = length;
                Client client = connect();
                Exchange answer = client.open(request.method, request.target, headers); // and no body ever
                assertThat(answer.status()).as("%s", request).isEqualTo(request.status);
                assertThat(answer.rest()).as("%s", request).contains("\"status\":" + request.status);
                if (answer.header("Connection").filter("close"::equals).isEmpty()) {
                    assertThat(client.get("/comet/channels/none").status())
                            .as("the next one, after %s", request)
                            .isEqualTo(404);
                }
                client.close();
            }
        }
        assertThat(comet.channels()).isEmpty();
    }

    @Test
    void bodies_areReadAsFarAsThereIsRoomForAll() throws Exception {
        config.maxBodyBytesTotal(20_000);
        start();
        assertThat(published(20_001)).as("can never fit").isEqualTo(413);

        Exchange first = unfinished(connect(), "Content-Length: 15000", 12_000);
        await("the first is read", () -> admin.reading() == 12_000);
        Exchange refused = connect().post("/admin/channels/a", "text/plain", "x".repeat(10_000));
        assertThat(refused.header("Retry-After")).isPresent();
        assertThat(refused.header("Content-Type")).contains("application/problem+json");
        assertThat(refused.rest()).contains("\"status\":503", "max-body-bytes-total");
        first.write(new byte[3_000], true);
        assertThat(first.status()).isEqualTo(201);

        Client leaves = connect();
        unfinished(leaves, "Transfer-Encoding: chunked", 12_000);
        await("the chunks are read, and only they", () -> admin.reading() == 12_000);
        assertThat(published(10_000)).isEqualTo(503);
        leaves.abort();
        await("all of the room is given back, whatever the end", () -> admin.reading() == 0);
        assertThat(published(20_000)).isEqualTo(201);
    }

    /** Who asks for long lists and does not read them fills no memory with them. */
    @Test
    void largeAnswers_areWrittenAsFarAsThereIsRoomForAll() throws Exception {
        config.maxAnswerBytesTotal(10_000);
        start();
        for (int i = 0; i < 45; i++) {
            comet.channel("x".repeat(190) + i);
        }
        for (int i = 0; i < 3; i++) {
            assertThat(connect().get("/admin/channels").rest()).hasSizeGreaterThan(45 * 190);
            await("the room is given back", () -> admin.answering() == 0);
        }
        for (int i = 45; i < 60; i++) {
            comet.channel("x".repeat(190) + i);
        }
        Exchange refused = connect().get("/admin/channels");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After")).isPresent();
        assertThat(refused.rest()).contains("max-answer-bytes-total");
        assertThat(admin.answering()).isZero();
    }

    /** Old ones stay, small requests are answered, and whoever is refused is told when to come back. */
    @Test
    void openRequests_areHeldUpToALimit() throws Exception {
        config.maxHeld(2);
        start();
        Exchange stays = sse("channel=a");
        Client leaves = connect();
        leaves.get(events("channel=a")).event();
        await("both are held", () -> endpoint.held() == 2);

        Exchange refused = connect().get(events("channel=b"));
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After").map(Integer::parseInt))
                .hasValueSatisfying(seconds -> assertThat(seconds).isBetween(1, 10));
        assertThat(refused.rest()).contains("urn:comet:too-many-subscribers", "(max-held)");
        Exchange form = connect().post("/comet/events", "application/x-www-form-urlencoded", "channel=b");
        assertThat(form.status()).as("one that asks with its body").isEqualTo(503);
        assertThat(comet.find("b")).isEmpty();
        assertThat(comet.stats().refusals().get("too-many-subscribers"))
                .as("it counts as a subscriber when its body was there to be read with its head")
                .isBetween(1L, 2L);

        assertThat(connect().get("/comet/channels/a").status()).isEqualTo(200);
        comet.publish("a", "x");
        assertThat(stays.event().data()).isEqualTo("x");
        leaves.abort();
        await("there is room", () -> {
            comet.publish("a", "y"); // it is by writing that the server finds out
            return endpoint.held() < 2;
        });
        assertThat(connect().get(events("channel=b")).status()).isEqualTo(200);
    }

    private Exchange unfinished(Client client, String length, int sent) throws IOException {
        Exchange exchange = client.open("POST", "/admin/channels/a", length, "Content-Type: text/plain");
        exchange.write(new byte[sent], false);
        return exchange;
    }

    private int published(int bytes) throws IOException {
        return connect()
                .post("/admin/channels/a", "text/plain", "x".repeat(bytes))
                .status();
    }

    @Test
    void body_cutOffInTheMiddle_publishesNothingAndLeavesNothing() throws Exception {
        start();
        for (boolean reset : new boolean[] {true, false}) {
            for (String length : List.of("Content-Length: 10000", "Transfer-Encoding: chunked")) {
                Client client = connect();
                Exchange exchange = client.open("POST", "/admin/channels/a", length, "Content-Type: text/plain");
                exchange.write(new byte[5000], false);
                await("the server reads the body", () -> scheduler.pending() == 1);
                if (reset) {
                    client.abort();
                } else {
                    client.close();
                }
                await("the request is over", () -> scheduler.pending() == 0);
            }
        }
        assertThat(comet.channels()).isEmpty();
    }

    // ---- ends

    @Test
    void poll_endsWhenItsWaitIsOver() throws Exception {
        start();
        long began = System.nanoTime();
        String answer = poll("channel=a&wait=1");
        assertThat(millisSince(began)).isGreaterThanOrEqualTo(990L);
        assertThat(answer).isEqualTo("{\"cursor\":\"" + cursor("a", 1) + "\",\"gaps\":[],\"messages\":[]}\n");
        assertThat(poll("channel=a&wait=0")).isEqualTo(answer);
        await("all have ended", () -> closes("done") == 2);
    }

    @Test
    void client_thatLeaves_isFoundByTwoHeartbeats() throws Exception {
        Duration heartbeat = Duration.ofSeconds(3);
        config.heartbeat(heartbeat);
        start();
        Exchange stays = sse("channel=a");
        List<Client> leaving = new ArrayList<>();
        for (String as : List.of("sse", "ndjson", "sse", "ndjson")) {
            Client client = connect();
            assertThat(client.get(events("channel=a&as=" + as)).line()).isNotEmpty();
            leaving.add(client);
        }
        for (int i = 0; i < leaving.size(); i++) {
            if (i < 2) {
                leaving.get(i).abort();
            } else {
                leaving.get(i).close();
            }
        }
        Duration third = heartbeat.multipliedBy(3);
        await("all four are found before a third", third.minusMillis(100), () -> closes("disconnected") == 4);
        await("only one is held", () -> endpoint.held() == 1);
        publish("a", "x");
        assertThat(stays.event().data()).isEqualTo("x");
    }

    @Test
    void client_thatLeavesAPoll_isForgottenWhenItsWaitIsOver() throws Exception {
        start();
        for (boolean reset : new boolean[] {true, false}) {
            Client client = connect();
            client.get(events("channel=a&as=poll&wait=1"));
            await("it is held", () -> endpoint.held() == 1);
            if (reset) {
                client.abort();
            } else {
                client.close();
            }
            await("it is over", () -> endpoint.held() == 0);
        }
    }

    @Test
    void clients_thatLeaveWhileMessagesAreWritten_areForgottenOnce() throws Exception {
        // The failed write, the container's callbacks and the next wake all come at about the same time: one wins.
        hub.historyMessages(10_000);
        start();
        Exchange stays = sse("channel=a");
        Future<Integer> all = threads.submit(() -> {
            int n = 0;
            while (!stays.event().data().equals("end")) {
                n++;
            }
            return n;
        });
        AtomicBoolean enough = new AtomicBoolean();
        Future<?> publisher = threads.submit(() -> {
            while (!enough.get()) {
                publishSlowly("a", 10);
            }
        });
        for (int i = 0; i < 100; i++) {
            Client client = connect();
            Exchange stream = client.get(events("channel=a"));
            assertThat(stream.event()).isNotNull();
            stream.event();
            if (i % 2 == 0) {
                client.abort();
            } else {
                client.close();
            }
        }
        enough.set(true);
        publisher.get();
        publish("a", "end");
        await("only one is held", () -> endpoint.held() == 1);
        assertThat(comet.stats().subscribers()).isEqualTo(1);
        assertThat(comet.stats().closes()).containsExactly(Map.entry("disconnected", 100L));
        assertThat(all.get(10, TimeUnit.SECONDS)).isEqualTo((int) comet.stats().published() - 1);
    }

    @Test
    void client_thatLeaves_breaksNobodyElsesStream() throws Exception {
        // Regresses a mix-up on Tomcat: it recycled the objects of a response whose write had failed while the writer
        // was still on
        // its way out, and marked the next request's response as broken.
        start();
        for (int i = 0; i < 150; i++) {
            try (Client client = connect()) {
                Exchange stream = client.get(events("channel=a&as=ndjson"));
                assertThat(stream.object()).startsWith("{\"type\":\"open\"");
                for (int k = 0; k < 3; k++) { // the third to a client that has left fails for certain
                    publish("a", i + "." + k);
                    assertThat(texts(stream.object())).as("of stream %d", i).containsExactly(i + "." + k);
                }
            }
        }
        await("none is held", () -> endpoint.held() == 0);
        assertThat(comet.stats().closes()).containsExactly(Map.entry("disconnected", 150L));
    }

    @Test
    void channel_removed_closesItsSubscribersAfterWhatIsLeft() throws Exception {
        start();
        Exchange events = sse("channel=a");
        Exchange lines = ndjson("channel=a");
        Future<String> poll = threads.submit(() -> poll("channel=a&wait=20"));
        await("the poll is held", () -> comet.stats().subscribers() == 3);
        assertThat(connect().open("DELETE", "/admin/channels/a").status()).isEqualTo(204);
        SseEvent close = events.event();
        assertThat(close.type()).isEqualTo("close");
        assertThat(close.data()).isEqualTo("{\"reason\":\"closed\"}");
        assertThat(events.event()).isNull();
        assertThat(lines.object()).contains("\"type\":\"close\"").contains("\"reason\":\"closed\"");
        assertThat(lines.object()).isNull();
        assertThat(poll.get()).contains("\"messages\":[]");
        await("all have ended", () -> closes("closed") == 3);
    }

    @Test
    void stream_endsAtItsMaximumAge() throws Exception {
        config.maxAge(Duration.ofSeconds(1));
        start();
        long began = System.nanoTime();
        Exchange events = sse("channel=a");
        Exchange lines = ndjson("channel=a");
        SseEvent close = events.event();
        assertThat(close.type()).isEqualTo("close");
        assertThat(close.data()).isEqualTo("{\"reason\":\"max-age\"}");
        assertThat(events.event()).isNull();
        assertThat(lines.object()).contains("\"reason\":\"max-age\"");
        assertThat(lines.object()).isNull();
        assertThat(millisSince(began)).isGreaterThanOrEqualTo(790L);
        await("all have ended", () -> closes("max-age") == 2);
    }

    @Test
    void drain_endsAllWithLastWordsAndTakesNoNewOnes() throws Exception {
        start();
        List<Exchange> streams = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            streams.add(sse("channel=a&channel=b" + i));
        }
        Future<String> poll = threads.submit(() -> poll("channel=a&wait=20"));
        await("the poll is held", () -> comet.stats().subscribers() == 21);
        assertThat(comet.drain(Duration.ofSeconds(10))).isTrue();
        for (Exchange stream : streams) {
            SseEvent close = stream.event();
            assertThat(close.type()).isEqualTo("close");
            assertThat(close.data()).isEqualTo("{\"reason\":\"shutdown\"}");
            assertThat(stream.event()).isNull();
        }
        assertThat(poll.get()).contains("\"messages\":[]");
        await("all have ended", () -> closes("shutdown") == 21);

        Exchange refused = connect().get(events("channel=a"));
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After").map(Integer::parseInt))
                .hasValueSatisfying(s -> assertThat(s).isPositive());
        assertThat(refused.header("Content-Type")).contains("application/problem+json");
        assertThat(refused.rest()).contains("\"status\":503");
        assertThat(connect().post("/admin/channels/a", "text/plain", "x").status())
                .isEqualTo(201);
    }

    @Test
    void stop_isPromptThoughOneReaderTakesNothing() throws Exception {
        config.stallLimit(Duration.ofMinutes(5));
        hub.historyBytes(64 << 20);
        start();
        Exchange good = sse("channel=a");
        Exchange stuck = stuck("a", "ballast");
        await("both are held", () -> endpoint.held() == 2);
        fill("ballast");
        assertThat(stuck.status()).isEqualTo(200);
        assertThat(comet.drain(Duration.ofMillis(300))).as("all had ended").isFalse();
        stop();
        SseEvent close = good.event();
        assertThat(close.type()).isEqualTo("close");
        assertThat(close.data()).isEqualTo("{\"reason\":\"shutdown\"}");
        // Undertow says nothing to those that are stuck when it stops: the endpoint ends them as it is destroyed.
        assertThat(endpoint.held()).isZero();
        assertThat(comet.stats().subscribers()).isZero();
        await("no timer of a request", () -> scheduler.pending() == 0);
    }

    @Test
    void destroy_endsWhatNobodyElseWould() throws Exception {
        // Without their timers, which go with the hub, these three would stay for as long as their clients like.
        config.stallLimit(Duration.ofMinutes(5)).bodyTimeout(Duration.ofMinutes(5));
        hub.historyBytes(64 << 20);
        start();
        Exchange good = sse("channel=a");
        Exchange stuck = stuck("a", "ballast");
        await("both are held", () -> endpoint.held() == 2);
        fill("ballast");
        for (int i = 0; i < 20_000; i++) {
            comet.channel("x".repeat(190) + i);
        }
        Exchange list = connected(4096).get("/admin/channels");
        assertThat(list.status()).isEqualTo(200);
        Exchange trickles = unfinished(connect(), "Content-Length: 10", 1);
        await("all four are open", () -> endpoint.held() + admin.held() == 4);

        comet.close();
        endpoint.destroy();
        admin.destroy();
        assertThat(endpoint.held() + admin.held()).isZero();
        SseEvent close = good.event();
        assertThat(close.type()).isEqualTo("close");
        assertThat(close.data()).isEqualTo("{\"reason\":\"shutdown\"}");
        assertThat(trickles.status()).isEqualTo(503);
        assertThat(trickles.rest()).contains("\"status\":503");
        stuck.drain(); // there is an end to it
        list.drain();
    }

    // ---- slow readers

    /** A subscriber that reads nothing any more. */
    private Exchange stuck(String... channels) throws IOException {
        String query = Arrays.stream(channels).map(c -> "channel=" + c).collect(Collectors.joining("&"));
        return connected(4096).get(events(query));
    }

    /** More than all buffers between here and a client take. */
    private void fill(String channel) {
        String block = "x".repeat(64_000);
        for (int i = 0; i < 64; i++) {
            publish(channel, block);
        }
        // It is stuck when nothing is delivered any more.
        long[] last = {-1, System.nanoTime()};
        await("nothing is delivered any more", () -> {
            long now = comet.stats().delivered();
            if (now != last[0]) {
                last[0] = now;
                last[1] = System.nanoTime();
            }
            return millisSince(last[1]) > 500;
        });
    }

    @Test
    void reader_thatTakesNothing_isEndedAndNobodyElse() throws Exception {
        hub.historyBytes(64 << 20);
        start();
        Exchange good = sse("channel=a");
        Client slow = connected(4096);
        Exchange stuck = slow.get(events("channel=a"));
        assertThat(stuck.status()).isEqualTo(200);
        String block = "x".repeat(64_000);
        for (int i = 0; i < 64; i++) {
            publish("a", i + block);
        }
        for (int i = 0; i < 64; i++) {
            assertThat(good.event().data()).startsWith(i + "x");
        }
        await("it is ended", () -> closes("stalled") == 1);
        publish("a", "next");
        assertThat(good.event().data()).isEqualTo("next");
        await("only one is held", () -> endpoint.held() == 1);
        assertThat(comet.stats().closes()).containsOnlyKeys("stalled");

        // It reads again, too late: there is an end to it.
        stuck.drain();
    }

    @Test
    void reader_thatIsSlowButReads_isToldWhatItMissed() throws Exception {
        hub.historyMessages(10).liveWindow(10);
        config.stallLimit(Duration.ofSeconds(30));
        start();
        Client slow = connected(4096);
        Exchange stream = slow.get(events("channel=a"));
        assertThat(stream.event().id()).isNotNull();
        String block = "x".repeat(64_000);
        for (int i = 1; i <= 100; i++) {
            publish("a", i + block);
        }
        publish("a", "end");
        long next = 1;
        int gaps = 0;
        for (SseEvent event = stream.event(); ; event = stream.event()) {
            if (event.type().equals("gap")) {
                assertThat(event.field("reason")).isEqualTo("lapped");
                assertThat(event.field("from")).isEqualTo(Long.toString(next));
                next = Long.parseLong(event.field("to")) + 1;
                gaps++;
            } else if (event.data().equals("end")) {
                break;
            } else {
                assertThat(event.data()).startsWith(next + "x");
                next++;
            }
            assertThat(event.id()).isEqualTo(cursor("a", next));
        }
        assertThat(next).isEqualTo(101);
        assertThat(gaps).isPositive();
    }

    @Test
    void readers_thatTakeNothing_holdNobodyUpAndCostLittle() throws Exception {
        int readers = 100;
        int messages = 150;
        config.stallLimit(Duration.ofSeconds(15)).heartbeat(Duration.ofSeconds(2));
        start();
        List<Exchange> good = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
            good.add(sse("channel=a"));
        }
        List<Future<long[]>> alone = collect(good, 0, messages);
        publishStamped(0, messages);
        long[] without = latencies(alone);
        long heapBefore = heap();

        List<Exchange> stuck = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
            stuck.add(stuck("a", "ballast")); // on the same channel, and on one that fills their sockets
        }
        await("all are attached", () -> endpoint.held() == 2 * readers);
        fill("ballast");
        List<Future<long[]>> together = collect(good, messages, 2 * messages);
        publishStamped(messages, 2 * messages);
        long[] with = latencies(together);
        long heapAfter = heap();
        assertThat(endpoint.held()).as("they are stuck, and held").isEqualTo(2 * readers);

        String figures = String.format(
                "latency of %d readers, alone: median %d µs, p99 %d µs; among as many that take nothing: median %d µs, p99 %d µs;"
                        + " heap +%d KiB",
                readers,
                percentile(without, 50) / 1000,
                percentile(without, 99) / 1000,
                percentile(with, 50) / 1000,
                percentile(with, 99) / 1000,
                (heapAfter - heapBefore) / 1024);
        Logger.getLogger(getClass().getName()).info(figures);
        // Whoever were held up by one that takes nothing would be until it is given up; less is the machine's load.
        assertThat(percentile(with, 50)).as(figures).isLessThan(3 * percentile(without, 50) + 1_000_000_000L);
        assertThat(percentile(with, 99)).as(figures).isLessThan(3 * percentile(without, 99) + 3_000_000_000L);
        assertThat(heapAfter - heapBefore).as(figures).isLessThan(48 << 20);
        await("all of them are ended", Duration.ofSeconds(30), () -> closes("stalled") == readers);
        assertThat(comet.stats().closes()).containsOnlyKeys("stalled");
        assertThat(stuck).hasSize(readers);
    }

    private List<Future<long[]>> collect(List<Exchange> streams, int from, int to) {
        List<Future<long[]>> all = new ArrayList<>();
        for (Exchange stream : streams) {
            Callable<long[]> reader = () -> {
                long[] latencies = new long[to - from];
                for (int i = from; i < to; i++) {
                    String[] data = stream.event().data().split(" ", 2);
                    assertThat(data[0]).isEqualTo(Integer.toString(i));
                    latencies[i - from] = System.nanoTime() - Long.parseLong(data[1]);
                }
                return latencies;
            };
            all.add(threads.submit(reader));
        }
        return all;
    }

    private void publishStamped(int from, int to) {
        for (int i = from; i < to; i++) {
            publish("a", i + " " + System.nanoTime());
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static long[] latencies(List<Future<long[]>> readers) throws Exception {
        List<long[]> all = new ArrayList<>();
        for (Future<long[]> reader : readers) {
            all.add(reader.get(30, TimeUnit.SECONDS));
        }
        return all.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    }

    private static long percentile(long[] sorted, int percent) {
        return sorted[(int) ((sorted.length - 1) * (long) percent / 100)];
    }

    static long heap() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    // ---- misconfiguration

    @Test
    void filter_withoutAsyncSupport_isNamedInTheLog_andTheClientGetsAProblem() throws Exception {
        filters.put("legacy-filter", (request, response, chain) -> chain.doFilter(request, response));
        start();
        for (Exchange answer : List.of(
                connect().get(events("channel=a")),
                connect().post("/admin/channels/a", "text/plain", "x".repeat(100)))) {
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("Content-Type")).contains("application/problem+json");
            assertThat(answer.rest()).contains("\"status\":500").doesNotContain("legacy-filter"); // nor a stack trace
        }
        assertThat(connect().get("/comet/channels/none").status())
                .as("needs none")
                .isEqualTo(404);
        assertThat(endpoint.held()).isZero();
        assertThat(comet.channels()).isEmpty();
        await("the log has both", () -> complaints.records.size() == 2);
        assertThat(complaints.records).allSatisfy(r -> {
            assertThat(r.getLevel()).isEqualTo(Level.SEVERE);
            assertThat(r.getMessage()).contains("legacy-filter", "<async-supported>true</async-supported>");
            assertThat(r.getThrown()).isNull();
        });
        complaints.records.clear();
    }

    // ---- for subclasses

    /** Starts with the settings as they are; for scenarios that only one protocol has. */
    final Comet started() throws Exception {
        start();
        return comet;
    }

    final Client another() throws IOException {
        return connect();
    }
}
