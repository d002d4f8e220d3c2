package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Dialect;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The example's conversations, without a server and in virtual time: what differs there then differs because of a container. */
final class IcometReplayTest {
    private static final Path FILES = Path.of("..", "comet-jetty-example", "src", "test", "resources", "transcripts");
    private static final Pattern TOKEN = Pattern.compile("\"token\":\"([0-9a-f]{32})\"");

    @TestFactory
    List<DynamicTest> conversations() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(FILES, "icomet-*.json")) {
            for (Path file : files) {
                Map<String, Object> all = object(parsed(Files.readString(file)));
                String[] settings = object(get(all, "settings")).entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .toArray(String[]::new);
                for (Object each : list(get(all, "conversations"))) {
                    Map<String, Object> conversation = object(each);
                    tests.add(DynamicTest.dynamicTest(
                            file.getFileName() + ": " + conversation.get("conversation"),
                            () -> new Replay(settings).all(list(get(conversation, "steps")))));
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(30);
        return tests;
    }

    private static final class Replay {
        private final IcometWire wire;
        private final Map<String, IcometWire.Held> open = new HashMap<>();
        private String token = "";

        Replay(String... settings) {
            wire = new IcometWire(settings);
        }

        void all(List<Object> steps) {
            try (wire) {
                for (Object step : steps) {
                    one(object(step));
                }
                assertThat(wire.comet.channelCount())
                        .as("what it leaves behind")
                        .isLessThanOrEqualTo(1);
            }
        }

        private void one(Map<String, Object> step) {
            if (step.containsKey("of")) {
                look(step);
                return;
            }
            boolean held = step.containsKey("open");
            String[] request = text(step, held ? "open" : "request")
                    .replace("<token>", token)
                    .split(" ", 2);
            Dialect on = text(step, "on").equals("admin") ? wire.admin : wire.front;
            Ask ask = Ask.of(request[0], request[1]).from(Ask.LOCAL);
            if (step.get("form") instanceof String form) {
                ask.with("Content-Type", "application/x-www-form-urlencoded").body(form);
            }
            if (held) {
                open.put(text(step, "as"), wire.open(on, ask));
                return;
            }
            IcometWire.Answer answer = wire.answer(on, ask);
            Matcher made = TOKEN.matcher(answer.body());
            token = made.find() ? made.group(1) : token;
            Map<String, Object> expected = object(get(step, "answer"));
            assertThat(shown(answer.status(), answer.type(), answer.body(), "complete", expected))
                    .as("%s", step)
                    .isEqualTo(shown(expected));
        }

        private void look(Map<String, Object> step) {
            IcometWire.Held held = Objects.requireNonNull(open.get(text(step, "of")));
            Map<String, Object> expected = object(get(step, "so far"));
            double left = ((Number) get(step, "after seconds (at most)")).doubleValue();
            for (; left > 0 && !shown(held, expected).equals(shown(expected)); left -= 0.1) {
                wire.time.advance(Duration.ofMillis(100));
            }
            assertThat(shown(held, expected)).as("%s", step).isEqualTo(shown(expected));
        }

        private static String shown(IcometWire.Held held, Map<String, Object> expected) {
            String type = held.headers.getOrDefault("Content-Type", "");
            return shown(200, type, held.body(), held.ended ? "complete" : "open", expected);
        }

        private static String shown(Map<String, Object> expected) {
            return shown(
                    ((Number) get(expected, "status")).intValue(),
                    (String) expected.getOrDefault("type", ""),
                    (String) expected.getOrDefault("body", ""),
                    text(expected, "state"),
                    expected);
        }

        private static String shown(int status, String type, String body, String state, Map<String, Object> expected) {
            boolean anyWords = !expected.containsKey("body") && body.matches("[^\n]{5,}\n");
            String same = TOKEN.matcher(body)
                    .replaceAll("\"token\":\"<32 hex>\"")
                    .replaceAll("(?s)\\A(<!DOCTYPE.*<body>\n|<HEAD>)", "");
            same = anyWords ? "" : same;
            return status + " " + (expected.containsKey("type") ? type : "") + " " + state + "\n" + same;
        }
    }

    // ---- the files

    private static Object get(Map<String, Object> from, String name) {
        return Objects.requireNonNull(from.get(name), name);
    }

    private static String text(Map<String, Object> from, String name) {
        return (String) get(from, name);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    private static Object parsed(String text) throws IOException {
        try (JsonParser json = new JsonFactory().createParser(text)) {
            json.nextToken();
            return read(json);
        }
    }

    private static Object read(JsonParser json) throws IOException {
        @Nullable JsonToken token = json.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> map = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                map.put(name, read(json));
            }
            return map;
        }
        if (token == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                list.add(read(json));
            }
            return list;
        }
        return token == JsonToken.VALUE_STRING ? json.getText() : (Object) json.getDoubleValue();
    }
}
