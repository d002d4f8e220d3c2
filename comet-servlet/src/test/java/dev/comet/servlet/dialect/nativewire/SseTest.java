package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.servlet.dialect.ManualScheduler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, "SSE", read by a client's eyes. */
final class SseTest {
    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    // ---- the beginning

    @Test
    void stream_beginsWithRetryAndTheCursorOfNow() {
        wire.comet.publish("a", "before");
        Wire.Held held = wire.open("channel=a&as=sse");
        SseReader at = held.sse();
        assertThat(at.retries).hasSize(1);
        assertThat(at.events).isEmpty();
        assertThat(at.lastEventId).matches("[0-9a-f]{8}\\.2");

        held.leave();
        wire.comet.publish("a", "while away");
        SseReader back = wire.open("channel=a&as=sse&cursor=" + at.lastEventId).sse();
        assertThat(back.events).extracting(SseReader.Event::data).containsExactly("while away");
    }

    @Test
    void headers_areThoseOfAStreamThatNobodyHoldsBack() {
        Map<String, List<String>> headers = Wire.headers(wire.open("channel=a&as=sse").headers);
        assertThat(headers.get("Content-Type")).containsExactly("text/event-stream;charset=utf-8");
        assertThat(headers.get("Cache-Control")).containsExactly("no-cache, no-transform");
        assertThat(headers.get("X-Accel-Buffering")).containsExactly("no");
        assertThat(headers).hasSize(3);
    }

    // ---- one channel: the payload as it is

    @Test
    void message_hasItsCursorItsTypeAndItsPayload() {
        Wire.Held held = wire.open("channel=a&as=sse");
        held.take();
        wire.comet.publish("a", "hello");
        wire.comet.publish("a", Draft.text("hi").withType("greeting").withAttribute("sender", "ann"));
        String raw = Parsed.text(held.take());
        String epoch = raw.substring("id: ".length(), "id: ".length() + 8);
        assertThat(raw)
                .isEqualTo(
                        "id: " + epoch + ".2\ndata: hello\n\n" + "id: " + epoch + ".3\nevent: greeting\ndata: hi\n\n");
    }

    @Test
    void payload_arrivesExactly_butForLineEnds() {
        Wire.Held held = wire.open("channel=a&as=sse");
        held.take();
        for (String text : Hostile.TEXTS) {
            wire.comet.publish("a", text);
            assertThat(held.sse().events)
                    .extracting(SseReader.Event::data)
                    .containsExactly(Hostile.lf(Hostile.mended(text)));
        }
    }

