package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Action;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.ManualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, "Presence". */
final class PresenceTest {
    private static final Duration GRACE = Duration.ofSeconds(80);

    @ParameterizedTest
    @ValueSource(strings = {"channel=a", "channel=a&envelope=true", "channel=a&channel=b"})
    void sse_tellsJoinAndLeave(String query) {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open(query + "&as=sse&members=true");
            String before = watcher.sse().lastEventId;
            Wire.Held ann = wire.open("channel=a&as=sse&presence=ann");
            SseReader.Event join = SseReader.read(watcher.take(), before).events.get(0);
            assertThat(join.type()).isEqualTo("join");
            assertThat(join.lastEventId())
                    .as("a join has no place in the channel")
                    .isEqualTo(before);
            assertThat(Parsed.object(join.data()))
                    .containsEntry("channel", "a")
                    .containsEntry("member", "ann")
                    .containsEntry("time", ManualScheduler.START_MILLIS);
            if (query.equals("channel=a")) {
                assertThat(Parsed.object(join.data()).keySet()).containsExactly("channel", "member", "time");
            } else {
                assertThat(Parsed.object(join.data())).containsEntry("type", "join");
            }

            ann.leave();
            wire.time.advance(GRACE.minusMillis(1));
            assertThat(watcher.take()).isEmpty();
            wire.time.advance(Duration.ofMillis(1));
            SseReader.Event leave = watcher.sse().events.get(0);
            assertThat(leave.type()).isEqualTo("leave");
            assertThat(Parsed.object(leave.data()))
                    .containsEntry("member", "ann")
                    .containsEntry("time", ManualScheduler.START_MILLIS + GRACE.toMillis());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"channel=a", "channel=a&channel=b"})
    void ndjson_tellsJoinAndLeave_amongTheMessages(String query) {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open(query + "&as=ndjson&members=true");
            watcher.take();
            wire.comet.publish("a", "1");
            Wire.Held ann = wire.open("channel=a&as=sse&presence=ann");
            ann.leave();
            wire.time.advance(GRACE);
            wire.comet.publish("a", "2");
            List<Map<String, Object>> lines = watcher.lines();
            assertThat(lines)
                    .extracting(line -> line.get("type"))
                    .containsExactly("message", "join", "leave", "message");
            assertThat(lines.get(1)).doesNotContainKeys("seq", "id", "data").containsEntry("member", "ann");
            if (query.equals("channel=a")) {
                assertThat(lines.get(1)).doesNotContainKey("cursor");
            } else {
                assertThat(lines.get(1).get("cursor")).isEqualTo(lines.get(0).get("cursor"));
            }
        }
    }

    @Test
    void poll_tellsJoinAndLeave_amongTheMessages() {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open("channel=a&as=poll&members=true");
            watcher.take();
            wire.open("channel=a&as=sse&presence=ann");
            Map<String, Object> answer = watcher.poll();
            assertThat(Wire.objects(answer, "messages").get(0))
                    .containsEntry("type", "join")
                    .containsEntry("channel", "a")
                    .containsEntry("member", "ann");
            wire.comet.publish("a", "x");
            assertThat(Wire.objects(
                            wire.open("channel=a&as=poll&members=true&cursor=" + answer.get("cursor"))
                                    .poll(),
                            "messages"))
                    .extracting(m -> m.get("data"))
                    .containsExactly("x");
        }
    }

    @Test
    void whoDoesNotAsk_isNotTold() {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=ndjson");
            Wire.Held no = wire.open("channel=a&as=ndjson&members=false");
            held.take();
            no.take();
            wire.open("channel=a&as=sse&presence=ann");
            assertThat(held.take()).isEmpty();
            assertThat(no.take()).isEmpty();
        }
    }

    @Test
    void reconnectWithinTheGracePeriod_isNoLeave() {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open("channel=a&as=ndjson&members=true");
            watcher.take();
            wire.open("channel=a&as=sse&presence=ann").leave();
            assertThat(watcher.lines()).hasSize(1);
            wire.time.advance(Duration.ofSeconds(79));
            wire.open("channel=a&as=poll&presence=ann");
            wire.time.advance(Duration.ofHours(1));
            assertThat(watcher.take()).isEmpty();
        }
    }

    @Test
    void secondConnectionOfAMember_isNoJoin_andItsEndNoLeave() {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open("channel=a&as=ndjson&members=true");
            wire.open("channel=a&as=sse&presence=ann");
            watcher.take();
            Wire.Held second = wire.open("channel=a&as=sse&presence=ann");
            second.leave();
            wire.time.advance(Duration.ofHours(1));
            assertThat(watcher.take()).isEmpty();
        }
    }

    @Test
    void members_areListed_sorted_untilTheGracePeriodIsOver() {
        try (Wire wire = new Wire(Comet.builder().idleTimeout(Duration.ZERO))) {
            wire.open("channel=a&as=sse&presence=zoe");
            wire.open("channel=a&as=sse&presence=ann").leave();
            assertThat(wire.answer(Ask.get("/channels/a/members")).json())
                    .isEqualTo(SseTest.ordered("channel", "a", "members", List.of("ann", "zoe")));
            wire.time.advance(GRACE);
            assertThat(wire.answer(Ask.get("/channels/a/members")).json().get("members"))
                    .isEqualTo(List.of("zoe"));
        }
    }

    @Test
    void memberNames_ofAnyKind_arriveExactly_inEveryTransport() {
        try (Wire wire = new Wire()) {
            Wire.Held single = wire.open("channel=a&as=sse&members=true");
            Wire.Held several = wire.open("channel=a&channel=b&as=sse&members=true");
            Wire.Held ndjson = wire.open("channel=a&as=ndjson&members=true");
            for (Wire.Held held : List.of(single, several, ndjson)) {
                held.take();
            }
            for (String name : Hostile.CHANNELS) {
                Wire.Held poll = wire.open("channel=a&as=poll&members=true");
                wire.open("channel=a&as=sse&presence=" + Wire.encoded(name));
                assertThat(Parsed.object(single.sse().events.get(0).data())).containsEntry("member", name);
                assertThat(Parsed.object(several.sse().events.get(0).data())).containsEntry("member", name);
                assertThat(ndjson.lines().get(0)).containsEntry("member", name);
                assertThat(Wire.objects(poll.poll(), "messages").get(0)).containsEntry("member", name);
            }
            assertThat(wire.answer(Ask.get("/channels/a/members")).json().get("members"))
                    .isEqualTo(Hostile.CHANNELS.stream().sorted().toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "%00", "a%0Ab", "%C2%85"})
    void memberName_thatIsNone_isRefused(String name) {
        try (Wire wire = new Wire()) {
            wire.answer(Ask.get("/events?channel=a&presence=" + name)).problem(400, "urn:comet:bad-name");
        }
    }

    @Test
    void memberName_thatIsTooLong_isRefused() {
        try (Wire wire = new Wire()) {
            wire.answer(Ask.get("/events?channel=a&presence=" + "x".repeat(201)))
                    .problem(400, "urn:comet:bad-name");
        }
    }

    @Test
    void presence_needsTheRight_andSoDoesLooking() {
        try (Wire wire = Wire.with(Wire.denying(Action.PRESENCE))) {
            wire.answer(Ask.get("/events?channel=a&presence=ann")).problem(403, "urn:comet:denied");
            wire.answer(Ask.get("/events?channel=a&members=true")).problem(403, "urn:comet:denied");
            wire.answer(Ask.get("/channels/a/members")).problem(403, "urn:comet:denied");
            wire.open("channel=a&members=false").leave();
        }
    }

    @Test
    void missedNewsOfMembers_areToldAsSuch() {
        try (Wire wire = new Wire()) {
            Wire.Held watcher = wire.open("channel=a&as=ndjson&members=true");
            watcher.take();
            for (int i = 0; i < 300; i++) {
                wire.open("channel=a&as=sse&presence=m" + i);
            }
            List<Map<String, Object>> lines = watcher.lines();
            assertThat(lines.get(0).keySet()).containsExactly("type", "channel", "reason", "cursor");
            assertThat(lines.get(0)).containsEntry("type", "gap").containsEntry("reason", "presence");
            assertThat(lines).hasSize(1 + 256);
        }
    }
}
