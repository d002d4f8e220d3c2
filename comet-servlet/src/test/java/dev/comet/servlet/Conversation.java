package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One request as it might stand on the wire (a line {@code GET /path?query}, headers, an empty line, the body) put to a dialect,
 * twice: by a stranger, and by somebody on this machine. Whatever it says, the dialect answers, in a shape that its clients
 * understand, and nothing that was published breaks out of it. <i>Owned by one thread.</i>
 */
final class Conversation {
    private static final Pattern FIELD = Pattern.compile("(?s)|:.*|(id|event|data|retry):.*");

    private Conversation() {}

    static void on(byte[] bytes, Function<Comet, Dialect> dialect) {
        for (boolean local : new boolean[] {false, true}) {
            try (Talk talk = new Talk(Comet.builder(), dialect)) {
                for (String text : Talk.HOSTILE.subList(10, 20)) {
                    talk.comet().publish("a", text);
                }
                Held held = talk.ask(ask(bytes, local));
                assertThat(held.status()).isBetween(200, 599);
                held.headers().forEach(Conversation::requireHeader);
                if (!held.isComplete()) {
                    talk.comet().publish("a", "</script>\r\n\r\nid: 1\n\u2028'\"\\");
                    talk.pass(Duration.ofHours(1), held);
                }
                assertThat(held.isComplete()).as("a response of an hour's time").isTrue();
                requireShape(held);
                talk.pass(Duration.ofHours(1));
                assertThat(talk.comet().stats().subscribers()).isZero();
                assertThat(talk.comet().stats().sessions()).isZero();
            }
        }
    }

    private static Ask ask(byte[] bytes, boolean local) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\n\n");
        String[] head = (end < 0 ? text : text.substring(0, end)).split("\n", -1);
        String[] line = head[0].split(" ", 2);
        Ask ask = line.length == 1 ? Ask.get(line[0]) : Ask.of(line[0], line[1]);
        for (String header : Arrays.asList(head).subList(1, head.length)) {
            int colon = header.indexOf(':');
            if (colon > 0) {
                ask.with(
                        header.substring(0, colon).strip(),
                        header.substring(colon + 1).strip());
            }
        }
        byte[] body = end < 0 ? new byte[0] : Arrays.copyOfRange(bytes, end + 2, bytes.length);
        return ask.body(body).from(local ? Ask.LOCAL : Ask.STRANGER);
    }

    private static void requireHeader(String name, List<String> values) {
        assertThat(name).matches("[A-Za-z-]+");
        for (String value : values) {
            assertThat(value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c <= 0xff && c != 0x7f)))
                    .as("%s: %s", name, value)
                    .isTrue();
        }
    }

    private static void requireShape(Held held) {
        String text = held.text(); // strictly UTF-8
        List<String> types = held.header("Content-Type");
        assertThat(types.size()).isLessThanOrEqualTo(1);
        String type = types.isEmpty() ? "" : types.get(0).split(";", 2)[0];
        switch (type) {
            case "application/json", "application/problem+json", "application/x-ndjson" -> {
                // iComet's streams, too, are lines of JSON.
                if (held.framing() == null && !text.isEmpty()) {
                    Talk.json(text);
                } else {
                    text.lines().filter(line -> !line.isEmpty()).forEach(Talk::json);
                }
            }
            case "text/event-stream" ->
                text.lines().forEach(line -> assertThat(line).matches(FIELD));
            case "text/javascript" -> assertThat(text).doesNotContain("</", "\u2028", "\u2029");
            default -> {}
        }
    }
}
