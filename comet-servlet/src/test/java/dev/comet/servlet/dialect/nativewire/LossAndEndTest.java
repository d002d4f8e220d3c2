package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Framing;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, "Loss, told in band" and "The end", and the heartbeat. */
final class LossAndEndTest {
    private static Wire small() {
        return new Wire(Comet.builder().historyMessages(4).liveWindow(4));
    }

    private static void publish(Wire wire, String channel, int from, int to) {
        for (int i = from; i <= to; i++) {
            wire.comet.publish(channel, "" + i);
        }
    }

    // ---- gaps

    @Test
    void sse_lapped_isAGapEventBeforeTheNextMessage() {
        try (Wire wire = small()) {
            Wire.Held held = wire.open("channel=a&as=sse");
            held.take();
            publish(wire, "a", 1, 10);
            List<SseReader.Event> events = held.sse().events;
            assertThat(events)
                    .extracting(SseReader.Event::type)
                    .containsExactly("gap", "message", "message", "message", "message");
            String epoch = events.get(0).lastEventId().substring(0, 8);
            assertThat(events.get(0).data())
                    .isEqualTo(
                            "{\"type\":\"gap\",\"channel\":\"a\",\"reason\":\"lapped\",\"from\":1,\"to\":6,\"cursor\":\""
                                    + epoch + ".7\"}");
            assertThat(events.get(0).lastEventId()).isEqualTo(epoch + ".7");
            assertThat(events.get(1).data()).isEqualTo("7");
        }
    }

    @Test
    void sse_ofSeveralChannels_tellsTheGapOfTheOneThatLapped() {
        try (Wire wire = small()) {
            Wire.Held held = wire.open("channel=a&channel=b&as=sse");
            held.take();
            publish(wire, "a", 1, 6);
            publish(wire, "b", 1, 1);
            List<SseReader.Event> events = held.sse().events;
            Map<String, Object> gap = Parsed.object(events.get(0).data());
            assertThat(gap)
                    .containsEntry("channel", "a")
                    .containsEntry("from", 1L)
                    .containsEntry("to", 2L)
                    .containsEntry("cursor", events.get(0).lastEventId());
            assertThat(events).hasSize(6);
            // Whoever breaks off after the gap goes on behind it.
            assertThat(wire.open("channel=a&channel=b&as=sse&cursor="
                                    + events.get(0).lastEventId())
                            .sse()
                            .events)
                    .isEqualTo(events.subList(1, 6));
        }
    }

    @Test
    void ndjson_lapped_isALine() {
        try (Wire wire = small()) {
            Wire.Held held = wire.open("channel=a&as=ndjson");
            held.take();
            publish(wire, "a", 1, 5);
            List<Map<String, Object>> lines = held.lines();
            assertThat(lines.get(0).keySet()).containsExactly("type", "channel", "reason", "from", "to", "cursor");
            assertThat(lines.get(0))
                    .containsEntry("type", "gap")
                    .containsEntry("reason", "lapped")
                    .containsEntry("from", 1L)
                    .containsEntry("to", 1L);
            assertThat(lines).hasSize(5);
        }
    }

    @Test
    void gapsChannelName_ofAnyKind_arrivesExactly() {
        for (String name : Hostile.CHANNELS) {
            try (Wire wire = small()) {
                String channel = Wire.encoded(name);
                Wire.Held sse = wire.open("channel=" + channel + "&as=sse");
                Wire.Held ndjson = wire.open("channel=" + channel + "&as=ndjson");
                String cursor = sse.sse().lastEventId;
                ndjson.take();
                publish(wire, name, 1, 9);
                assertThat(Parsed.object(sse.sse().events.get(0).data())).containsEntry("channel", name);
                assertThat(ndjson.lines().get(0)).containsEntry("channel", name);
                assertThat(Wire.objects(
                                        wire.open("as=poll&channel=" + channel + "&cursor=" + cursor)
                                                .poll(),
                                        "gaps")
                                .get(0))
                        .containsEntry("channel", name);
            }
        }
    }

    // ---- reset

