package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Action;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, "The rest": what may be looked at and removed, and what is not there. */
final class ResourcesTest {
    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    private static void isJson(Wire.Answer answer) {
        assertThat(answer.status).isEqualTo(200);
        assertThat(answer.headers.get("Content-Type")).containsExactly("application/json");
        assertThat(answer.headers.get("Cache-Control")).containsExactly("no-store");
    }

    // ---- GET channels/{name}

    @Test
    void channel_isDescribed() {
        try (Wire small = new Wire(Comet.builder().historyMessages(2))) {
            for (int i = 0; i < 5; i++) {
                small.comet.publish("a", "x");
            }
            String cursor = small.open("channel=a&as=sse").sse().lastEventId;
            Wire.Answer answer = small.answer(Ask.get("/channels/a"));
            isJson(answer);
            assertThat(answer.json())
                    .containsExactlyEntriesOf(SseTest.ordered(
                            "channel", "a",
                            "epoch", cursor.substring(0, 8),
                            "next", 6L,
                            "oldest", 4L,
                            "subscribers", 1L));
        }
    }

    @Test
    void channel_ofAnyName_isDescribed() {
        for (String name : Hostile.CHANNELS) {
            wire.comet.publish(name, "x");
            assertThat(wire.answer(Ask.of("GET", "/channels/" + name, "")).json())
                    .containsEntry("channel", name);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "", "a\\b", "a%b", "a\r\nb"})
    void channelThatIsNotThere_is404_andIsNotCreated(String name) {
        for (String target : List.of("/channels/" + name, "/channels/" + name + "/members")) {
            wire.answer(Ask.of("GET", target, "")).problem(404, "urn:comet:unknown-channel");
        }
        wire.answer(Ask.of("DELETE", "/channels/" + name, "")).problem(404, "urn:comet:unknown-channel");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @Test
    void channel_needsTheRightToSubscribe() {
        try (Wire wire = Wire.with(Wire.denying(Action.SUBSCRIBE))) {
            wire.comet.publish("a", "x");
            wire.answer(Ask.get("/channels/a")).problem(403, "urn:comet:denied");
            wire.answer(Ask.get("/channels/nobody")).problem(403, "urn:comet:denied");
        }
    }

    // ---- the admin's

    @Test
    void channels_areListed_sorted() {
        assertThat(wire.answer(Ask.get("/channels")).json()).isEqualTo(Map.of("channels", List.of()));
        Hostile.CHANNELS.forEach(name -> wire.comet.publish(name, "x"));
        Wire.Answer answer = wire.answer(Ask.get("/channels"));
        isJson(answer);
        assertThat(answer.json())
                .isEqualTo(Map.of("channels", Hostile.CHANNELS.stream().sorted().toList()));
    }

    @Test
    void delete_endsTheChannel_andTellsItsSubscribers() {
        Wire.Held held = wire.open("channel=a&as=ndjson");
        held.take();
        Wire.Answer answer = wire.answer(Ask.of("DELETE", "/channels/a"));
        assertThat(answer.status).isEqualTo(204);
        assertThat(answer.body).isEmpty();
        assertThat(answer.headers).isEmpty();
        assertThat(held.lines()).containsExactly(Map.of("type", "close", "reason", "closed"));
        assertThat(wire.comet.channels()).isEmpty();
        wire.answer(Ask.of("DELETE", "/channels/a")).problem(404, "urn:comet:unknown-channel");
    }

    @Test
    void stats_areThoseOfTheHub() {
        wire.comet.publish("a", "1");
        wire.open("channel=a&as=sse&from=oldest").take();
        wire.answer(Ask.publish("a", "application/json", "{"));
        Wire.Answer answer = wire.answer(Ask.get("/stats"));
        isJson(answer);
        assertThat(answer.json())
                .containsExactlyEntriesOf(SseTest.ordered(
                        "time", wire.comet.currentTimeMillis(),
                        "channels", 1L,
                        "subscribers", 1L,
                        "subscribersBySource", Map.of("native-sse", 1L),
                        "sessions", 0L,
                        "historyBytes", 129L, // one, and 128 for what it is kept in
                        "published", 1L,
                        "delivered", 1L,
                        "gaps", 0L,
                        "lost", 0L,
                        "resets", 0L,
                        "refusals", Map.of("bad-json", 1L),
                        "closes", Map.of()));
    }

    @Test
    void listDeleteAndStats_areTheAdmins() {
        try (Wire wire = Wire.with(Wire.denying(Action.ADMIN))) {
            wire.comet.publish("a", "x");
            for (Ask ask : List.of(
                    Ask.get("/channels"),
                    Ask.get("/stats"),
                    Ask.of("DELETE", "/channels/a"),
                    Ask.of("DELETE", "/channels/nobody"))) {
                wire.answer(ask).problem(403, "urn:comet:denied");
            }
            assertThat(wire.comet.channels()).hasSize(1);
        }
    }

    /** An authorizer is asked about what is wanted, by whom, and where. */
    @Test
    void authorizer_isAskedTheRightQuestion() {
        StringBuilder asked = new StringBuilder();
        try (Wire wire = Wire.with(question -> {
            assertThat(question.caller()).isSameAs(Ask.STRANGER);
            asked.append(question.action()).append(':').append(question.channel());
            question.member().ifPresent(member -> asked.append('=').append(member));
            asked.append(' ');
            return dev.comet.Authorizer.Decision.ALLOW;
        })) {
            wire.open("channel=a&channel=b").leave();
            wire.open("channel=a&presence=ann").leave();
            wire.open("channel=a&members=true").leave();
            wire.answer(Ask.publish("c", "text/plain", "x"));
            wire.answer(Ask.get("/channels/c"));
            wire.answer(Ask.get("/channels/c/members"));
            wire.answer(Ask.get("/channels"));
            wire.answer(Ask.get("/stats"));
            wire.answer(Ask.of("DELETE", "/channels/c"));
        }
        assertThat(asked.toString().strip())
                .isEqualTo(
                        "SUBSCRIBE:a SUBSCRIBE:b SUBSCRIBE:a PRESENCE:a=ann SUBSCRIBE:a PRESENCE:a PUBLISH:c SUBSCRIBE:c"
                                + " PRESENCE:c ADMIN: ADMIN: ADMIN:c");
    }

    // ---- what is not there

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/event",
                "/events/",
                "/events/a",
                "/EVENTS",
                "/stats/",
                "/channels/a/",
                "/channels/a/b",
                "/channels/a/members/",
                "/channels/a/members/ann",
                "/token/",
                "//events",
                "/../events",
                "/<script>"
            })
    void unknownPath_is404(String path) {
        for (String method : List.of("GET", "POST", "DELETE")) {
            wire.answer(Ask.of(method, path, "")).problem(404, "about:blank");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/events | PUT | GET, POST, OPTIONS",
                "/events | DELETE | GET, POST, OPTIONS",
                "/events | HEAD | GET, POST, OPTIONS",
                "/channels | POST | GET, OPTIONS",
                "/channels | DELETE | GET, OPTIONS",
                "/stats | POST | GET, OPTIONS",
                "/channels/a/members | POST | GET, OPTIONS",
                "/channels/a | PUT | GET, POST, DELETE, OPTIONS",
                "/channels/a | PATCH | GET, POST, DELETE, OPTIONS",
                "/channels/a | get | GET, POST, DELETE, OPTIONS",
                "/channels/a | AVERYLONGMETHODNAMETHATNOBODYHAS | GET, POST, DELETE, OPTIONS",
            })
    void otherMethod_is405_andSaysWhichAreAllowed(String path, String method, String allow) {
        Wire.Answer answer = wire.answer(Ask.of(method, path, "")).problem(405, "about:blank");
        assertThat(answer.headers.get("Allow")).containsExactly(allow);
        assertThat(answer.detail()).doesNotContain("AVERYLONG");
    }

    @Test
    void pathThatIsNotUtf8_is400() {
        wire.answer(Ask.of("GET", "/channels/\uFFFD", "")).problem(400, "about:blank");
    }
}
