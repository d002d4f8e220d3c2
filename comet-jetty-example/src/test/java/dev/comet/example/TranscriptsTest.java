package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.comet.Comet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Replays the conversations in {@code src/test/resources/transcripts} against the running example, and against its endpoints
 * on Tomcat: what the old servers answered, and conversations of our own. They are data, so that the protocols can be read in them. A step is a request that is answered,
 * one that is opened under a name, or a look at what has come under that name.
 */
class TranscriptsTest {
    private static final Path FILES = Path.of("src/test/resources/transcripts");

    /** How much longer than a transcript says a busy machine may take. */
    private static final Duration SLACK = Duration.ofSeconds(20);

    /** Where what a transcript calls by its name is mounted. */
    private static final Map<String, String> MOUNTS = Map.of(
            "front", "/icomet",
            "admin", "/icomet-admin",
            "simple", "/simple-comet",
            "stardust", "/stardust",
            "ccomet", "/ccomet",
            "native", "/comet",
            "native-admin", "/comet-admin");

    /** What may serve the endpoints. */
    private interface Container {
        Served serve(Comet comet, Options options) throws Exception;
    }

    private static final Map<String, Container> CONTAINERS =
            Map.of("Jetty", Served::byTheExample, "Tomcat", Served::byTomcat);

    /** A body that is for people. */
    private static final String WORDS = "<words>";

    /** In a request: the token that an answer before had. */
    private static final String TOKEN = "<token>";

    private static final Pattern A_TOKEN = Pattern.compile("\"token\":\"([0-9a-f]{32})\"");

    private static final List<String> DIALECTS = List.of("icomet", "simple-comet", "stardust", "ccomet", "all");