    @Test
    void payload_atRandom_arrivesExactly_oneEventEach() {
        Random random = new Random(20_260_101);
        Wire.Held held = wire.open("channel=a&as=sse");
        held.take();
        for (int round = 0; round < 2_000; round++) {
            List<String> sent = new ArrayList<>();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                sent.add(Hostile.random(random));
                wire.comet.publish("a", sent.get(sent.size() - 1));
            }
            assertThat(held.sse().events)
                    .extracting(SseReader.Event::data)
                    .containsExactlyElementsOf(sent.stream()
                            .map(s -> Hostile.lf(Hostile.mended(s)))
                            .toList());
        }
    }

    @Test
    void payload_ofOneMebibyte_arrivesWhole() {
        Wire.Held held = wire.open("channel=a&as=sse");
        held.take();
        String mebibyte = "0123456789abcde\n".repeat(1 << 16);
        wire.comet.publish("a", mebibyte);
        assertThat(held.sse().events).extracting(SseReader.Event::data).containsExactly(mebibyte);
    }

    @Test
    void json_withLineEndsBetweenTokens_isTheSameValue() {
        Wire.Held held = wire.open("channel=a&as=sse");
        held.take();
        wire.comet.publishJson("a", "{\r\n\"a\" :\n[1,\r2]\n}");
        assertThat(held.sse().events)
                .extracting(e -> Parsed.value(e.data()))
                .containsExactly(Map.of("a", List.of(1L, 2L)));
    }

    // ---- envelopes

    @ParameterizedTest
    @ValueSource(strings = {"channel=a&envelope=true", "channel=a&channel=b", "channel=a&channel=b&envelope=true"})
    void envelope_isTheNdjsonObject(String query) {
        Wire.Held sse = wire.open(query + "&as=sse");
        Wire.Held ndjson = wire.open(query.replace("&envelope=true", "") + "&as=ndjson");
        sse.take();
        ndjson.take();
        wire.comet.publish("a", "x\r\ny");
        wire.comet.publish("a", Draft.json("[1,\r2,\r\n3,\n4]").withType("t").withAttribute("k", "v"));
        List<SseReader.Event> events = sse.sse().events;
        String[] lines = Parsed.text(ndjson.take()).split("\n", -1);
        assertThat(events).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(events.get(i).data()).isEqualTo(lines[i]);
            assertThat(Parsed.object(lines[i]).get("cursor"))
                    .isEqualTo(events.get(i).lastEventId());
        }
        assertThat(events)
                .describedAs("in an envelope no name: EventSource shows only those that it was told")
                .extracting(SseReader.Event::type)
                .containsExactly("message", query.contains("envelope") ? "message" : "t");
        assertThat(events).extracting(e -> Parsed.object(e.data()).get("type")).containsExactly("message", "t");
    }

    @Test
    void envelopes_ofOneChannel_carryEveryHostileText() {
        Wire.Held held = wire.open("channel=a&as=sse&envelope=true");
        held.take();
        for (String text : Hostile.TEXTS) {
            Message m = wire.comet.publish("a", Draft.text(text).withAttribute("k", text));
            Map<String, Object> object = Parsed.object(held.sse().events.get(0).data());
            assertThat(object)
                    .containsExactlyEntriesOf(ordered(
                            "channel", "a",
                            "seq", m.seq(),
                            "id", m.id(),
                            "time", ManualScheduler.START_MILLIS,
                            "type", "message",
                            "data", Hostile.mended(text),
                            "attributes", Map.of("k", Hostile.mended(text)),
                            "cursor", m.cursor().toString()));
        }
    }

    @Test
    void severalChannels_resumeFromAnyEvent_withoutLossOrRepetition() {
        String query = "channel=a&channel=b&channel=c&as=sse&from=oldest";
        Random random = new Random(7);
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            sent.add("m" + i);
            wire.comet.publish(List.of("a", "b", "c").get(random.nextInt(3)), "m" + i);
        }
        List<SseReader.Event> all = wire.open(query).sse().events;
        assertThat(all)
                .extracting(e -> Parsed.object(e.data()).get("data"))
                .containsExactlyElementsOf(List.copyOf(sent));
        for (int i = 0; i < all.size(); i++) {
            String cursor = all.get(i).lastEventId();
            assertThat(cursor).matches("[A-Za-z0-9._~-]{1,1024}");
            assertThat(wire.open(query + "&cursor=" + cursor).sse().events)
                    .extracting(e -> Parsed.object(e.data()).get("data"))
                    .containsExactlyElementsOf(List.copyOf(sent.subList(i + 1, sent.size())));
        }
    }

    @Test
    void oneChannel_resumesFromAnyEvent() {
        for (int i = 0; i < 20; i++) {
            wire.comet.publish("a", "m" + i);
        }
        List<SseReader.Event> all = wire.open("channel=a&as=sse&from=oldest").sse().events;
        assertThat(all).hasSize(20);
        for (int i = 0; i < all.size(); i++) {
            assertThat(wire.open("channel=a&as=sse&cursor=" + all.get(i).lastEventId())
                            .sse()
                            .events)
                    .hasSize(19 - i);
        }
    }

    @Test
    void cursorOfOneChannel_shownForSeveral_speaksOfItsOwn() {
        wire.comet.publish("a", "a1");
        String cursor = wire.open("channel=a&as=sse").sse().lastEventId;
        wire.comet.publish("a", "a2");
        wire.comet.publish("b", "b1");
        assertThat(wire.open("channel=a&channel=b&as=sse&cursor=" + cursor).sse().events)
                .extracting(e -> Parsed.object(e.data()).get("data"))
                .containsExactly("a2");
        assertThat(wire.open("channel=a&channel=b&as=sse&from=oldest&cursor=" + cursor)
                        .sse()
                        .events)
                .extracting(e -> Parsed.object(e.data()).get("data"))
                .containsExactly("a2", "b1");
    }

    @Test
    void sixtyFourChannels_haveACursorBelowOneKibibyte() {
        StringBuilder query = new StringBuilder("as=sse");
        for (int i = 0; i < 64; i++) {
            query.append("&channel=").append("x".repeat(190)).append(i);
        }
        String cursor = wire.open(query.toString()).sse().lastEventId;
        assertThat(cursor).matches("[A-Za-z0-9._~-]{1,1024}");
    }

    @Test
    void channelNames_ofAnyKind_arriveInTheEnvelope() {
        for (String name : Hostile.CHANNELS) {
            Wire.Held held = wire.open("channel=" + Wire.encoded(name) + "&channel=other&as=sse");
            held.take();
            wire.comet.publish(name, "x");
            assertThat(held.sse().events)
                    .extracting(e -> Parsed.object(e.data()).get("channel"))
                    .containsExactly(name);
        }
    }

    @Test
    void backlog_isGatheredIntoFewWrites_andNoneIsLost() {
        try (Wire small = new Wire(Comet.builder().historyMessages(1_000).liveWindow(1_000))) {
            for (int i = 0; i < 1_000; i++) {
                small.comet.publish("a", "x".repeat(200) + i);
            }
            Wire.Held held = small.open("channel=a&as=sse&from=oldest");
            assertThat(held.sse().events).hasSize(1_000);
            assertThat(held.writes).isBetween(5, 20);
        }
    }

    static Map<String, Object> ordered(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