    @ParameterizedTest
    @ValueSource(strings = {"channel=a", "channel=a&channel=b"})
    void cursorOfAnEarlierLife_isReset_inEveryTransport(String channels) {
        try (Wire wire = new Wire()) {
            publish(wire, "a", 1, 3);
            publish(wire, "b", 1, 1);
            String cursor = wire.open(channels + "&as=sse").sse().lastEventId;
            wire.comet.remove("a");
            publish(wire, "a", 4, 5);

            String query = channels + "&cursor=" + cursor;
            List<SseReader.Event> sse = wire.open(query + "&as=sse").sse().events;
            List<Map<String, Object>> ndjson = wire.open(query + "&as=ndjson").lines();
            Map<String, Object> poll = wire.open(query + "&as=poll").poll();
            Map<String, Object> gap = Parsed.object(sse.get(0).data());
            assertThat(sse.get(0).type()).isEqualTo("gap");
            assertThat(gap.keySet()).containsExactly("type", "channel", "reason", "to", "cursor");
            assertThat(gap)
                    .containsEntry("type", "gap")
                    .containsEntry("channel", "a")
                    .containsEntry("reason", "reset")
                    .containsEntry("to", 0L);
            assertThat(ndjson.get(1)).isEqualTo(gap);
            assertThat(Wire.objects(poll, "gaps")).containsExactly(gap);
            assertThat(sse).hasSize(3);
            assertThat(ndjson).hasSize(4);
            assertThat(Wire.objects(poll, "messages"))
                    .extracting(m -> m.get("seq"))
                    .containsExactly(1L, 2L);
        }
    }

    @Test
    void resetOfAnEvictedLife_saysWhereDeliveryGoesOn() {
        try (Wire wire = small()) {
            publish(wire, "a", 1, 1);
            String cursor = wire.open("channel=a&as=sse").sse().lastEventId;
            wire.comet.remove("a");
            publish(wire, "a", 1, 9);
            List<Map<String, Object>> lines =
                    wire.open("channel=a&as=ndjson&cursor=" + cursor).lines();
            assertThat(lines.get(1)).containsEntry("reason", "reset").containsEntry("to", 5L);
            assertThat(lines.get(2)).containsEntry("seq", 6L);
        }
    }

    /** A stream that breaks after its first bytes, before the reset was told, must be told it when it comes back. */
    @Test
    void resetThatWasNotToldYet_isInTheCursor() {
        try (Wire wire = new Wire()) {
            publish(wire, "a", 1, 1);
            String cursor = wire.open("channel=a&as=sse").sse().lastEventId;
            wire.comet.remove("a");
            publish(wire, "a", 1, 1);
            Wire.Held held = wire.open("channel=a&as=poll&wait=0&cursor=" + cursor);
            String untold = held.from.cursor().toString();
            assertThat(Wire.objects(
                            wire.open("channel=a&as=poll&cursor=" + untold).poll(), "gaps"))
                    .extracting(gap -> gap.get("reason"))
                    .containsExactly("reset");
        }
    }

    @Test
    void seqFromTheFuture_isReset() {
        try (Wire wire = new Wire()) {
            publish(wire, "a", 1, 1);
            String epoch = wire.open("channel=a&as=sse").sse().lastEventId.substring(0, 8);
            assertThat(wire.open("channel=a&as=ndjson&cursor=" + epoch + ".9007199254740991")
                            .lines()
                            .get(1))
                    .containsEntry("reason", "reset");
        }
    }

    // ---- the end

    @Test
    void removal_closesAfterWhatIsLeft() {
        try (Wire wire = new Wire()) {
            Wire.Held sse = wire.open("channel=a&as=sse");
            Wire.Held envelope = wire.open("channel=a&as=sse&envelope=true");
            Wire.Held ndjson = wire.open("channel=a&as=ndjson");
            for (Wire.Held held : List.of(sse, envelope, ndjson)) {
                held.take();
            }
            wire.comet.publish("a", "last");
            wire.comet.remove("a");
            for (Wire.Held held : List.of(sse, envelope)) {
                List<SseReader.Event> events = held.sse().events;
                assertThat(events).extracting(SseReader.Event::type).containsExactly("message", "close");
                assertThat(events.get(1).data()).isEqualTo("{\"reason\":\"closed\"}");
                assertThat(events.get(1).lastEventId()).isEqualTo(events.get(0).lastEventId());
                assertThat(held.ended).isTrue();
            }
            assertThat(ndjson.lines().get(1)).isEqualTo(SseTest.ordered("type", "close", "reason", "closed"));
        }
    }

    @Test
    void drain_endsStreamsWithAWord_andPollsWithAnAnswer() {
        try (Wire wire = new Wire()) {
            Wire.Held sse = wire.open("channel=a&as=sse");
            Wire.Held ndjson = wire.open("channel=a&channel=b&as=ndjson");
            Wire.Held poll = wire.open("channel=a&as=poll");
            for (Wire.Held held : List.of(sse, ndjson, poll)) {
                held.take();
                assertThat(held.ended).isFalse();
            }
            wire.comet.drain(Duration.ZERO);
            assertThat(sse.sse().events).containsExactly(new SseReader.Event("close", "{\"reason\":\"shutdown\"}", ""));
            assertThat(ndjson.lines().get(0)).containsEntry("reason", "shutdown");
            assertThat(Wire.objects(poll.poll(), "messages")).isEmpty();
            assertThat(wire.comet.stats().subscribers()).isZero();
            wire.answer(dev.comet.servlet.dialect.Ask.get("/events?channel=a")).problem(503, "urn:comet:shutting-down");
        }
    }

