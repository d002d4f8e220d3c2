package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.servlet.dialect.Ask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** native.md, "CORS". */
final class CorsTest {
    private static final String APP = "https://app.example";

    private static Wire with(String... origins) {
        return new Wire(new NativeSettings(
                Wire.SETTINGS.heartbeat(),
                Wire.SETTINGS.pollWait(),
                Wire.SETTINGS.maxAge(),
                Wire.SETTINGS.retry(),
                Set.of(origins)));
    }

    /** The headers of every kind of answer: held, whole, refused. */
    private static List<Map<String, List<String>>> everywhere(Wire wire, String origin) {
        List<Map<String, List<String>>> all = new ArrayList<>();
        for (String as : List.of("sse", "ndjson", "poll")) {
            all.add(Wire.headers(wire.open(Ask.get("/events?channel=a&as=" + as).with("Origin", origin)).headers));
        }
        for (Ask ask : List.of(
                Ask.publish("a", "text/plain", "x"),
                Ask.get("/channels/a"),
                Ask.get("/channels/a/members"),
                Ask.get("/channels"),
                Ask.get("/stats"),
                Ask.of("DELETE", "/channels/a"),
                Ask.get("/nothing"),
                Ask.of("PUT", "/events"),
                Ask.get("/events?channel=%00"),
                Ask.get("/events?channel=%zz"),
                Ask.of("OPTIONS", "/events"))) {
            all.add(wire.answer(ask.with("Origin", origin)).headers);
        }
        return all;
    }

    @Test
    void noOrigins_noHeaders() {
        try (Wire wire = with()) {
            assertThat(everywhere(wire, APP)).allSatisfy(headers -> assertThat(headers.keySet())
                    .noneMatch(name -> name.startsWith("Access-Control")));
        }
    }

    @Test
    void list_letsItsOriginsRead_everywhere() {
        try (Wire wire = with(APP, "http://localhost:3000")) {
            for (String origin : List.of(APP, "http://localhost:3000", "HTTPS://App.Example")) {
                assertThat(everywhere(wire, origin)).allSatisfy(headers -> {
                    assertThat(headers.get("Access-Control-Allow-Origin"))
                            .containsExactly(origin.toLowerCase(java.util.Locale.ROOT));
                    assertThat(headers.get("Access-Control-Allow-Credentials")).containsExactly("true");
                    assertThat(headers.get("Access-Control-Expose-Headers")).containsExactly("Retry-After");
                    assertThat(headers.get("Vary")).containsExactly("Origin");
                });
            }
        }
    }

    @Test
    void list_doesNotLetOthersRead() {
        try (Wire wire = with(APP)) {
            for (String origin : List.of(
                    "https://app.example.evil",
                    "http://app.example",
                    "https://app.example:444",
                    "https://evil",
                    "null",
                    "*",
                    APP + "\r\nX-Injected: 1",
                    "x".repeat(10_000))) {
                assertThat(everywhere(wire, origin)).allSatisfy(headers -> assertThat(headers.keySet())
                        .noneMatch(name -> name.startsWith("Access-Control")));
            }
        }
    }

    @Test
    void star_letsEveryoneRead_withoutCredentials() {
        try (Wire wire = with("*")) {
            for (String origin : List.of(APP, "null", "http://evil")) {
                assertThat(everywhere(wire, origin)).allSatisfy(headers -> {
                    assertThat(headers.get("Access-Control-Allow-Origin")).containsExactly("*");
                    assertThat(headers).doesNotContainKey("Access-Control-Allow-Credentials");
                    assertThat(headers.get("Access-Control-Expose-Headers")).containsExactly("Retry-After");
                });
            }
        }
    }

    @Test
    void withoutOrigin_noHeaders() {
        try (Wire wire = with("*")) {
            assertThat(Wire.headers(wire.open("channel=a").headers)).hasSize(3);
        }
    }

    @Test
    void preflight_allowsWhatThePageSays() {
        for (String origins : List.of(APP, "*")) {
            try (Wire wire = with(origins)) {
                Wire.Answer answer = wire.answer(Ask.of("OPTIONS", "/events")
                        .with("Origin", APP)
                        .with("Access-Control-Request-Method", "GET")
                        .with("Access-Control-Request-Headers", "last-event-id"));
                assertThat(answer.status).isEqualTo(204);
                assertThat(answer.body).isEmpty();
                assertThat(answer.headers.get("Access-Control-Allow-Headers"))
                        .containsExactly("Last-Event-ID, Authorization, Content-Type, X-Comet-Type");
                assertThat(answer.headers.get("Access-Control-Allow-Methods")).containsExactly("GET, POST, DELETE");
                assertThat(answer.headers.get("Access-Control-Max-Age")).containsExactly("7200");
            }
        }
    }

    /** The names of attributes are the page's own: what it asks for is allowed, and nothing else. */
    @Test
    void preflight_allowsTheAttributesThatAreAskedFor() {
        Map<String, String> asked = new LinkedHashMap<>();
        asked.put(
                "x-comet-attribute-from, content-type,X-Comet-Attribute-To",
                ", x-comet-attribute-from, x-comet-attribute-to");
        asked.put("x-comet-attribute-a,x-comet-attribute-a", ", x-comet-attribute-a");
        asked.put(
                "x-comet-attribute-, x-comet-attribute-1, x-comet-attribute-a b, x-comet-attribute-\u00e4, x-evil, *",
                "");
        asked.put("x-comet-attribute-a\r\nx-evil: 1", "");
        asked.put("x-comet-attribute-" + "a".repeat(65), "");
        asked.put(
                IntStream.range(0, 10_000)
                        .mapToObj(i -> "x-comet-attribute-a" + i)
                        .collect(Collectors.joining(",")),
                IntStream.range(0, 16)
                        .mapToObj(i -> ", x-comet-attribute-a" + i)
                        .collect(Collectors.joining()));
        try (Wire wire = with(APP)) {
            asked.forEach((names, allowed) -> assertThat(wire.answer(Ask.of("OPTIONS", "/channels/a")
                                    .with("Origin", APP)
                                    .with("Access-Control-Request-Headers", names))
                            .headers
                            .get("Access-Control-Allow-Headers"))
                    .containsExactly("Last-Event-ID, Authorization, Content-Type, X-Comet-Type" + allowed));
        }
    }

    @Test
    void options_withoutCors_saysWhatIsAllowed() {
        try (Wire wire = with()) {
            Wire.Answer answer = wire.answer(Ask.of("OPTIONS", "/events"));
            assertThat(answer.status).isEqualTo(204);
            assertThat(answer.headers).isEqualTo(Map.of("Allow", List.of("GET, POST, DELETE, OPTIONS")));
        }
    }
}
