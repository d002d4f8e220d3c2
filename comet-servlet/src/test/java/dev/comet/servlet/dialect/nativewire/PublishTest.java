package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.ManualScheduler;
import dev.comet.servlet.dialect.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, {@code POST {mount}/channels/{name}}. */
final class PublishTest {
    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    private Map<String, Object> last(String channel) {
        return Wire.objects(
                        wire.open("as=poll&from=1&channel=" + Wire.encoded(channel))
                                .poll(),
                        "messages")
                .get(0);
    }

    @Test
    void answer_is201_withThePlaceOfTheMessage() {
        Wire.Answer answer = wire.answer(Ask.publish("a", "text/plain", "hello"));
        assertThat(answer.status).isEqualTo(201);
        assertThat(answer.headers.get("Content-Type")).containsExactly("application/json");
        assertThat(answer.headers.get("Cache-Control")).containsExactly("no-store");
        Map<String, Object> message = last("a");
        assertThat(answer.json())
                .containsExactlyEntriesOf(SseTest.ordered(
                        "channel", "a", "seq", 1L, "id", message.get("id"), "time", ManualScheduler.START_MILLIS));
        assertThat(message).containsEntry("data", "hello").containsEntry("type", "message");
    }

    @Test
    void text_ofAnyKind_arrivesExactly() {
        for (String text : Hostile.TEXTS) {
            String whole = Hostile.mended(text); // a lone surrogate cannot be sent
            assertThat(wire.answer(Ask.publish("a", "text/plain; charset=utf-8", whole)).status)
                    .isEqualTo(201);
            assertThat(last("a")).containsEntry("data", whole);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "text/html",
                "application/x-www-form-urlencoded",
                "application/octet-stream",
                "application/merge-patch+json",
                "text/plain;charset=UTF-8",
                "text/plain; charset=\"utf-8\"; format=flowed",
                "text/plain;charset=us-ascii",
                "",
                "garbage"
            })
    void anyTypeButJson_isText(String type) {
        assertThat(wire.answer(Ask.publish("a", type, "{not json")).status).isEqualTo(201);
        assertThat(last("a")).containsEntry("data", "{not json");
    }

