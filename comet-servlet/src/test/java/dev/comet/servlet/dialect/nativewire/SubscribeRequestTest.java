package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Action;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Rules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** native.md, "Subscribe": every parameter, and what is not one. */
final class SubscribeRequestTest {
    private final Wire wire = new Wire();

    @AfterEach
    void close() {
        wire.close();
    }

    private static String transport(Wire.Held held) {
        return Wire.headers(held.headers).get("Content-Type").get(0);
    }

    private static List<Object> data(List<Map<String, Object>> objects) {
        List<Object> data = new ArrayList<>();
        objects.stream().filter(o -> o.containsKey("data")).forEach(o -> data.add(o.get("data")));
        return data;
    }

    // ---- which transport

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "text/event-stream | text/event-stream",
                "application/x-ndjson | application/x-ndjson",
                "application/json | application/json",
                "*/* | text/event-stream",
                "text/* | text/event-stream",
                "application/json;q=0.5 | application/json",
                "text/html, application/x-ndjson;q=0.9, */*;q=0.1 | application/x-ndjson",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | text/event-stream",
                "APPLICATION/X-NDJSON | application/x-ndjson",
                "Text/Event-Stream ; charset=utf-8 | text/event-stream",
            })
    void accept_decides(String accept, String transport) {
        assertThat(transport(wire.open(Ask.get("/events?channel=a").with("Accept", accept))))
                .startsWith(transport);
    }

    @Test
    void accept_thatIsMissingOrEmpty_isAnything() {
        assertThat(transport(wire.open("channel=a"))).startsWith("text/event-stream");
        assertThat(transport(wire.open(Ask.get("/events?channel=a").with("Accept", ""))))
                .startsWith("text/event-stream");
    }

    /** A list may be sent as several lines: RFC 9110, 5.3. */
    @Test
    void accept_inSeveralLines_isOneList() {
        Ask ask = Ask.get("/events?channel=a").with("Accept", "text/html").with("Accept", "application/json");
        assertThat(transport(wire.open(ask))).isEqualTo("application/json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "image/*", "garbage", ",;,", "text/event-stream-not"})
    void accept_ofSomethingElse_is406(String accept) {
        wire.answer(Ask.get("/events?channel=a").with("Accept", accept)).problem(406, "about:blank");
    }

    @Test
    void as_winsOverAccept() {
        for (String accept : List.of("text/event-stream", "text/html")) {
            assertThat(transport(
                            wire.open(Ask.get("/events?channel=a&as=ndjson").with("Accept", accept))))
                    .isEqualTo("application/x-ndjson");
        }
        assertThat(transport(wire.open("channel=a&as=poll"))).isEqualTo("application/json");
        assertThat(transport(wire.open("channel=a&as=sse"))).startsWith("text/event-stream");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SSE", "json", "websocket", "%0d%0aX:y"})
    void as_somethingElse_is400(String as) {
        assertThat(wire.answer(Ask.get("/events?channel=a&as=" + as))
                        .problem(400, "about:blank")
                        .detail())
                .contains("as")
                .contains("sse, ndjson or poll");
    }

    // ---- where to begin

    @ParameterizedTest
    @CsvSource({"latest,0", "oldest,5", "0,0", "2,2", "5,5", "99,5", "2147483647,5", "007,5"})
    void from_saysWhereToBegin(String from, int messages) {
        for (int i = 1; i <= 5; i++) {
            wire.comet.publish("a", "m" + i);
        }
        assertThat(data(wire.open("channel=a&as=ndjson&from=" + from).lines()))
                .isEqualTo(IntStream.rangeClosed(6 - messages, 5)
                        .mapToObj(i -> "m" + i)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1.5", "first", "2147483648", "99999999999", "%D9%A3", "1%20", "LATEST"})
    void from_somethingElse_is400(String from) {
        assertThat(wire.answer(Ask.get("/events?channel=a&from=" + from))
                        .problem(400, "about:blank")
                        .detail())
                .contains("from")
                .contains("latest, oldest or a number");
    }

    @Test
    void cursorParameter_winsOverTheHeader_andTheHeaderOverFrom() {
        wire.comet.publish("a", "1");
        String first = wire.open("channel=a&as=sse").sse().lastEventId;
        wire.comet.publish("a", "2");
        String second = wire.open("channel=a&as=sse").sse().lastEventId;
        wire.comet.publish("a", "3");
        assertThat(data(wire.open(Ask.get("/events?channel=a&as=ndjson&from=oldest&cursor=" + second)
                                .with("Last-Event-ID", first))
                        .lines()))
                .containsExactly("3");
        assertThat(data(wire.open(Ask.get("/events?channel=a&as=ndjson&from=oldest")
                                .with("last-event-id", first))
                        .lines()))
                .containsExactly("2", "3");
        assertThat(data(wire.open(Ask.get("/events?channel=a&as=ndjson&from=oldest")
                                .with("Last-Event-ID", ""))
                        .lines()))
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "0",
                "-1",
                "12345678",
                "12345678.",
                "12345678.0",
                "12345678.-1",
                "1234567g.1",
                "ABCDEF12.1",
                "123456789.1",
                "12345678.9007199254740992",
                "12345678.99999999999999999999999",
                "12345678.1.1",
                "12345678.1%0d%0aevent:x",
                "12345678.1%00",
                "AQ",
                "AQAAAAA",
                "////////////////",
                "%E2%98%83",
                "null",
                "undefined",
                "[object%20Object]",
                "../../etc/passwd"
            })
    void cursorThatIsNone_is400_asParameterAndAsHeader(String cursor) {
        wire.answer(Ask.get("/events?channel=a&cursor=" + cursor)).problem(400, "urn:comet:bad-cursor");
        wire.answer(Ask.get("/events?channel=a").with("Last-Event-ID", cursor)).problem(400, "urn:comet:bad-cursor");
    }

    @Test
    void cursorThatIsTooLong_is400() {
        wire.answer(Ask.get("/events?channel=a&cursor=" + "A".repeat(1_537))).problem(400, "urn:comet:bad-cursor");
    }

    /** Whatever a client sends as a cursor: 400, or a stream whose own cursor is one. Nothing else. */
    @Test
    void cursorsAtRandom_areRefused_orResume() {
        Random random = new Random(11);
        String several = wire.open("channel=a&channel=b&as=sse").sse().lastEventId;
        String one = wire.open("channel=a&as=sse").sse().lastEventId;
        String alphabet = "ABCDEFabcdef0123456789._~-/+=% \n\u0000\u00e4";
        int held = 0;
        for (int round = 0; round < 5_000; round++) {
            StringBuilder cursor = new StringBuilder(random.nextBoolean() ? several : one);
            for (int n = random.nextInt(4); n > 0; n--) {
                cursor.setCharAt(random.nextInt(cursor.length()), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            if (random.nextInt(4) == 0) {
                cursor.setLength(1 + random.nextInt(cursor.length()));
            }
            Ask ask = Ask.get("/events?channel=a&channel=b&as=sse&cursor=" + Wire.encoded(cursor.toString()));
            if (wire.reply(ask) instanceof dev.comet.servlet.dialect.Reply.Now) {
                wire.answer(ask).problem(400, "urn:comet:bad-cursor");
            } else {
                Wire.Held stream = wire.open(ask);
                SseReader reader = stream.sse();
                assertThat(reader.lastEventId).matches("[A-Za-z0-9._~-]{1,1024}");
                stream.leave();
                held++;
            }
        }
        assertThat(held).isBetween(500, 4_500);
    }

    // ---- which channels

    @Test
    void channel_isRequired() {
        for (Ask ask : List.of(Ask.get("/events"), Ask.get("/events?as=sse"), Ask.form("/events", "as=sse"))) {
            assertThat(wire.answer(ask).problem(400, "urn:comet:bad-channel").detail())
                    .contains("channel");
        }
    }

    private static String channels(int n) {
        return IntStream.range(0, n).mapToObj(i -> "channel=c" + i).collect(Collectors.joining("&"));
    }

    @Test
    void sixtyFourChannels_areAllowed_asQueryAndAsForm() {
        wire.open(channels(64)).leave();
        Wire.Held held = wire.open(Ask.form("/events", channels(64) + "&as=ndjson"));
        held.take();
        wire.comet.publish("c63", "x");
        assertThat(held.lines()).hasSize(1);
        held.leave();
    }

    @Test
    void channelNamedTwice_isOne() {
        Wire.Held held = wire.open("as=sse&channel=a" + "&channel=a".repeat(99));
        held.take();
        wire.comet.publish("a", "x");
        assertThat(held.sse().events).extracting(SseReader.Event::data).containsExactly("x");
    }

    @ParameterizedTest
    @ValueSource(ints = {65, 10_000})
    void moreChannels_areRefused_andNobodyIsAskedAboutEach(int n) {
        int[] asked = {0};
        try (Wire counting = Wire.with(question -> {
            asked[0]++;
            return dev.comet.Authorizer.Decision.ALLOW;
        })) {
            for (Ask ask : List.of(Ask.get("/events?" + channels(n)), Ask.form("/events", channels(n)))) {
                assertThat(counting.answer(ask)
                                .problem(400, "urn:comet:too-many-channels-asked")
                                .detail())
                        .contains("" + n)
                        .contains("64");
            }
            assertThat(asked[0]).as("an authorizer may block").isZero();
            assertThat(counting.comet.channels()).isEmpty();
        }
    }

    @Test
    void limitOfChannels_isASetting() {
        try (Wire two = new Wire(Comet.builder().maxChannelsPerRequest(2))) {
            two.open(channels(2)).leave();
            two.answer(Ask.get("/events?" + channels(3))).problem(400, "urn:comet:too-many-channels-asked");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a%00b",
                "a%0d%0aX-Injected:%201",
                "%7f",
                "%C2%85",
                "a/b",
                "a%2Fb",
                "a%5Cb",
                "a%25b",
                "..%2F..",
            })
    void channelNameThatIsNone_is400(String name) {
        wire.answer(Ask.get("/events?channel=" + name)).problem(400, "urn:comet:bad-channel");
        assertThat(wire.comet.channels()).isEmpty();
        assertThat(wire.comet.stats().subscribers()).isZero();
    }

    @Test
    void channelNameThatIsTooLong_is400_inBytes() {
        wire.open("channel=" + Wire.encoded("\u00e4".repeat(100))).leave();
        wire.answer(Ask.get("/events?channel=" + Wire.encoded("\u00e4".repeat(100) + "x")))
                .problem(400, "urn:comet:bad-channel");
        wire.answer(Ask.get("/events?channel=" + "x".repeat(60_000))).problem(400, "urn:comet:bad-channel");
    }

    @Test
    void channelNames_ofAnyOtherKind_areNames() {
        for (String name : Hostile.CHANNELS) {
            Wire.Held held = wire.open("as=ndjson&channel=" + Wire.encoded(name));
            held.take();
            wire.comet.publish(name, "x");
            assertThat(held.lines().get(0)).containsEntry("channel", name);
            held.leave();
        }
    }

    /** One channel is not allowed: nothing of it is followed, and none of the others is created. */
    @Test
    void oneOfSeveralDenied_deniesAll() {
        try (Wire picky = Wire.with(question -> question.channel().equals("secret")
                ? dev.comet.Authorizer.Decision.DENY
                : dev.comet.Authorizer.Decision.UNKNOWN)) {
            picky.answer(Ask.get("/events?channel=news&channel=secret")).problem(403, "urn:comet:denied");
            assertThat(picky.comet.channels()).isEmpty();
        }
    }

    @Test
    void subscribe_needsTheRight() {
        try (Wire wire = Wire.with(Wire.denying(Action.SUBSCRIBE))) {
            wire.answer(Ask.get("/events?channel=a")).problem(403, "urn:comet:denied");
        }
    }

    // ---- the rest of the parameters

    @ParameterizedTest
    @ValueSource(strings = {"-1", "121", "1.5", "10s", "", "99999999999", "0x10"})
    void wait_outOfRange_is400(String wait) {
        assertThat(wire.answer(Ask.get("/events?channel=a&as=poll&wait=" + wait))
                        .problem(400, "about:blank")
                        .detail())
                .contains("wait")
                .contains("0 to 120");
    }

    @ParameterizedTest
    @ValueSource(strings = {"envelope", "members"})
    void flags_areTrueOrFalse(String flag) {
        wire.open("channel=a&as=sse&" + flag + "=true").leave();
        wire.open("channel=a&as=sse&" + flag + "=false").leave();
        for (String wrong : List.of("", "1", "TRUE", "yes")) {
            assertThat(wire.answer(Ask.get("/events?channel=a&as=sse&" + flag + "=" + wrong))
                            .problem(400, "about:blank")
                            .detail())
                    .contains(flag)
                    .contains("true or false");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "channel=%zz",
                "channel=%",
                "channel=%4",
                "%zz=1&channel=a",
                "channel=a&x=%C3%28",
                "channel=%FF",
                "channel=%ED%A0%80",
                "channel=%C0%AF"
            })
    void queryThatIsNotOne_is400(String query) {
        wire.answer(Ask.get("/events?" + query)).problem(400, "about:blank");
        wire.answer(Ask.form("/events", query)).problem(400, "about:blank");
    }

    @Test
    void form_isTheSameAsAQuery() {
        wire.comet.publish("a", "1");
        wire.comet.publish("a", "2");
        assertThat(data(wire.open(Ask.form("/events", "channel=a&channel=b&as=ndjson&from=1"))
                        .lines()))
                .containsExactly("2");
        Ask withCharset = Ask.of("POST", "/events")
                .with("Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
                .body("channel=\u00e4&as=ndjson");
        Wire.Held held = wire.open(withCharset);
        held.take();
        wire.comet.publish("\u00e4", "x");
        assertThat(held.lines()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "text/plain", "multipart/form-data; boundary=x", ""})
    void formOfAnotherType_is415(String type) {
        wire.answer(Ask.of("POST", "/events").with("Content-Type", type).body("channel=a"))
                .problem(415, "about:blank");
        wire.answer(Ask.of("POST", "/events").body("channel=a")).problem(415, "about:blank");
    }

    @Test
    void bodyLimit_ofAForm_isItsOwn() {
        assertThat(wire.bodyLimit(Ask.form("/events", ""))).isEqualTo(64 * 1024);
        assertThat(wire.bodyLimit(Ask.publish("a", "text/plain", ""))).isEqualTo(1 << 20);
        // What the page allows fits: 64 names of 200 bytes, each byte escaped, and the longest cursor.
        assertThat(64 * ("channel=&".length() + 600) + "cursor=".length() + 1_536)
                .isLessThan(64 * 1024);
    }

    // ---- limits

    @Test
    void limitsOfSubscribers_haveTheirStatus_andAreCountedOnce() {
        try (Wire few = new Wire(
                Comet.builder().maxSubscribersPerChannel(1).maxSubscribers(2).maxChannels(2))) {
            few.open("channel=a");
            assertThat(few.answer(Ask.get("/events?channel=a"))
                            .problem(503, "urn:comet:too-many-subscribers-on-channel")
                            .headers
                            .get("Retry-After"))
                    .hasSize(1);
            few.answer(Ask.get("/events?channel=b&channel=c")).problem(503, "urn:comet:too-many-channels");
            few.open("channel=b");
            few.answer(Ask.get("/events?channel=b")).problem(503, "urn:comet:too-many-subscribers");
            assertThat(few.comet.stats().refusals())
                    .isEqualTo(Map.of(
                            "too-many-subscribers-on-channel", 1L,
                            "too-many-channels", 1L,
                            "too-many-subscribers", 1L));
            assertThat(few.comet.stats().subscribers()).isEqualTo(2);
        }
    }

    @Test
    void limitPerAddress_is429() {
        try (Wire few = new Wire(Comet.builder().maxSubscribersPerAddress(1))) {
            few.open(Ask.get("/events?channel=a").from(Ask.LOCAL));
            few.open(Ask.get("/events?channel=a")).leave();
            few.open(Ask.get("/events?channel=a"));
            assertThat(few.answer(Ask.get("/events?channel=b"))
                            .problem(429, "urn:comet:too-many-subscribers-from-address")
                            .headers
                            .get("Retry-After"))
                    .hasSize(1);
        }
    }

    @Test
    void subscribers_areCountedByTransport() {
        wire.open("channel=a&as=sse");
        wire.open("channel=a&as=ndjson");
        wire.open("channel=a&as=poll");
        wire.open("channel=a&as=poll");
        assertThat(wire.comet.stats().subscribersBySource())
                .isEqualTo(Map.of("native-sse", 1, "native-ndjson", 1, "native-poll", 2));
    }

    @Test
    void defaults_letAnyoneSubscribe() {
        try (Wire plain = new Wire(
                Comet.builder(),
                Wire.SETTINGS,
                new Access(Rules.PUBLIC, question -> dev.comet.Authorizer.Decision.UNKNOWN, Set.of(), Set.of()))) {
            plain.open("channel=a&presence=ann&members=true").leave();
        }
    }
}