    /** On each container; side by side, for most of their time they wait for time-outs. */
    @TestFactory
    @Execution(ExecutionMode.CONCURRENT)
    Stream<DynamicContainer> conversations() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(FILES)) {
            files = all.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        }
        return CONTAINERS.entrySet().stream()
                .map(container -> DynamicContainer.dynamicContainer(
                        container.getKey(), files.stream().map(file -> file(container.getValue(), file))));
    }

    private static DynamicContainer file(Container container, Path file) {
        Map<String, Object> transcript = read(file);
        List<DynamicTest> tests = new ArrayList<>();
        for (Map<String, Object> conversation : list(transcript, "conversations")) {
            tests.add(DynamicTest.dynamicTest(
                    (String) conversation.get("conversation"),
                    () -> replay(container, dialect(file), map(transcript, "settings"), list(conversation, "steps"))));
        }
        return DynamicContainer.dynamicContainer(file.getFileName().toString(), tests);
    }

    /** A file's name begins with it; {@code all}: a conversation in all of them. */
    private static String dialect(Path file) {
        return DIALECTS.stream()
                .filter(file.getFileName().toString()::startsWith)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(file + ": begins with none of " + DIALECTS));
    }

    /** Enough of them, and no file that is empty by mistake. */
    @Test
    void thereAreAtLeast120Exchanges() throws IOException {
        int exchanges = 0;
        try (Stream<Path> files = Files.list(FILES)) {
            for (Path file : files.toList()) {
                for (Map<String, Object> conversation : list(read(file), "conversations")) {
                    exchanges += (int) list(conversation, "steps").stream()
                            .filter(step -> step.containsKey("request") || step.containsKey("open"))
                            .count();
                }
            }
        }
        assertThat(exchanges).isGreaterThanOrEqualTo(120);
    }

    private static void replay(
            Container container, String dialect, Map<String, Object> settings, List<Map<String, Object>> steps)
            throws Exception {
        List<String> args = new ArrayList<>(List.of("--port=0"));
        settings.forEach(
                (name, value) -> args.add("--" + (name.contains(".") ? name : dialect + "." + name) + "=" + value));
        Options options = Options.parse(args.toArray(String[]::new));
        try (Comet comet = options.settings().comet().build();
                Served served = container.serve(comet, options);
                Conversation conversation = new Conversation(comet, served.uri())) {
            for (Map<String, Object> step : steps) {
                conversation.step(step);
            }
        }
    }

    /** One replay: what is open in it, and the token that it was given. <i>Owned by one thread.</i> */
    private static final class Conversation implements AutoCloseable {
        private final Comet comet;
        private final URI at;
        private final Map<String, RawExchange> open = new HashMap<>();
        private String token = TOKEN;

        Conversation(Comet comet, URI at) {
            this.comet = comet;
            this.at = at;
        }

        void step(Map<String, Object> step) throws Exception {
            if (step.containsKey("open")) {
                int before = comet.stats().subscribers();
                RawExchange exchange = send((String) step.get("open"), step);
                open.put((String) step.get("as"), exchange);
                awaitHeld(before, exchange);
            } else if (step.containsKey("request")) {
                int before = comet.stats().subscribers();
                try (RawExchange exchange = send((String) step.get("request"), step)) {
                    expect(step, "answer", exchange, Duration.ZERO);
                    awaitReleased(before);
                    Matcher given = A_TOKEN.matcher(exchange.soFar().body());
                    token = given.find() ? given.group(1) : token;
                }
            } else {
                RawExchange exchange = Objects.requireNonNull(open.get((String) step.get("of")), "nothing is open so");
                double seconds = ((Number) Objects.requireNonNull(step.get("after seconds (at most)"))).doubleValue();
                expect(step, "so far", exchange, Duration.ofMillis((long) (seconds * 1000)));
            }
        }

        /**
         * A transcript's next step comes a moment after the server holds the request. (One that takes the place of another is
         * held when the other has ended, and that one's place is counted no more: so it is not waited for longer than a moment.)
         */
        private void awaitHeld(int before, RawExchange exchange) throws InterruptedException {
            long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            while (comet.stats().subscribers() <= before && !exchange.soFar().complete() && System.nanoTime() < end) {
                exchange.await(5);
            }
            exchange.await(100); // headers that are sent at once, or the look at what there is already
        }

        /** An answer that was held is read a moment before its place is counted no more, which the next step may look at. */
        private void awaitReleased(int before) throws InterruptedException {
            long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            while (comet.stats().subscribers() > before && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        }

        private RawExchange send(String withToken, Map<String, Object> step) throws IOException {
            String request = withToken.replace(TOKEN, token);
            int space = request.indexOf(' ');
            String mount = Objects.requireNonNull(MOUNTS.get((String) step.get("on")), () -> "no mount: " + step);
            Map<String, String> headers = new LinkedHashMap<>();
            map(step, "headers").forEach((name, value) -> headers.put(name, (String) value));
            String body = "";
            if (step.get("form") instanceof String form) {
                body = form;
                headers.putIfAbsent("Content-Type", "application/x-www-form-urlencoded");
            }
            return new RawExchange(
                    at.getHost(),
                    at.getPort(),
                    request.substring(0, space + 1) + mount + request.substring(space + 1),
                    headers,
                    body);
        }

        @Override
        public void close() throws IOException {
            for (RawExchange exchange : open.values()) {
                exchange.close();
            }
            comet.drain(Duration.ofSeconds(1)); // before its server goes
        }
    }

    /** Waits until what has come is what the transcript has; a response that stays open must have no more than that. */
    private static void expect(Map<String, Object> step, String key, RawExchange exchange, Duration atMost)
            throws InterruptedException {
        Map<String, Object> expected = map(step, key);
        long end = System.nanoTime() + atMost.plus(SLACK).toNanos();
        String difference = difference(expected, exchange.soFar());
        while (!difference.isEmpty() && System.nanoTime() < end) {
            exchange.await(50);
            RawExchange.Response now = exchange.soFar();
            difference = difference(expected, now);
            if (now.complete() && !difference.isEmpty()) {
                break;
            }
        }
        if (!difference.isEmpty()) {
            fail("%s%n%s", step, difference);
        }
    }

    /** What differs, in words; empty: nothing. */
    private static String difference(Map<String, Object> expected, RawExchange.Response now) {
        boolean completes = "complete".equals(expected.get("state"));
        if (completes != now.complete()) {
            return "is " + now.state() + ": " + now;
        }
        Object status = expected.get("status");
        if (completes && status instanceof Number n && n.intValue() != now.status()) {
            return "status " + now.status() + ": " + now;
        }
        String type = now.headers().getOrDefault("content-type", "");
        if (completes
                && expected.get("type") instanceof String t
                && !plain(t).equals(plain(t.contains(";") ? type : type.split(";", 2)[0]))) {
            return "content type " + type + ": " + now;
        }
        if (!(expected.get("body") instanceof String wanted) || wanted.equals(WORDS)) {
            return now.body().isBlank() ? "a reason is missing: " + now : "";
        }
        String body = Same.canonical(wanted);
        String got = Same.canonical(now.body());
        return body.equals(got) ? "" : "expected " + body + System.lineSeparator() + "     got " + got;
    }

    private static String plain(String type) {
        return type.toLowerCase(java.util.Locale.ROOT).replace(" ", "");
    }

    // ---- reading

    private static Map<String, Object> read(Path file) {
        try {
            return Json.object(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalStateException(file + ": " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> of, String key) {
        return (List<Map<String, Object>>) of.getOrDefault(key, List.of());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> of, String key) {
        return (Map<String, Object>) of.getOrDefault(key, Map.of());
    }
}