    @Test
    void maximumAge_isAReason() {
        try (Wire wire = new Wire()) {
            Wire.Held sse = wire.open("channel=a&as=sse");
            Wire.Held ndjson = wire.open("channel=a&as=ndjson");
            sse.take();
            ndjson.take();
            assertThat(SseReader.read(sse.expire()).events)
                    .extracting(SseReader.Event::data)
                    .containsExactly("{\"reason\":\"max-age\"}");
            assertThat(Parsed.lines(ndjson.expire()).get(0)).containsEntry("reason", "max-age");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CloseReason.class,
            names = {"CLOSED", "SHUTDOWN", "EXPIRED", "MAX_AGE", "REPLACED", "STALLED"})
    void reason_isAWordOfThePage(CloseReason reason) {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=sse");
            held.take();
            held.from.end(reason);
            String word =
                    (String) Parsed.object(held.sse().events.get(0).data()).get("reason");
            assertThat(Set.of("closed", "shutdown", "expired", "max-age", "replaced", "stalled"))
                    .contains(word);
            assertThat(word.replace("-", "_")).isEqualToIgnoringCase(reason.name());
        }
    }

    // ---- heartbeat, age, retry

    @Test
    void heartbeats_areNoEvents() {
        try (Wire wire = new Wire()) {
            Wire.Held sse = wire.open("channel=a&as=sse");
            Wire.Held ndjson = wire.open("channel=a&as=ndjson");
            sse.take();
            ndjson.take();
            byte[] beat = sse.heartbeat();
            assertThat(SseReader.read(beat).heartbeats).isEqualTo(1);
            assertThat(SseReader.read(beat).events).isEmpty();
            assertThat(new String(ndjson.heartbeat(), StandardCharsets.UTF_8)).isEqualTo("\n");
            assertThat(sse.framing.heartbeatEvery()).isEqualTo(Duration.ofSeconds(15));
            assertThat(ndjson.framing.heartbeatEvery()).isEqualTo(Duration.ofSeconds(15));
        }
    }

    @Test
    void heartbeatBetweenMessages_changesNoCursor() {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=sse");
            String before = held.sse().lastEventId;
            assertThat(SseReader.read(held.heartbeat(), before).lastEventId).isEqualTo(before);
        }
    }

    @Test
    void maximumAge_isEightyToAHundredPercent() {
        try (Wire wire = new Wire()) {
            List<Duration> ages = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                Framing framing = wire.open("channel=a&as=" + (i % 2 == 0 ? "sse" : "ndjson")).framing;
                assertThat(framing.expiry()).isEqualTo(CloseReason.MAX_AGE);
                ages.add(framing.holdFor());
            }
            assertThat(ages)
                    .allSatisfy(age -> assertThat(age).isBetween(Duration.ofMinutes(24), Duration.ofMinutes(30)));
            assertThat(ages).anySatisfy(age -> assertThat(age).isLessThan(Duration.ofMinutes(25)));
            assertThat(ages).anySatisfy(age -> assertThat(age).isGreaterThan(Duration.ofMinutes(29)));
        }
    }

    @Test
    void retry_isEightyToAHundredAndTwentyPercent() {
        try (Wire wire = new Wire()) {
            List<Long> retries = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                if (i % 2 == 0) {
                    retries.addAll(wire.open("channel=a&as=sse").sse().retries);
                } else {
                    retries.add((Long)
                            wire.open("channel=a&as=ndjson").lines().get(0).get("retry"));
                }
            }
            assertThat(retries).hasSize(500).allSatisfy(retry -> assertThat(retry)
                    .isBetween(1_600L, 2_400L));
            assertThat(retries).anySatisfy(retry -> assertThat(retry).isLessThan(1_700));
            assertThat(retries).anySatisfy(retry -> assertThat(retry).isGreaterThan(2_300));
        }
    }

    @Test
    void retry_ofOneMillisecond_isOne() {
        NativeSettings quick = new NativeSettings(
                Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofMillis(1), Set.of());
        try (Wire wire = new Wire(quick)) {
            assertThat(wire.open("channel=a&as=sse").sse().retries).containsExactly(1L);
        }
    }
}
