package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.servlet.dialect.Frames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** native.md, "poll objects". */
final class PollTest {
    private static Comet.Builder small() {
        return Comet.builder().historyMessages(4).liveWindow(4);
    }

    private static List<Object> data(Map<String, Object> answer) {
        List<Object> data = new ArrayList<>();
        Wire.objects(answer, "messages").forEach(m -> data.add(m.get("data")));
        return data;
    }

    @Test
    void poll_isHeldUntilThereIsSomething_thenEndsOnce() {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=poll");
            assertThat(held.take()).isEmpty();
            assertThat(held.ended).isFalse();
            wire.comet.publish("a", "x");
            assertThat(held.woken).isTrue();
            Map<String, Object> answer = held.poll();
            assertThat(data(answer)).containsExactly("x");
            assertThat(Wire.objects(answer, "messages").get(0).get("cursor")).isEqualTo(answer.get("cursor"));
            assertThat(held.take()).isEmpty();
            assertThat(wire.comet.stats().subscribers()).isZero();
        }
    }

    @Test
    void poll_whoseTimeIsOver_isEmpty_andItsCursorGoesOn() {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=poll");
            assertThat(held.take()).isEmpty();
            Map<String, Object> answer = Parsed.object(held.expire());
            assertThat(answer.get("gaps")).isEqualTo(List.of());
            assertThat(answer.get("messages")).isEqualTo(List.of());
            wire.comet.publish("a", "between");
            assertThat(data(wire.open("channel=a&as=poll&cursor=" + answer.get("cursor"))
                            .poll()))
                    .containsExactly("between");
        }
    }

    @Test
    void poll_thatDoesNotWait_answersAtOnce() {
        try (Wire wire = new Wire()) {
            assertThat(data(wire.open("channel=a&as=poll&wait=0").poll())).isEmpty();
            wire.comet.publish("a", "x");
            assertThat(data(wire.open("channel=a&as=poll&wait=0&from=1").poll()))
                    .containsExactly("x");
        }
    }

    @Test
    void messages_areTheNdjsonObjects() {
        try (Wire wire = new Wire()) {
            wire.comet.publish("a", Draft.text("x\r\n\"").withType("t").withAttribute("k", "\u2028"));
            wire.comet.publish("a", Draft.json("[\n1]"));
            Map<String, Object> answer =
                    wire.open("channel=a&as=poll&from=oldest").poll();
            List<Map<String, Object>> lines =
                    wire.open("channel=a&as=ndjson&from=oldest").lines();
            assertThat(Wire.objects(answer, "messages")).isEqualTo(lines.subList(1, 3));
        }
    }

    @Test
    void everyHostileText_arrives() {
        try (Wire wire = new Wire()) {
            for (String text : Hostile.TEXTS) {
                wire.comet.publish("a", Draft.text(text).withAttribute("k", text));
                Map<String, Object> message = Wire.objects(
                                wire.open("channel=a&as=poll&from=1").poll(), "messages")
                        .get(0);
                assertThat(message.get("data")).isEqualTo(Hostile.mended(text));
                assertThat(message.get("attributes")).isEqualTo(Map.of("k", Hostile.mended(text)));
            }
        }
    }

    @Test
    void gap_beforeMessages_standsInGaps() {
        try (Wire wire = new Wire(small())) {
            wire.comet.publish("a", "1");
            String cursor =
                    (String) wire.open("channel=a&as=poll&wait=0").poll().get("cursor");
            for (int i = 2; i <= 10; i++) {
                wire.comet.publish("a", "" + i);
            }
            Map<String, Object> answer =
                    wire.open("channel=a&as=poll&cursor=" + cursor).poll();
            Map<String, Object> gap = Wire.objects(answer, "gaps").get(0);
            assertThat(gap.keySet()).containsExactly("type", "channel", "reason", "from", "to", "cursor");
            assertThat(gap)
                    .containsEntry("reason", "lapped")
                    .containsEntry("from", 2L)
                    .containsEntry("to", 6L);
            assertThat(data(answer)).containsExactly("7", "8", "9", "10");
        }
    }

    /** Gaps stand before the messages: one that shows up after the first message would be told in the wrong place. */
    @Test
    void gap_betweenMessages_isLeftForTheNextPoll() {
        try (Wire wire = new Wire(small())) {
            for (int i = 1; i <= 4; i++) {
                wire.comet.publish("a", "" + i);
            }
            Wire.Held held = wire.open("channel=a&as=poll&from=oldest");
            int[] events = {0};
            held.afterEvent = () -> {
                if (++events[0] == 2) {
                    for (int i = 5; i <= 12; i++) {
                        wire.comet.publish("a", "" + i);
                    }
                }
            };
            Map<String, Object> first = held.poll();
            assertThat(Wire.objects(first, "gaps")).isEmpty();
            assertThat(data(first)).containsExactly("1", "2");

            Map<String, Object> second =
                    wire.open("channel=a&as=poll&cursor=" + first.get("cursor")).poll();
            assertThat(Wire.objects(second, "gaps").get(0))
                    .containsEntry("reason", "lapped")
                    .containsEntry("from", 3L)
                    .containsEntry("to", 8L);
            assertThat(data(second)).containsExactly("9", "10", "11", "12");
        }
    }

    @Test
    void gapAlone_answersToo() {
        try (Wire wire = new Wire()) {
            String cursor =
                    (String) wire.open("channel=a&as=poll&wait=0").poll().get("cursor");
            wire.comet.publish("a", "1");
            wire.comet.find("a").orElseThrow().clear();
            Map<String, Object> answer =
                    wire.open("channel=a&as=poll&cursor=" + cursor).poll();
            assertThat(Wire.objects(answer, "gaps").get(0))
                    .containsEntry("from", 1L)
                    .containsEntry("to", 1L)
                    .containsEntry("cursor", answer.get("cursor"));
            assertThat(data(answer)).isEmpty();
            assertThat(wire.open("channel=a&as=poll&cursor=" + answer.get("cursor"))
                            .take())
                    .isEmpty();
        }
    }

    @Test
    void largeBacklog_comesInPieces_withoutLossOrRepetition() {
        for (String channels : List.of("channel=a", "channel=a&channel=b")) {
            try (Wire wire = new Wire()) {
                List<Object> sent = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    sent.add(i + "-" + "x".repeat(2_000));
                    wire.comet.publish("a", (String) sent.get(i));
                }
                List<Object> got = new ArrayList<>();
                String at = "from=oldest";
                int polls = 0;
                while (true) {
                    Wire.Held held = wire.open(channels + "&as=poll&wait=0&" + at);
                    byte[] bytes = held.take();
                    assertThat(bytes.length).isLessThan(Frames.FULL + 3_000);
                    Map<String, Object> answer = Parsed.object(bytes);
                    assertThat(Wire.objects(answer, "gaps")).isEmpty();
                    if (data(answer).isEmpty()) {
                        break;
                    }
                    got.addAll(data(answer));
                    at = "cursor=" + answer.get("cursor");
                    polls++;
                }
                assertThat(got).isEqualTo(sent);
                assertThat(polls).isBetween(6, 10);
            }
        }
    }

    @Test
    void messageLargerThanAPiece_comesAlone_whole() {
        try (Wire wire = new Wire()) {
            String large = "\"".repeat(1 << 20);
            wire.comet.publish("a", large);
            wire.comet.publish("a", "next");
            Map<String, Object> answer =
                    wire.open("channel=a&as=poll&from=oldest").poll();
            // Only the newest is kept of what is larger than the history.
            assertThat(Wire.objects(answer, "messages")).hasSize(1);
            wire.comet.publish("b", large);
            assertThat(data(wire.open("channel=b&as=poll&from=oldest").poll())).containsExactly(large);
        }
    }

    @Test
    void wait_isHowLongItIsHeld() {
        try (Wire wire = new Wire()) {
            assertThat(wire.open("channel=a&as=poll").framing.holdFor()).isEqualTo(Duration.ofSeconds(25));
            assertThat(wire.open("channel=a&as=poll&wait=120").framing.holdFor())
                    .isEqualTo(Duration.ofMinutes(2));
            assertThat(wire.open("channel=a&as=poll&wait=7").framing.heartbeatEvery())
                    .isZero();
            assertThat(wire.open("channel=a&as=poll&wait=7").framing.expiry()).isEqualTo(CloseReason.DONE);
        }
    }

    @Test
    void poll_ofAChannelThatIsRemoved_answersWithACursor() {
        try (Wire wire = new Wire()) {
            Wire.Held held = wire.open("channel=a&as=poll");
            held.take();
            wire.comet.remove("a");
            Map<String, Object> answer = held.poll();
            assertThat(data(answer)).isEmpty();
            wire.comet.publish("a", "new life");
            Map<String, Object> next = wire.open("channel=a&as=poll&cursor=" + answer.get("cursor"))
                    .poll();
            assertThat(Wire.objects(next, "gaps").get(0)).containsEntry("reason", "reset");
            assertThat(data(next)).containsExactly("new life");
        }
    }

    @Test
    void headers_areThoseOfThePage() {
        try (Wire wire = new Wire()) {
            Map<String, List<String>> headers = Wire.headers(wire.open("channel=a&as=poll").headers);
            assertThat(headers.get("Content-Type")).containsExactly("application/json");
            assertThat(headers.get("Cache-Control")).containsExactly("no-cache, no-transform");
            assertThat(headers.get("X-Accel-Buffering")).containsExactly("no");
        }
    }
}
