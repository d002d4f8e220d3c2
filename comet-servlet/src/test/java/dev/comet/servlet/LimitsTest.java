package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer;
import dev.comet.Channel;
import dev.comet.Comet;
import dev.comet.Refusal;
import dev.comet.Stats;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * docs/limits.md: each limit is reached at each mount where it can be, and refused in that mount's shape. A refusal changes nothing but
 * its counter, says when to come back if it says so by its status, and is over when its reason is: the same request passes.
 *
 * <p>The columns: the settings; the mount; what is asked before, with {@code ;} between; what is asked then and refused; the status and
 * a part of the answer; how the refusal is counted; what helps ({@code leave}: who is held; {@code pass}: a second; {@code remove}: the
 * channel a; {@code -}: nothing, for it would be too much at any time).
 */
final class LimitsTest {
    private record Row(
            String settings, String mount, String before, String asked, String answer, String counted, String help) {
        @Override
        public String toString() {
            return settings + " " + mount + " " + (asked.length() > 80 ? asked.substring(0, 80) : asked);
        }
    }

    private static final String ROWS = """
            max-channels=1 | native       | POST /channels/a x                    | POST /channels/b x                    | 503 urn:comet:too-many-channels | too-many-channels | remove
            max-channels=1 | native       | POST /channels/a x                    | GET /events?channel=b                 | 503 urn:comet:too-many-channels | too-many-channels | remove
            max-channels=5 | native       | GET /events?channel=a; GET /events?channel=b; GET /events?channel=c | GET /events?channel=d&channel=e | 503 for publishers | too-many-channels | remove
            max-channels=1 | icomet       | GET /poll?cname=a&seq=0               | GET /poll?cname=b&seq=0               | 200 "type":"429"                | too-many-channels | remove
            max-channels=1 | icomet-admin | GET /push?cname=a&content=x           | GET /push?cname=b&content=x           | 429 (max-channels)              | too-many-channels | remove
            max-channels=1 | icomet-admin | GET /push?cname=a&content=x           | GET /sign?cname=b                     | 429 (max-channels)              | too-many-channels | remove
            max-channels=1 | simple-comet | FORM /channels.json channel_id=a      | FORM /channels.json channel_id=b      | 200 "return_code":-5            | too-many-channels | remove
            max-channels=1 | stardust     | FORM /channel/a m={}                  | FORM /channel/b m={}                  | 503 (max-channels)              | too-many-channels | remove
            max-channels=1 | stardust     | FORM /channel/a m={}                  | GET /channel/b/stream/0.5             | 503 (max-channels)              | too-many-channels | remove
            max-channels=1 | ccomet       | GET /publish?channel=a&sname=ann&msg=x&callback=f | GET /publish?channel=b&sname=ann&msg=x&callback=f   | 200 "type" : "400" | too-many-channels | remove
            max-channels=1 | ccomet       | GET /publish?channel=a&sname=ann&msg=x&callback=f | GET /subscribe?channel=b&sname=ann&seqid=0&callback=f | 200 "type" : "400" | too-many-channels | remove
            max-channels=1 | ccomet       | GET /publish?channel=a&sname=ann&msg=x&callback=f | GET /sign?channel=b&sname=ann&callback=f            | 200 "type" : "400" | too-many-channels | remove

            max-subscribers=1 | native       | GET /events?channel=a                 | GET /events?channel=b&as=poll         | 503 urn:comet:too-many-subscribers | too-many-subscribers | leave
            max-subscribers=1 | icomet       | GET /stream?cname=a&seq=0             | GET /poll?cname=b&seq=0               | 200 "type":"429"             | too-many-subscribers | leave
            max-subscribers=1 | icomet-admin | GET /psub                             | GET /psub                             | 429 maximum of 1             | too-many-subscribers | leave
            max-subscribers=1 | simple-comet | FORM /channels.json channel_id=a; GET /channels/a.json | GET /channels/a.json | 200 "return_code":-5         | too-many-subscribers | leave
            max-subscribers=1 | stardust     | GET /channel/a/stream/1; GET /channel/a/stream/1 | GET /channel/b/stream/2    | 503 maximum of 1             | too-many-subscribers | leave
            max-subscribers=1 | stardust     | GET /channel/a/stream/1; GET /channel/a/stream/2; GET /channel/a/stream/1 | GET /channel/a/stream/2 | 503 maximum of 1 | too-many-subscribers | leave
            max-subscribers=1 | ccomet       | GET /subscribe?channel=a&sname=ann&seqid=0&callback=f | GET /subscribe?channel=b&sname=bob&seqid=0&callback=f | 200 "type" : "400" | too-many-subscribers | leave

            max-subscribers-per-channel=1 | native       | GET /events?channel=a             | GET /events?channel=new&channel=a     | 503 urn:comet:too-many-subscribers-on-channel | too-many-subscribers-on-channel | leave
            max-subscribers-per-channel=1 | icomet       | GET /stream?cname=a&seq=0         | GET /poll?cname=a&seq=0               | 200 "type":"429"     | too-many-subscribers-on-channel | leave
            max-subscribers-per-channel=1 | simple-comet | FORM /channels.json channel_id=a; GET /channels/a.json | GET /channels/a.json | 200 "return_code":-5 | too-many-subscribers-on-channel | leave
            max-subscribers-per-channel=1 | stardust     | GET /channel/a/stream/1; GET /channel/a/stream/1 | GET /channel/new+a/stream/2 | 503 maximum of 1  | too-many-subscribers-on-channel | leave
            max-subscribers-per-channel=1 | ccomet       | GET /subscribe?channel=a&sname=ann&seqid=0&callback=f | GET /subscribe?channel=a&sname=bob&seqid=0&callback=f | 200 "type" : "400" | too-many-subscribers-on-channel | leave

            max-subscribers-per-address=1 | native       | GET /events?channel=a             | GET /events?channel=b                 | 429 urn:comet:too-many-subscribers-from-address | too-many-subscribers-from-address | leave
            max-subscribers-per-address=1 | icomet       | GET /stream?cname=a&seq=0         | GET /poll?cname=b&seq=0               | 200 "type":"429"     | too-many-subscribers-from-address | leave
            max-subscribers-per-address=1 | icomet-admin | GET /psub                         | GET /psub                             | 429 this address     | too-many-subscribers-from-address | leave
            max-subscribers-per-address=1 | simple-comet | FORM /channels.json channel_id=a; GET /channels/a.json | GET /channels/a.json | 200 "return_code":-5 | too-many-subscribers-from-address | leave
            max-subscribers-per-address=1 | stardust     | GET /channel/a/stream/1; GET /channel/a/stream/1 | GET /channel/b/stream/2 | 429 this address      | too-many-subscribers-from-address | leave
            max-subscribers-per-address=1 | ccomet       | GET /subscribe?channel=a&sname=ann&seqid=0&callback=f | GET /subscribe?channel=b&sname=bob&seqid=0&callback=f | 200 "type" : "400" | too-many-subscribers-from-address | leave

            max-channels-per-request=1 | native       | | GET /events?channel=a&channel=b | 400 urn:comet:too-many-channels-asked | too-many-channels-asked | -
            max-channels-per-request=1 | simple-comet | FORM /channels.json channel_id=a; FORM /channels.json channel_id=b | GET /channels/a|b.json | 200 "return_code":-1 | too-many-channels-asked | -
            max-channels-per-request=1 | stardust     | | GET /channel/a+b/stream/1       | 400 (max-channels-per-request)        | too-many-channels-asked | -
            max-channels-per-request=1 | stardust     | | FORM /channel/a+b m={}          | 400 (max-channels-per-request)        | too-many-channels-asked | -

            max-message-bytes=4 | native       | | POST /channels/a large               | 413 Content too large        |                   | -
            max-message-bytes=4 | icomet-admin | | GET /push?cname=a&content=large      | 413 (max-message-bytes)      | message-too-large | -
            max-message-bytes=4 | simple-comet | FORM /channels.json channel_id=a | FORM /channels/a.json content=large | 200 "return_code":-1 | message-too-large | -
            max-message-bytes=8 | stardust     | | FORM /channel/a m={"a":"b"}          | 413 (max-message-bytes)      | message-too-large | -
            max-message-bytes=4 | ccomet       | | GET /publish?channel=a&sname=ann&msg=large&callback=f | 200 "type" : "400" | message-too-large | -

            retry=2s | native       | | POST /channels/201 x                             | 400 urn:comet:bad-channel | bad-channel | -
            retry=2s | native       | | GET /events?channel=201                          | 400 urn:comet:bad-channel | bad-channel | -
            retry=2s | icomet       | | GET /poll?cname=201&seq=0                        | 200 "type":"401"          | bad-channel | -
            retry=2s | icomet-admin | | GET /push?cname=201&content=x                    | 400 200 bytes             | bad-channel | -
            retry=2s | simple-comet | | FORM /channels.json channel_id=201               | 200 "return_code":-1      | bad-channel | -
            retry=2s | stardust     | | FORM /channel/201 m={}                           | 404 a channel's name      |             | -
            retry=2s | ccomet       | | GET /publish?channel=201&sname=ann&msg=x&callback=f | 200 "type" : "400"     | bad-channel | -

            max-history-bytes-total=220 | native       | POST /channels/a 64               | POST /channels/b 64                 | 503 urn:comet:history-full      | history-full | remove
            max-history-bytes-total=220 | icomet-admin | GET /push?cname=a&content=64      | GET /push?cname=b&content=64        | 429 (max-history-bytes-total)   | history-full | remove
            max-history-bytes-total=220 | simple-comet | FORM /channels.json channel_id=a; FORM /channels.json channel_id=b; FORM /channels/a.json content=64 | FORM /channels/b.json content=64 | 200 "return_code":-5 | history-full | remove
            max-history-bytes-total=280 | stardust     | GET /channel/b/stream/1; FORM /channel/a m={} | FORM /channel/b m={"64":1} | 503 (max-history-bytes-total) | history-full | remove
            max-history-bytes-total=290 | ccomet       | GET /publish?channel=a&sname=ann&msg=64&callback=f | GET /publish?channel=b&sname=ann&msg=64&callback=f | 200 "type" : "400" | history-full | remove

            max-sessions=1 | simple-comet | FORM /clients.json client_id=ann | FORM /clients.json client_id=bob | 200 "return_code":-5   | too-many-sessions | minute
            max-sessions=1 | stardust     | GET /channel/a/stream/1          | GET /channel/a/stream/2          | 503 maximum of 1       | too-many-sessions | minute
            max-sessions=1 | ccomet       | GET /subscribe?channel=a&sname=ann&seqid=0&callback=f | GET /subscribe?channel=b&sname=bob&seqid=0&callback=f | 200 "type" : "400" | too-many-sessions | minute

            max-members-per-channel=1 | native | GET /events?channel=a&presence=ann | GET /events?channel=new&channel=a&presence=bob | 503 urn:comet:too-many-members | too-many-members | minute
            max-members-per-channel=1 | ccomet | GET /subscribe?channel=a&sname=ann&seqid=0&callback=f | GET /subscribe?channel=a&sname=bob&seqid=0&callback=f | 200 "type" : "400" | too-many-members | minute
            max-members-per-channel=1 | ccomet | GET /sign?channel=a&sname=ann&callback=f | GET /sign?channel=a&sname=bob&callback=f | 200 "type" : "400"      | too-many-members | minute

            max-publish-rate=1,publish-burst=1 | native       | POST /channels/a x                   | POST /channels/b x                   | 429 urn:comet:too-many-messages | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | icomet-admin | GET /push?cname=a&content=x          | GET /pub?cname=b&content=x           | 429 (max-publish-rate)          | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | icomet-admin | GET /push?cname=a&content=x          | FORM /push cname=b&content=x         | 429 (max-publish-rate)          | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | icomet-admin | FORM /push cname=a&content=x         | GET /broadcast?content=x             | 429 (max-publish-rate)          | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | simple-comet | FORM /channels.json channel_id=a; FORM /channels/a.json content=x | FORM /channels/a.json content=x | 200 "return_code":-5 | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | stardust     | FORM /channel/a m={}                 | FORM /channel/b m={}                 | 429 (max-publish-rate)          | too-many-messages | pass
            max-publish-rate=4,publish-burst=4 | stardust     | FORM /channel/a m={}                 | FORM /channel/b+c m={}&m={}          | 429 (max-publish-rate)          | too-many-messages | pass
            max-publish-rate=1,publish-burst=1 | ccomet       | GET /publish?channel=a&sname=ann&msg=x&callback=f | GET /publish?channel=b&sname=ann&msg=x&callback=f | 200 "type" : "400" | too-many-messages | pass
            """;

