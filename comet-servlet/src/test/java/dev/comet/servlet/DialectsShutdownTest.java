package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.Client.Exchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A server that is drained while messages come, as the clients of the old servers see it: who waits is answered, or its stream
 * ends as a stream ends; nobody has missed a message or seen one twice; who comes back is refused in its protocol's words, and told when to try
 * again where the answer's status has room for that. {@link ShutdownTest} is the same for the native protocol.
 */
@Timeout(60)
final class DialectsShutdownTest {
    /** Of each protocol, on the channel where a message comes every millisecond, and on the one where none comes. */
    private static final int EACH = 3;

    private static final String NEWS = "news";
    private static final String QUIET = "quiet";
    private static final String FRAME = "<!DOCTYPE html>";
    private static final String SHUTTING_DOWN = "the server is shutting down";

    /**
     * A protocol: where its clients ask, and what an answer is, one that has nothing to say, and a refusal. In a target stand
     * {@code CHANNEL}, {@code ID} for a number of the client's own, {@code SEEN} and {@code NEXT} for the last number that it has
     * seen and one more, and {@code LAST} for the {@code last_id} of the last answer.
     */
    private enum Protocol {
        ICOMET_SUB(
                "/icomet/sub?cname=CHANNEL&seq=NEXT",
                "content",
                "(\\{\"type\":\"(data|noop)\",.*}|\\[\\{.*}])\n",
                "\\{\"type\":\"noop\",\"cname\":\"quiet\",.*}\n",
                503,
                SHUTTING_DOWN + "\n"),
        ICOMET_POLL(
                "/icomet/poll?cname=CHANNEL&seq=NEXT&cb=f",
                "content",
                "f\\((\\{\"type\":\"(data|noop)\",.*}|\\[\\{.*}])\\);\n",
                "f\\(\\{\"type\":\"noop\",\"cname\":\"quiet\",.*}\\);\n",
                503,
                SHUTTING_DOWN + "\n"),
        ICOMET_STREAM("/icomet/stream?cname=CHANNEL&seq=NEXT", "content", "\\{\"type\":\"data\",.*}"),
        ICOMET_SSE("/icomet/sse?cname=CHANNEL&seq=NEXT", "content", "data: \\{\"type\":\"data\",.*}|"),
        ICOMET_IFRAME(
                "/icomet/iframe?cname=CHANNEL&seq=NEXT",
                "content",
                FRAME + ".*|<script>parent\\.icomet_cb\\(\\{\"type\":\"data\",.*}\\);</script>"),
        SIMPLE_COMET_JSON(
                "/simple-comet/channels/CHANNEL.json?since=LAST",
                "content",
                "\\{.*\"return_code\":1,\"error_message\":\"\"}",
                "\\{\"since\":0,\"messages\":\\{\"quiet\":\\[]},\"last_id\":\\d+,\"return_code\":1,.*}",
                200,
                "\\{.*\"return_code\":-5,\"error_message\":\"" + SHUTTING_DOWN + "\"}"),
        SIMPLE_COMET_JSONP(
                "/simple-comet/channels/CHANNEL.jsonp?cb=_JSONP_f&since=LAST",
                "content",
                "_JSONP_f\\(\\{.*\"return_code\":1,\"error_message\":\"\"}\\);?",
                "_JSONP_f\\(\\{\"since\":0,\"messages\":\\{\"quiet\":\\[]},\"last_id\":\\d+,\"return_code\":1,.*}\\);?",
                200,
                "_JSONP_f\\(\\{.*\"return_code\":-5,\"error_message\":\"" + SHUTTING_DOWN + "\"}\\);?"),
        STARDUST("/stardust/channel/CHANNEL/stream/0.ID", "data", "\\[.*]", "\\[]", 503, SHUTTING_DOWN + "\n"),
        CCOMET(
                "/ccomet/subscribe?channel=CHANNEL&sname=cID&seqid=SEEN&callback=cb",
                "msg",
                "cb\\('\\[.*]'\\)",
                "cb\\('\\[]'\\)",
                200,
                "cb\\('\\[\\{\"type\" : \"400\", \"reason\" : \"" + SHUTTING_DOWN + "\"}]'\\)");

        private final String target;
        private final String field;
        private final Pattern answer;
        private final Pattern empty;
        private final int status;
        private final Pattern refusal;

