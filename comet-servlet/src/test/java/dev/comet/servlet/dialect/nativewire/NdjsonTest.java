package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.servlet.dialect.ManualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** native.md, "NDJSON". */
final class NdjsonTest {
    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    @Test
    void stream_beginsWithTheOpenLine() {
        Wire.Held held = wire.open("channel=a&as=ndjson");
        List<Map<String, Object>> lines = held.lines();
        assertThat(lines).hasSize(1);
        Map<String, Object> open = lines.get(0);
        assertThat(open.keySet()).containsExactly("type", "cursor", "retry", "connection");
        assertThat(open.get("type")).isEqualTo("open");
        assertThat((String) open.get("cursor")).matches("[0-9a-f]{8}\\.1");
        assertThat((Long) open.get("retry")).isBetween(1_600L, 2_400L);
        assertThat((String) open.get("connection")).matches("[0-9a-f-]{36}");
        assertThat(Wire.headers(held.headers).get("Content-Type")).containsExactly("application/x-ndjson");
    }

    @Test
    void connections_haveNamesOfTheirOwn() {
        Set<Object> names = new TreeSet<>();
        for (int i = 0; i < 50; i++) {
            names.add(wire.open("channel=a&as=ndjson").lines().get(0).get("connection"));
        }
        assertThat(names).hasSize(50);
    }

    @Test
    void message_hasExactlyTheFieldsOfThePage() {
        Wire.Held held = wire.open("channel=a&as=ndjson");
        held.take();
        Message plain = wire.comet.publish("a", "x");
        Message rich = wire.comet.publish(
                "a", Draft.json("{\"n\":[1.5,null,true]}").withType("t.1").withAttribute("k", "v"));
        List<Map<String, Object>> lines = held.lines();
        assertThat(lines.get(0))
                .containsExactlyEntriesOf(SseTest.ordered(
                        "channel",
                        "a",
                        "seq",
                        1L,
                        "id",
                        plain.id(),
                        "time",
                        ManualScheduler.START_MILLIS,
                        "type",
                        "message",
                        "data",
                        "x",
                        "cursor",
                        plain.cursor().toString()));
        assertThat(lines.get(1).keySet())
                .containsExactly("channel", "seq", "id", "time", "type", "data", "attributes", "cursor");
        assertThat(lines.get(1).get("type")).isEqualTo("t.1");
        assertThat(lines.get(1).get("data").toString()).isEqualTo("{n=[1.5, null, true]}");
        assertThat(lines.get(1).get("attributes")).isEqualTo(Map.of("k", "v"));
        assertThat(rich.seq()).isEqualTo(2);
    }

    @Test
    void numbers_stayBelowWhatADoubleHolds() {
        Wire.Held held = wire.open("channel=a&as=ndjson");
        held.take();
        wire.comet.publish("a", "x");
        Map<String, Object> line = held.lines().get(0);
        for (String field : List.of("seq", "id", "time")) {
            assertThat((Long) line.get(field)).as(field).isBetween(1L, (1L << 53) - 1);
        }
        long start = ManualScheduler.START_MILLIS * 100;
        assertThat((Long) line.get("id")).isBetween(start + 1, start + 10);
    }

    @Test
    void everyPayload_isOneLine() {
        Random random = new Random(3);
        List<String> texts = new ArrayList<>(Hostile.TEXTS);
        for (int i = 0; i < 1_000; i++) {
            texts.add(Hostile.random(random));
        }
        Wire.Held one = wire.open("channel=a&as=ndjson");
        Wire.Held several = wire.open("channel=a&channel=b&as=ndjson");
        one.take();
        several.take();
        for (String text : texts) {
            wire.comet.publish("a", Draft.text(text).withAttribute("k.1", text));
            for (Wire.Held held : List.of(one, several)) {
                byte[] bytes = held.take();
                assertThat(Parsed.text(bytes).indexOf('\n'))
                        .isEqualTo(Parsed.text(bytes).length() - 1);
                Map<String, Object> line = Parsed.lines(bytes).get(0);
                assertThat(line.get("data")).isEqualTo(Hostile.mended(text));
                assertThat(line.get("attributes")).isEqualTo(Map.of("k.1", Hostile.mended(text)));
            }
        }
    }

    @Test
    void everyJsonPayload_isOneLine_andTheSameValue() {
        Wire.Held held = wire.open("channel=a&as=ndjson");
        held.take();
        for (String json : List.of(
                "\n1\n",
                "[\r\n]",
                "{\n\"a\"\r:\n\"\\n\"\r\n}",
                "\"\u2028\u2029\"",
                "-0.5e-3",
                " null ",
                "{\"</script>\":\"\\u0000\"}",
                "\"\uD83D\uDE00\"",
                "[".repeat(500) + "]".repeat(500))) {
            wire.comet.publishJson("a", json);
            byte[] bytes = held.take();
            assertThat(Parsed.text(bytes)).doesNotContain("\r");
            assertThat(Parsed.lines(bytes).get(0).get("data")).isEqualTo(Parsed.value(json));
        }
    }

    @Test
    void cursor_resumes_withOneChannelAndWithSeveral() {
        for (String channels : List.of("channel=a", "channel=a&channel=b")) {
            String query = channels + "&as=ndjson&from=oldest";
            wire.comet.publish("a", "1");
            wire.comet.publish("a", "2");
            wire.comet.publish("a", "3");
            List<Map<String, Object>> lines = wire.open(query).lines();
            for (int i = 0; i < lines.size(); i++) {
                List<Map<String, Object>> rest = wire.open(
                                query + "&cursor=" + lines.get(i).get("cursor"))
                        .lines();
                assertThat(rest).as("after line %d", i).hasSize(lines.size() - i);
                assertThat(rest.subList(1, rest.size())).isEqualTo(lines.subList(i + 1, lines.size()));
            }
        }
    }
}