    static Stream<Row> rows() {
        return ROWS.lines().filter(line -> !line.isBlank()).map(line -> {
            String[] cells = line.split(" \\|(?= )", -1);
            return new Row(
                    cells[0].strip(),
                    cells[1].strip(),
                    cells[2].strip(),
                    cells[3].strip(),
                    cells[4].strip(),
                    cells[5].strip(),
                    cells[6].strip());
        });
    }

    /** What a refusal must not change. */
    private record State(
            Map<String, Long> channels,
            int subscribers,
            Map<String, Integer> bySource,
            int sessions,
            long historyBytes,
            long published,
            int members) {
        static State of(Comet comet) {
            Map<String, Long> channels = new TreeMap<>();
            comet.channels().forEach(channel -> channels.put(channel.name(), channel.nextSeq()));
            Stats stats = comet.stats();
            return new State(
                    channels,
                    stats.subscribers(),
                    stats.subscribersBySource(),
                    stats.sessions(),
                    stats.historyBytes(),
                    stats.published(),
                    comet.channels().stream()
                            .map(Channel::members)
                            .mapToInt(List::size)
                            .sum());
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void everyLimit_isRefusedInTheShapeOfItsMount_andLeavesNothingBehind(Row row) {
        try (Talk talk = talk(row)) {
            List<Held> held = new ArrayList<>();
            for (String before : row.before.split(";", -1)) {
                if (!before.isBlank()) {
                    held.add(passed(talk.ask(ask(before.strip()))));
                }
            }
            State state = State.of(talk.comet());
            assertRefused(row, talk.ask(ask(row.asked)));
            assertThat(State.of(talk.comet())).isEqualTo(state);
            Map<String, Long> counted = row.counted.isEmpty() ? Map.of() : Map.of(row.counted, 1L);
            assertThat(talk.comet().stats().refusals()).isEqualTo(counted);
            if (row.help.equals("-")) {
                assertRefused(row, talk.ask(ask(row.asked)));
            } else {
                help(row, talk, held);
                passed(talk.ask(ask(row.asked)));
                assertThat(talk.comet().stats().refusals()).isEqualTo(counted);
            }
        }
    }

    private static void assertRefused(Row row, Held answer) {
        int status = Integer.parseInt(row.answer.substring(0, 3));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).contains(row.answer.substring(4));
        if (status == 429 || status == 503) {
            assertThat(answer.header("Retry-After"))
                    .singleElement()
                    .satisfies(seconds -> assertThat(Integer.parseInt(seconds)).isBetween(2, 10));
        } else {
            assertThat(answer.header("Retry-After")).isEmpty();
        }
    }

    private static Held passed(Held answer) {
        assertThat(answer.status()).isIn(200, 201);
        if (!answer.isHeld() && answer.framing() == null) {
            assertThat(answer.text())
                    .doesNotContain("\"return_code\":-", "\"type\":\"429\"", "\"type\":\"401\"", "\"type\" : \"400\"");
        }
        return answer;
    }

    private static void help(Row row, Talk talk, List<Held> held) {
        switch (row.help) {
            case "leave" -> leave(held);
            case "pass" -> talk.pass(Duration.ofSeconds(1));
            case "minute" -> {
                leave(held);
                talk.pass(Duration.ofMinutes(3)); // a session's time-out, and more than a member's grace
            }
            case "remove" -> {
                leave(held);
                assertThat(talk.comet().remove("a")).isTrue();
            }
            default -> throw new AssertionError(row.help);
        }
    }

    private static void leave(List<Held> held) {
        held.stream().filter(h -> h.framing() != null).forEach(Held::leave);
    }

    private static Talk talk(Row row) {
        Map<String, String> settings = new HashMap<>();
        Arrays.stream(row.settings.split(",", -1)).map(s -> s.split("=", -1)).forEach(s -> settings.put(s[0], s[1]));
        CometOptions options = CometOptions.parse(settings);
        CometConfig config = options.configBuilder()
                .authorizer(question -> Authorizer.Decision.ALLOW)
                .build();
        return new Talk(
                options.comet(), comet -> mount(row.mount, comet, config).dialect(comet, config));
    }

    private static EndpointServlet mount(String name, Comet comet, CometConfig config) {
        return switch (name) {
            case "native" -> new CometServlet(comet, config);
            case "icomet" -> new IcometServlet(comet, config, Map.of());
            case "icomet-admin" -> new IcometAdminServlet(comet, config, Map.of());
            case "simple-comet" -> new SimpleCometServlet(comet, config, Map.of());
            case "stardust" -> new StardustServlet(comet, config, Map.of());
            case "ccomet" -> new CCometServlet(comet, config, Map.of());
            default -> throw new AssertionError(name);
        };
    }

    /** The numbers 64 and 201 stand for texts of so many bytes. */
    private static Ask ask(String asked) {
        String[] parts = asked.replace("64", "x".repeat(64))
                .replace("201", "x".repeat(201))
                .split(" ", 3);
        return switch (parts[0]) {
            case "FORM" -> Ask.form(parts[1], parts[2]);
            case "POST" ->
                Ask.of("POST", parts[1]).with("Content-Type", "text/plain").body(parts[2]);
            default -> Ask.of(parts[0], parts[1]);
        };
    }

    // ---- the page

    /** The table of docs/limits.md has every refusal that is a limit's, and the status that it has. */
    @Test
    void page_hasEveryRefusal_withItsStatus() throws IOException {
        Map<String, Integer> page = new TreeMap<>();
        Pattern row = Pattern.compile("\\| `([a-z-]+)`[^|]*\\| (\\d{3}) \\|.*");
        for (String line : Files.readAllLines(Path.of("..", "docs", "limits.md"))) {
            Matcher cells = row.matcher(line);
            if (cells.matches()) {
                page.put(cells.group(1), Integer.valueOf(cells.group(2)));
            }
        }
        Map<String, Integer> limits = new TreeMap<>();
        for (Refusal refusal : Refusal.values()) {
            String name = refusal.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (!OTHERS.contains(refusal)) {
                limits.put(name, Problem.status(refusal));
            }
        }
        assertThat(page).isEqualTo(limits);
    }

    /** Refusals that no limit gives. */
    private static final Set<Refusal> OTHERS = EnumSet.of(
            Refusal.BAD_TYPE,
            Refusal.BAD_ATTRIBUTE,
            Refusal.BAD_JSON,
            Refusal.BAD_CURSOR,
            Refusal.BAD_NAME,
            Refusal.UNKNOWN_CHANNEL,
            Refusal.EXISTS,
            Refusal.DENIED);

    // ---- what the container's side finds: bodies, and too many open requests

    @ParameterizedTest
    @CsvSource({
        "native, 503, 503, about:blank",
        "icomet, 503, 503, why",
        "icomet-admin, 503, 503, why",
        "simple-comet, 503, 200, -5",
        "stardust, 503, 503, why",
        "ccomet, 503, 503, why",
        "native, 413, 413, about:blank",
        "icomet-admin, 413, 413, why",
        "simple-comet, 413, 200, -1",
        "stardust, 413, 413, why",
    })
    void bodies_andTooManyRequests_areRefusedInTheShapeOfTheirMount(String mount, int found, int status, String part) {
        try (Talk talk = talk(new Row("retry=2s", mount, "", "", "", "", ""))) {
            Held answer = talk.problem(Ask.get("/poll.json?callback=f"), new Problem(found, "why"));
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.text()).contains(part).contains("why");
            assertThat(answer.header("Retry-After")).hasSize(status == 503 ? 1 : 0);
        }
    }
}