    @Test
    void noContentType_isText() {
        assertThat(wire.answer(Ask.of("POST", "/channels/a").body("x")).status).isEqualTo(201);
        assertThat(last("a")).containsEntry("data", "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "Application/JSON ; charset=UTF-8"})
    void json_isTheValue(String type) {
        assertThat(wire.answer(Ask.publish("a", type, " {\"a\":\r\n[1,\"\\u2028\"]} ")).status)
                .isEqualTo(201);
        assertThat(last("a").get("data")).isEqualTo(Map.of("a", List.of(1L, "\u2028")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "1 2", "{'a':1}", "nul", "01", "[1,]", "\"\n\"", "NaN", "{}}", "\uFEFF1"})
    void whatIsNotOneJsonValue_is400(String body) {
        wire.answer(Ask.publish("a", "application/json", body)).problem(400, "urn:comet:bad-json");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain;charset=iso-8859-1",
                "text/plain; charset=\"latin1\"",
                "application/json; charset=utf-16",
                "text/plain; Charset=Windows-1252"
            })
    void anotherCharset_is415(String type) {
        wire.answer(Ask.publish("a", type, "1")).problem(415, "about:blank");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @Test
    void bytesThatAreNotUtf8_are400() {
        for (byte[] body : List.of(
                new byte[] {(byte) 0xff},
                new byte[] {'a', (byte) 0xc3},
                new byte[] {(byte) 0xc0, (byte) 0xaf},
                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                "\u00e4".getBytes(StandardCharsets.ISO_8859_1))) {
            for (String type : List.of("text/plain", "application/json")) {
                wire.answer(Ask.publish("a", type, "").body(body)).problem(400, "about:blank");
            }
        }
    }

    // ---- type and attributes

    @ParameterizedTest
    @ValueSource(strings = {"message", "greeting", "A", "a.b-c_D9", "Message"})
    void type_isTheHeaders(String type) {
        assertThat(wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Type", type)).status)
                .isEqualTo(201);
        assertThat(last("a")).containsEntry("type", type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "error", "gap", "reset", "close", "expiring", "join", "leave"})
    void reservedType_is400(String type) {
        wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Type", type))
                .problem(400, "urn:comet:bad-type");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1a",
                "-a",
                "a b",
                "a\r\nid: 7",
                "a\n",
                "a\rdata: x",
                "a:b",
                "\u00e4",
                "a\u0000",
                " a",
                "a\u2028",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            })
    void typeThatIsNone_is400_andInjectsNothing(String type) {
        Wire.Answer answer = wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Type", type))
                .problem(400, "urn:comet:bad-type");
        assertThat(answer.detail()).doesNotContain("\r", "\n", "\0");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @Test
    void attributes_areHeaders_whoseNamesAreLowerCase() {
        wire.answer(Ask.publish("a", "text/plain", "x")
                .with("X-Comet-Attribute-Sender", "ann")
                .with("x-comet-attribute-k.1", "")
                .with("X-Other", "no"));
        assertThat(last("a").get("attributes")).isEqualTo(Map.of("sender", "ann", "k.1", ""));
    }

    /** Containers decode header values as Latin-1. */
    @ParameterizedTest
    @ValueSource(strings = {"j\u00f6rg", "\u4f60\u597d", "\uD83D\uDE00", "a \uFFFD b", "\u2028", "\"\\</script>"})
    void attributeInUtf8_arrivesExactly(String value) {
        String asRead = new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Attribute-k", asRead));
        assertThat(last("a").get("attributes")).isEqualTo(Map.of("k", value));
    }

    @Test
    void attributeThatIsNotUtf8_staysAsItWasRead() {
        for (String raw : List.of("j\u00f6rg", "\u00ff", "\u4f60 decoded by the container")) {
            wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Attribute-k", raw));
            assertThat(last("a").get("attributes")).isEqualTo(Map.of("k", raw));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "a b", "\u00e4", "a:b"})
    void attributeNameThatIsNone_is400(String name) {
        wire.answer(Ask.publish("a", "text/plain", "x").with("X-Comet-Attribute-" + name, "v"))
                .problem(400, "urn:comet:bad-attribute");
    }

    @Test
    void seventeenAttributes_are400() {
        Ask ask = Ask.publish("a", "text/plain", "x");
        for (int i = 0; i < 16; i++) {
            ask.with("X-Comet-Attribute-k" + i, "v");
        }
        assertThat(wire.answer(ask).status).isEqualTo(201);
        wire.answer(ask.with("X-Comet-Attribute-k16", "v")).problem(400, "urn:comet:bad-attribute");
    }

    // ---- limits and rights

    @Test
    void messageOverTheLimit_is413_countedOnce() {
        try (Wire small = new Wire(Comet.builder().maxMessageBytes(10))) {
            assertThat(small.answer(Ask.publish("a", "text/plain", "\u00e4".repeat(5))).status)
                    .isEqualTo(201);
            small.answer(Ask.publish("a", "text/plain", "\u00e4".repeat(5) + "x"))
                    .problem(413, "urn:comet:message-too-large");
            small.answer(Ask.publish("a", "text/plain", "123456").with("X-Comet-Attribute-ab", "123"))
                    .problem(413, "urn:comet:message-too-large");
            assertThat(small.comet.stats().refusals()).isEqualTo(Map.of("message-too-large", 2L));
            assertThat(small.bodyLimit(Ask.publish("a", "text/plain", ""))).isEqualTo(10);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\u0000", "a\r\nb", "a\\b", "a%b", "\u0085"})
    void channelNameThatIsNone_is400(String name) {
        wire.answer(Ask.of("POST", "/channels/" + name, "").body("x")).problem(400, "urn:comet:bad-channel");
        assertThat(wire.comet.channels()).isEmpty();
    }

    @Test
    void channelNamesOfAnyOtherKind_areNames() {
        for (String name : Hostile.CHANNELS) {
            assertThat(wire.answer(Ask.publish(name, "text/plain", "x")).json()).containsEntry("channel", name);
            assertThat(last(name)).containsEntry("data", "x");
        }
    }

    @Test
    void publish_needsTheRight_beforeAnythingElse() {
        try (Wire wire = Wire.with(Wire.denying(Action.PUBLISH))) {
            wire.answer(Ask.publish("a", "application/json", "{")).problem(403, "urn:comet:denied");
            assertThat(wire.comet.channels()).isEmpty();
            assertThat(wire.comet.stats().refusals()).isEqualTo(Map.of("denied", 1L));
        }
    }

    /** What is wrong with the head is said before the body is asked for. */
    @Test
    void head_thatIsWrong_isRefusedBeforeTheBodyIsRead() {
        try (Wire wire = Wire.with(Wire.denying(Action.PUBLISH))) {
            for (Ask ask : List.of(
                    Ask.publish("a", "text/plain", ""),
                    Ask.of("POST", "/nothing"),
                    Ask.of("POST", "/stats"),
                    Ask.of("PUT", "/events"),
                    Ask.of("PUT", "/channels/a"),
                    Ask.of("POST", "/channels/a/members"),
                    Ask.of("POST", "/events").with("Content-Type", "text/plain"))) {
                assertThatThrownBy(() -> wire.dialect.answer(ask.request()))
                        .isInstanceOfAny(Problem.class, RefusedException.class);
            }
        }
        assertThatThrownBy(() -> wire.dialect.answer(
                        Ask.publish("a", "text/plain;charset=latin1", "").request()))
                .isInstanceOf(Problem.class);
    }

    /** An authorizer may be slow, or count: it is asked once a request, not once more when the body is there. */
    @Test
    void authorizer_isAskedOnce() {
        AtomicInteger asked = new AtomicInteger();
        try (Wire wire = Wire.with(question -> {
            asked.incrementAndGet();
            return Authorizer.Decision.ALLOW;
        })) {
            assertThat(wire.answer(Ask.publish("a", "text/plain", "x")).status).isEqualTo(201);
        }
        assertThat(asked).hasValue(1);
    }

    @Test
    void publish_whileDraining_goesOn_afterTheEnd_is503() {
        wire.comet.drain(java.time.Duration.ZERO);
        assertThat(wire.answer(Ask.publish("a", "text/plain", "x")).status).isEqualTo(201);
        wire.comet.close();
        assertThat(wire.answer(Ask.publish("a", "text/plain", "x"))
                        .problem(503, "urn:comet:shutting-down")
                        .headers
                        .get("Retry-After"))
                .hasSize(1);
    }

    @Test
    void tooManyChannels_is503() {
        try (Wire one = new Wire(Comet.builder().maxChannels(1))) {
            one.answer(Ask.publish("a", "text/plain", "x"));
            one.answer(Ask.publish("b", "text/plain", "x")).problem(503, "urn:comet:too-many-channels");
        }
    }
}