        /** One that polls. */
        Protocol(String target, String field, String answer, String empty, int status, String refusal) {
            this.target = target;
            this.field = field;
            this.answer = Pattern.compile(answer, Pattern.DOTALL);
            this.empty = Pattern.compile(empty, Pattern.DOTALL);
            this.status = status;
            this.refusal = Pattern.compile(refusal, Pattern.DOTALL);
        }

        /** A stream of iComet's, each line of which is an answer. */
        Protocol(String target, String field, String line) {
            this(target, field, line, "", 503, SHUTTING_DOWN + "\n");
        }

        boolean isStream() {
            return empty.pattern().isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void drained_underLoad_everyDialectsClientsAreAnswered_andRefusedWhenTheyComeBack(Server server) throws Exception {
        Container container = server.container();
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean over = new AtomicBoolean();
        try (Comet comet = Comet.builder().historyMessages(100_000).build()) {
            CometConfig config =
                    CometConfig.builder().retry(Duration.ofSeconds(2)).build();
            Map<String, String> icomet = Map.of("max_subscribers_per_channel", "100");
            IcometAdminServlet admin = new IcometAdminServlet(comet, config, icomet);
            List<EndpointServlet> endpoints = List.of(
                    new IcometServlet(comet, config, icomet),
                    new SimpleCometServlet(comet, config, Map.of()),
                    new StardustServlet(comet, config, Map.of()),
                    new CCometServlet(comet, config, Map.of()),
                    admin);
            container.start(
                    Map.of(
                            "/icomet", endpoints.get(0),
                            "/simple-comet", endpoints.get(1),
                            "/stardust", endpoints.get(2),
                            "/ccomet", endpoints.get(3),
                            "/icomet-admin", admin),
                    Map.of());
            comet.channel(NEWS);
            comet.channel(QUIET);

            int all = Protocol.values().length * EACH;
            CountDownLatch busy = new CountDownLatch(all);
            List<Visitor> visitors = new ArrayList<>();
            for (Protocol protocol : Protocol.values()) {
                for (int i = 0; i < EACH; i++) {
                    visitors.add(new Visitor(container.port(), protocol, NEWS, visitors.size(), busy));
                    visitors.add(new Visitor(container.port(), protocol, QUIET, visitors.size(), busy));
                }
            }
            List<Future<Visitor>> leaving = new ArrayList<>();
            for (Visitor visitor : visitors) {
                leaving.add(threads.submit(visitor::stay));
            }
            Future<String> channels = threads.submit(() -> channelEvents(container.port()));
            Future<Long> publisher = threads.submit(() -> {
                long n = 0;
                while (!over.get()) {
                    long next = ++n;
                    comet.publish(NEWS, Long.toString(next));
                    LockSupport.parkNanos(1_000_000);
                }
                return n;
            });
            assertThat(busy.await(30, TimeUnit.SECONDS))
                    .as("all have seen some")
                    .isTrue();
            ContractTest.await(
                    "all wait on the quiet one", () -> comet.channel(QUIET).subscribers() == all);
            ContractTest.await("and one for channels", () -> admin.held() == 1);

            assertThat(comet.drain(Duration.ofSeconds(10))).as("all have left").isTrue();
            assertThat(comet.stats().subscribers()).isZero();
            for (Future<Visitor> one : leaving) {
                one.get(20, TimeUnit.SECONDS);
            }
            assertThat(channels.get(20, TimeUnit.SECONDS)).isEqualTo(SHUTTING_DOWN + "\n");
            over.set(true);
            long published = publisher.get();

            Set<Long> comeBack = new TreeSet<>();
            for (Visitor visitor : visitors) {
                visitor.check(published, comeBack);
            }
            assertThat(comeBack)
                    .as("when they may come back, in seconds")
                    .hasSizeGreaterThan(2)
                    .allSatisfy(seconds -> assertThat(seconds).isBetween(2L, 10L));
            ContractTest.await("no held response", () -> endpoints.stream().allMatch(endpoint -> endpoint.held() == 0));
        } finally {
            over.set(true);
            threads.shutdown();
            container.stop();
        }
    }

    /** iComet's stream of channels, which has no word for its end either; what it says when it is asked for again. */
    private static String channelEvents(int port) throws IOException {
        try (Client client = new Http1Client(port, 0)) {
            Exchange stream = client.get("/icomet-admin/psub");
            assertThat(stream.status()).isEqualTo(200);
            for (String line = stream.line(); line != null; line = stream.line()) {
                assertThat(line).matches("[01] \\w+");
            }
        }
        try (Client client = new Http1Client(port, 0)) {
            Exchange late = client.get("/icomet-admin/psub");
            assertThat(late.status()).isEqualTo(503);
            return late.rest();
        }
    }

    /** A client that follows its protocol's rules until it is refused. <i>Owned by its thread, then by the test's.</i> */
    private static final class Visitor {
        private final int port;
        private final Protocol protocol;
        private final String channel;
        private final int id;
        private final CountDownLatch busy;
        private final List<String> nothing = new ArrayList<>();

        private long first;
        private long seen;
        private String lastId = "0";
        private long retryAfter;

        Visitor(int port, Protocol protocol, String channel, int id, CountDownLatch busy) {
            this.port = port;
            this.protocol = protocol;
            this.channel = channel;
            this.id = id;
            this.busy = busy;
        }

        @Override
        public String toString() {
            return protocol + " on " + channel;
        }

        Visitor stay() throws IOException {
            if (protocol.isStream()) {
                follow();
            }
            boolean refused = false;
            while (!refused) {
                try (Client connection = new Http1Client(port, 0)) {
                    refused = poll(connection);
                }
            }
            return this;
        }

        /** A stream until its proper end: one that is broken off throws. */
        private void follow() throws IOException {
            try (Client connection = new Http1Client(port, 0)) {
                Exchange stream = connection.get(target());
                assertThat(stream.status()).isEqualTo(200);
                for (String line = stream.line(); line != null; line = stream.line()) {
                    assertThat(line).as("%s", this).matches(protocol.answer);
                    take(line);
                }
            }
        }

        /** Asks until it is refused, or until the connection may not be used again; whether it is refused. */
        private boolean poll(Client connection) throws IOException {
            while (true) {
                Exchange answer = connection.get(target());
                int status = answer.status();
                String body = answer.rest();
                if (status == protocol.status && protocol.refusal.matcher(body).matches()) {
                    retryAfter = answer.header("Retry-After").map(Long::valueOf).orElse(0L);
                    return true;
                }
                assertThat(status).as("%s: %s", this, body).isEqualTo(200);
                assertThat(body).as("%s", this).matches(protocol.answer);
                if (take(body) == 0) {
                    nothing.add(body);
                }
                if (answer.header("Connection").filter("close"::equals).isPresent()) {
                    return false;
                }
            }
        }

        private int take(String body) {
            List<String> numbers = new ArrayList<>(Wire.all(body, protocol.field));
            numbers.removeIf(String::isEmpty); // iComet's noop
            for (String number : numbers) {
                long n = Long.parseLong(number);
                if (first == 0) {
                    first = n;
                } else {
                    assertThat(n).as("%s", this).isEqualTo(seen + 1);
                }
                seen = n;
                if (seen - first == 20) {
                    busy.countDown();
                }
            }
            if (protocol.target.contains("LAST")) {
                lastId = Wire.first(body, "last_id");
            }
            return numbers.size();
        }

        private String target() {
            return protocol.target
                    .replace("CHANNEL", channel)
                    .replace("ID", Integer.toString(id))
                    .replace("SEEN", Long.toString(seen))
                    .replace("NEXT", Long.toString(seen + 1))
                    .replace("LAST", lastId);
        }

        void check(long published, Set<Long> comeBack) {
            if (channel.equals(QUIET)) {
                assertThat(seen).as("%s", this).isZero();
                // Stardust's first answer, which opens the session, says nothing; nor does the one that the drain ends.
                assertThat(nothing)
                        .as("%s", this)
                        .hasSize(protocol.isStream() ? 0 : protocol == Protocol.STARDUST ? 2 : 1)
                        .allSatisfy(body -> assertThat(body).matches(protocol.empty));
            } else {
                assertThat(seen).as("%s", this).isBetween(first + 20, published);
                assertThat(first).as("%s", this).isBetween(1L, protocol == Protocol.STARDUST ? published : 1L);
            }
            assertThat(retryAfter > 0).as("%s", this).isEqualTo(protocol.status == 503);
            if (retryAfter > 0) {
                comeBack.add(retryAfter);
            }
        }
    }
}
