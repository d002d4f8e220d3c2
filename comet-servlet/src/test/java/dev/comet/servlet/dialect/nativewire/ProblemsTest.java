package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** RFC 9457, and which status a refusal has. */
final class ProblemsTest {
    private static final Map<Refusal, Integer> STATUS = new EnumMap<>(Map.ofEntries(
            Map.entry(Refusal.BAD_CHANNEL, 400),
            Map.entry(Refusal.BAD_TYPE, 400),
            Map.entry(Refusal.BAD_ATTRIBUTE, 400),
            Map.entry(Refusal.BAD_JSON, 400),
            Map.entry(Refusal.BAD_CURSOR, 400),
            Map.entry(Refusal.BAD_NAME, 400),
            Map.entry(Refusal.TOO_MANY_CHANNELS_ASKED, 400),
            Map.entry(Refusal.DENIED, 403),
            Map.entry(Refusal.UNKNOWN_CHANNEL, 404),
            Map.entry(Refusal.EXISTS, 409),
            Map.entry(Refusal.MESSAGE_TOO_LARGE, 413),
            Map.entry(Refusal.TOO_MANY_SUBSCRIBERS_FROM_ADDRESS, 429),
            Map.entry(Refusal.TOO_MANY_MESSAGES, 429),
            Map.entry(Refusal.HISTORY_FULL, 503),
            Map.entry(Refusal.TOO_MANY_CHANNELS, 503),
            Map.entry(Refusal.TOO_MANY_SUBSCRIBERS, 503),
            Map.entry(Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL, 503),
            Map.entry(Refusal.TOO_MANY_MEMBERS, 503),
            Map.entry(Refusal.TOO_MANY_SESSIONS, 503),
            Map.entry(Refusal.SHUTTING_DOWN, 503),
            Map.entry(Refusal.UNAVAILABLE, 503)));

    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    private static Reply.Now refused(Wire wire, RefusedException e) {
        return (Reply.Now) wire.dialect.refused(Ask.get("/events").request(), e);
    }

    @Test
    void everyRefusal_hasItsStatus() {
        assertThat(STATUS.keySet()).containsExactlyInAnyOrder(Refusal.values());
        STATUS.forEach((refusal, status) -> {
            Reply.Now reply = refused(wire, new RefusedException(refusal, "why \"not\"\r\n\u2028"));
            assertThat(reply.status()).as("%s", refusal).isEqualTo(status);
            assertThat(Parsed.object(reply.body()))
                    .containsExactlyEntriesOf(SseTest.ordered(
                            "type",
                            "urn:comet:"
                                    + refusal.name()
                                            .toLowerCase(java.util.Locale.ROOT)
                                            .replace('_', '-'),
                            "title",
                            Parsed.object(reply.body()).get("title"),
                            "status",
                            (long) status,
                            "detail",
                            "why \"not\"\r\n\u2028"));
            Map<String, List<String>> headers = Wire.headers(reply.headers());
            assertThat(headers.get("Content-Type")).containsExactly("application/problem+json");
            assertThat(headers.get("Cache-Control")).containsExactly("no-store");
            List<Header> sent = reply.withRetryAfter(Wire.SETTINGS.retry()).headers();
            assertThat(Wire.headers(sent).containsKey("Retry-After"))
                    .as("%s", refusal)
                    .isEqualTo(status == 503 || status == 429);
        });
        assertThat(wire.comet.stats().refusals())
                .hasSize(Refusal.values().length)
                .allSatisfy((name, n) -> assertThat(n).isEqualTo(1));
    }

    @Test
    void everyStatus_hasATitle() {
        for (int status : new int[] {400, 403, 404, 405, 406, 408, 409, 413, 415, 429, 500, 503}) {
            Reply.Now reply = (Reply.Now)
                    wire.dialect.refused(Ask.get("/").request(), new Problem(status, "detail", new Header("X-A", "b")));
            assertThat(reply.status()).isEqualTo(status);
            assertThat(Parsed.object(reply.body()))
                    .containsEntry("type", "about:blank")
                    .containsEntry("status", (long) status)
                    .containsEntry("detail", "detail");
            assertThat((String) Parsed.object(reply.body()).get("title")).isNotEqualTo("Error");
            assertThat(Wire.headers(reply.headers()).get("X-A")).containsExactly("b");
        }
    }

    /** All who are refused at once would come back at once, and be refused again. */
    @Test
    void retryAfter_isWholeSeconds_andSpread() {
        for (Map.Entry<Duration, Integer> retry : Map.of(
                        Duration.ofMillis(1), 1,
                        Duration.ofMillis(2_500), 2,
                        Duration.ofMinutes(2), 120)
                .entrySet()) {
            int least = retry.getValue();
            Set<Integer> told = new TreeSet<>();
            for (int i = 0; i < 1_000; i++) {
                Reply.Now reply = new Reply.Now(503, List.of()).withRetryAfter(retry.getKey());
                told.add(Integer.valueOf(
                        Wire.headers(reply.headers()).get("Retry-After").get(0)));
            }
            assertThat(told).allMatch(seconds -> seconds >= least && seconds <= 5 * least);
            assertThat(told).hasSizeGreaterThan(Math.min(4, 4 * least));
        }
    }

    /** What a hostile client sent is shown in parts at most, and never so that it breaks a line. */
    @Test
    void detail_showsHostileInput_harmlessly() {
        for (String text : Hostile.TEXTS) {
            for (String query : List.of("channel=a/" + Wire.encoded(text), "channel=a&cursor=x" + Wire.encoded(text))) {
                Wire.Answer answer = wire.answer(Ask.get("/events?" + query));
                assertThat(answer.status).isEqualTo(400);
                assertThat(answer.detail()).hasSizeLessThan(300).matches("[\\x20-\\x7e\u2026]*");
            }
        }
    }
}
