package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may be published. */
class DraftTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();

    @Test
    void published_comesBackAsItWasGiven() {
        Message m = comet.publish(
                "a",
                Draft.text("hello")
                        .withType("chat")
                        .withAttribute("sender", "ann")
                        .withAttribute("color", "réd"));
        assertThat(m.payload()).isEqualTo("hello");
        assertThat(m.isJson()).isFalse();
        assertThat(m.type()).isEqualTo("chat");
        assertThat(m.attributes())
                .containsExactly(java.util.Map.entry("sender", "ann"), java.util.Map.entry("color", "réd"));
        assertThat(m.kind()).isEqualTo(Message.Kind.MESSAGE);
        assertThat(m.time().toEpochMilli()).isEqualTo(time.currentTimeMillis());
        assertThat(comet.publish("a", "x").type()).isEqualTo("message");
    }

    @Test
    void attributes_cannotBeChangedFromOutside() {
        Draft draft = Draft.text("x").withAttribute("a", "1");
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> draft.attributes().put("b", "2"));
        draft.withAttribute("b", "2");
        assertThat(draft.attributes()).containsOnlyKeys("a");
    }

    @Test
    void bytes_areThoseOfPayloadAndAttributes_inUtf8() {
        Draft draft = Draft.text("ö€😀");
        assertThat(draft.bytes()).isEqualTo(2 + 3 + 4);
        draft = draft.withAttribute("ab", "ö");
        assertThat(draft.bytes()).isEqualTo(9 + 2 + 2);
        draft = draft.withAttribute("ab", "four");
        assertThat(draft.bytes()).isEqualTo(9 + 2 + 4);
        assertThat(draft.withType("chat").bytes()).isEqualTo(draft.bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "error", "gap", "reset", "close", "expiring", "join", "leave"})
    void reservedType_isRefused(String type) {
        assertRefused(Refusal.BAD_TYPE, () -> Draft.text("x").withType(type));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "1a",
                "-a",
                ".a",
                "_a",
                "a b",
                "a\n",
                "a\r\nid: 7",
                "a:b",
                "a/b",
                "ä",
                "aä",
                "a\u0000",
                "Ａ",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void badTypeOrAttributeName_isRefused(String name) {
        assertRefused(Refusal.BAD_TYPE, () -> Draft.text("x").withType(name));
        assertRefused(Refusal.BAD_ATTRIBUTE, () -> Draft.text("x").withAttribute(name, "y"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "Z",
                "message",
                "a1",
                "a.b_c-d",
                "Open",
                "joined",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void goodType_isTaken(String type) {
        assertThat(Draft.text("x").withType(type).type()).isEqualTo(type);
    }

    @Test
    void sixteenAttributes_oneMoreIsRefused_butNotAnotherValue() {
        Draft draft = Draft.text("x");
        for (int i = 0; i < 16; i++) {
            draft = draft.withAttribute("a" + i, "");
        }
        Draft full = draft;
        assertRefused(Refusal.BAD_ATTRIBUTE, () -> full.withAttribute("a16", ""));
        assertThat(full.withAttribute("a3", "new").attributes()).hasSize(16).containsEntry("a3", "new");
    }

    @Test
    void loneSurrogates_becomeReplacementCharacters_everywhere() {
        Draft draft = Draft.text("a\uD800b").withAttribute("x", "\uDFFF");
        assertThat(draft.payload()).isEqualTo("a\uFFFDb");
        assertThat(draft.attributes()).containsEntry("x", "\uFFFD");
        assertThat(Draft.json("\"\uD83D\"").payload()).isEqualTo("\"\uFFFD\"");
        assertThat(draft.bytes()).isEqualTo(1 + 3 + 1 + 1 + 3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "}", "[1,]", "{} {}", "01", "nul", "'a'", "\"a\nb\"", "NaN", "{\"a\":1,}"})
    void notExactlyOneJsonValue_isRefused(String json) {
        assertRefused(Refusal.BAD_JSON, () -> Draft.json(json));
        assertRefused(Refusal.BAD_JSON, () -> comet.publishJson("a", json));
        assertThat(comet.find("a")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " [1, 2.5e3, null] ", "\"a\"", "-0", "true", "{\"a\":{\"a\":[]}}"})
    void json_isKeptAsItIsWritten(String json) {
        Message m = comet.publishJson("a", json);
        assertThat(m.payload()).isEqualTo(json);
        assertThat(m.isJson()).isTrue();
        assertThat(m.bytes()).isEqualTo(json.getBytes(StandardCharsets.UTF_8).length);
    }

    @Test
    void encoded_isMadeOncePerEncoder() {
        int[] made = new int[2];
        Encoder one = m -> {
            made[0]++;
            return new byte[] {1};
        };
        Encoder two = m -> {
            made[1]++;
            return new byte[] {2};
        };
        Message m = comet.publish("a", "x");
        byte[] first = m.encoded(one);
        assertThat(m.encoded(two)).containsExactly(2);
        assertThat(m.encoded(one)).isSameAs(first).containsExactly(1);
        assertThat(made).containsExactly(1, 1);
    }

    /** Encoding runs without a lock: when two threads do it at once, all the same get the bytes of one of them. */
    @Test
    void encodedByTwoAtOnce_allShareOneArray() {
        Message m = comet.publish("a", "x");
        Encoder[] encoder = new Encoder[1];
        boolean[] inside = new boolean[1];
        byte[][] inner = new byte[1][];
        encoder[0] = message -> {
            if (!inside[0]) {
                inside[0] = true;
                inner[0] = message.encoded(encoder[0]); // as another thread would, in the middle of it
            }
            return new byte[] {1};
        };
        assertThat(m.encoded(encoder[0])).isSameAs(inner[0]);
        assertThat(m.encoded(encoder[0])).isSameAs(inner[0]);
    }
}
