package dev.comet.servlet.dialect.simplecomet;

import static dev.comet.servlet.dialect.simplecomet.SimpleComet.contents;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.failure;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.lastId;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.refusal;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.seconds;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.success;
import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.ManualScheduler;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page's "Reading". */
final class SimpleCometReadTest {
    private static SimpleComet on(Comet.Builder hub, String... settings) {
        return new SimpleComet(hub, Set.of(), question -> Authorizer.Decision.UNKNOWN, settings);
    }

    @Test
    void whatThereIs_comesAtOnce_andEveryChannelIsListed() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b", "c");
            long id = server.publish("a", "message1");
            Map<String, Object> answer = success(server.get("/channels/c|a|b.json?since=0"));
            assertThat(answer)
                    .isEqualTo(Map.of(
                            "since",
                            0L,
                            "messages",
                            Map.of(
                                    "c",
                                    List.of(),
                                    "a",
                                    List.of(Map.of(
                                            "content",
                                            "message1",
                                            "id",
                                            id,
                                            "ts",
                                            ManualScheduler.START_MILLIS / 1000)),
                                    "b",
                                    List.of()),
                            "last_id",
                            id,
                            "return_code",
                            1L,
                            "error_message",
                            ""));
        }
    }

    @Test
    void otherwise_itIsHeld_andTheChannelThatGetsAMessageIsListed() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            Held held = server.get("/channels/a|b.json");
            assertThat(held.isHeld()).isTrue();
            assertThat(held.framing().sendsHeadersAtOnce()).isFalse();
            long id = server.publish("b", "live");
            assertThat(contents(held)).isEqualTo(Map.of("b", List.of("live")));
            assertThat(lastId(held)).isEqualTo(id);
            assertThat(server.comet().stats().subscribers()).isZero();
        }
    }

    @Test
    void since_isOneNumberForAllChannels() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            server.publish("a", "a1");
            long second = server.publish("b", "b1");
            server.publish("a", "a2");
            server.publish("b", "b2");
            assertThat(contents(server.get("/channels/a|b.json?since=" + second)))
                    .isEqualTo(Map.of("a", List.of("a2"), "b", List.of("b2")));
            assertThat(contents(server.get("/channels/a|b.json?since=" + (second + 1))))
                    .isEqualTo(Map.of("a", List.of(), "b", List.of("b2")));
            Held held = server.get("/channels/b|a.json?since=" + (second + 2));
            assertThat(held.isHeld()).isTrue();
            assertThat(success(server.get("/channels/a.json?since=" + second))).containsEntry("since", second);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?since=", "?since=0", "?since=x", "?since=-7", "?since=1.5", "?since=%D9%A1", "?t=5"})
    void sinceThatIsNoNumber_isFromTheOldest(String query) {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            server.publish("a", "1");
            server.publish("a", "2");
            Held answer = server.get("/channels/a.json" + query);
            assertThat(contents(answer)).isEqualTo(Map.of("a", List.of("1", "2")));
            assertThat(success(answer)).containsEntry("since", 0L);
        }
    }

    /** A restart whose clock went back: the original goes on from the newest, and what is there is never read. */
    @ParameterizedTest
    @ValueSource(strings = {"9007199254740991", "9007199254740993", "99999999999999999999999"})
    void sinceBeyondTheNewest_isFromTheOldest_andCounted(String since) {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            server.publish("a", "1");
            server.publish("b", "2");
            assertThat(contents(server.get("/channels/a.json?since=" + since))).isEqualTo(Map.of("a", List.of("1")));
            Held both = server.get("/channels/a|b.json?since=" + since);
            assertThat(contents(both)).isEqualTo(Map.of("a", List.of("1"), "b", List.of("2")));
            assertThat(success(both)).containsEntry("since", (1L << 53) - 1);
            assertThat(server.comet().stats().resets()).isEqualTo(3);
        }
    }

    @Test
    void timeout_isASuccessOfEmptyLists_withTheNewestNumberThatIsSafe() {
        try (SimpleComet server = new SimpleComet("http-timeout=4")) {
            server.create("a", "b", "other");
            Held held = server.get("/channels/a|b.json");
            assertThat(held.isHeld()).isTrue();
            long elsewhere = server.publish("other", "x");
            server.talk.pass(seconds(3), held);
            assertThat(held.isHeld()).isTrue();
            server.talk.pass(seconds(1), held);
            assertThat(contents(held)).isEqualTo(Map.of("a", List.of(), "b", List.of()));
            assertThat(lastId(held)).isLessThanOrEqualTo(elsewhere);
            long next = server.publish("a", "next");
            assertThat(lastId(server.get("/channels/a|b.json?since=" + lastId(held))))
                    .isEqualTo(next);
        }
    }

    @Test
    void unknownChannels_andSessionChannels_areLeftOut() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            server.publish("a", "open");
            server.post("/channels.json", "channel_id=s&use_sessions=1");
            server.publish("s", "secret");
            server.post("/clients.json", "client_id=ann");
            assertThat(contents(server.get("/channels/none|s|a.json"))).isEqualTo(Map.of("a", List.of("open")));
            failure(server.get("/channels/s.json"), -2, "No valid channels");
            failure(server.get("/channels/none.json"), -2, "No valid channels");
            failure(server.get("/channels/none|s.json"), -2, "No valid channels");
            assertThat(contents(server.get("/channels/s|a.json?client_id=ann")))
                    .isEqualTo(Map.of("s", List.of("secret"), "a", List.of("open")));
            failure(server.get("/channels/s.json?client_id=bob"), -3, "Unregistered client_id");
            failure(server.get("/channels/a.json?client_id=bob"), -3, "Unregistered client_id");
            failure(server.get("/channels/a.json?client_id="), -1, "Missing client_id");
            failure(server.get("/channels/.json"), -2, "No channels");
            failure(server.get("/channels/|.json"), -2, "No channels");
        }
    }

    @Test
    void channelThatIsNamedTwice_isReadOnce() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            server.publish("a", "x");
            assertThat(contents(server.get("/channels/a||a|.json"))).isEqualTo(Map.of("a", List.of("x")));
        }
    }

    @Test
    void tooManyChannels_areRefused_beforeAnybodyIsAsked() {
        int[] asked = {0};
        Authorizer counting = question -> {
            asked[0]++;
            return Authorizer.Decision.ALLOW;
        };
        try (SimpleComet server = new SimpleComet(Comet.builder().maxChannelsPerRequest(2), Set.of(), counting)) {
            assertThat(refusal(server.get("/channels/a|b|c.json"), -1)).contains("max-channels-per-request");
            assertThat(asked[0]).isZero();
        }
    }

    // ---- sessions

    @Test
    void client_isForgotten_whenItHasNotReadForTheSessionTimeout() {
        try (SimpleComet server = new SimpleComet("session-timeout=6", "http-timeout=4")) {
            server.create("a");
            server.post("/clients.json", "client_id=ann");
            server.talk.pass(seconds(5));
            Held held = server.get("/channels/a.json?client_id=ann");
            server.talk.pass(seconds(4), held);
            assertThat(contents(held)).containsKey("a");
            server.talk.pass(seconds(5));
            Held again = server.get("/channels/a.json?client_id=ann");
            assertThat(again.isHeld()).as("5 s after the end of a read").isTrue();
            again.leave();
            server.talk.pass(seconds(7));
            failure(server.get("/channels/a.json?client_id=ann"), -3, "Unregistered client_id");
            success(server.post("/clients.json", "client_id=ann"));
        }
    }

    @Test
    void read_neverOutlivesItsClient_whateverTheSettings() {
        try (SimpleComet server = new SimpleComet("session-timeout=2", "http-timeout=10")) {
            server.post("/channels.json", "channel_id=s&use_sessions=1");
            server.post("/clients.json", "client_id=ann");
            Held held = server.get("/channels/s.json?client_id=ann");
            server.talk.pass(seconds(10), held);
            assertThat(contents(held)).isEqualTo(Map.of("s", List.of()));
            assertThat(server.get("/channels/s.json?client_id=ann").isHeld()).isTrue();
        }
    }

    @Test
    void oneClient_mayReadTwiceAtOnce() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            server.post("/clients.json", "client_id=ann");
            Held a = server.get("/channels/a.json?client_id=ann");
            Held b = server.get("/channels/b.json?client_id=ann");
            assertThat(a.isHeld() && b.isHeld()).isTrue();
        }
    }

    // ---- history

    @Test
    void newcomer_getsTheMessagesThatAChannelKeeps() {
        try (SimpleComet server = new SimpleComet("messages-per-channel=2")) {
            server.create("a");
            server.post("/channels.json", "channel_id=b&max_messages=1");
            for (String content : List.of("1", "2", "3")) {
                server.publish("a", content);
                server.publish("b", content);
            }
            assertThat(contents(server.get("/channels/a|b.json")))
                    .isEqualTo(Map.of("a", List.of("2", "3"), "b", List.of("3")));
        }
    }

    @Test
    void readerThatFellBehind_getsWhatIsLeft_andTheLossIsCounted() {
        try (SimpleComet server = on(Comet.builder().liveWindow(2), "messages-per-channel=2")) {
            server.create("a");
            long first = server.publish("a", "1");
            for (String content : List.of("2", "3", "4", "5")) {
                server.publish("a", content);
            }
            assertThat(contents(server.get("/channels/a.json?since=" + first)))
                    .isEqualTo(Map.of("a", List.of("4", "5")));
            assertThat(server.comet().stats().gaps()).isEqualTo(1);
        }
    }

    @Test
    void backlog_comesInPieces_withoutLossOrRepetition() {
        for (String channels : List.of("a", "a|b")) {
            try (SimpleComet server = new SimpleComet()) {
                server.create("a", "b");
                List<String> sent = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    sent.add(i + "-" + "x".repeat(2_000));
                    server.publish("a", sent.get(i));
                }
                List<String> got = new ArrayList<>();
                long since = 0;
                int reads = 0;
                while (got.size() < sent.size()) {
                    Held piece = server.get("/channels/" + channels + ".json?since=" + since);
                    assertThat(piece.text().length()).isLessThan(Frames.FULL + 3_000);
                    got.addAll(contents(piece).get("a"));
                    since = lastId(piece);
                    reads++;
                }
                assertThat(got).isEqualTo(sent);
                assertThat(reads).isBetween(6, 10);
                assertThat(server.get("/channels/" + channels + ".json?since=" + since)
                                .isHeld())
                        .isTrue();
            }
        }
    }

    /** Four publishers' worth of channels in turns, one number: each message once, whatever is published between two reads. */
    @Test
    void readerOfSeveralChannels_losesNothing() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b", "c");
            List<String> names = List.of("a", "b", "c");
            java.util.Random random = new java.util.Random(7);
            List<String> sent = new ArrayList<>();
            List<String> got = new ArrayList<>();
            long since = 0;
            for (int round = 0; round < 300; round++) {
                Held held = server.get("/channels/a|b|c.json?since=" + since);
                if (!held.isHeld()) {
                    contents(held).values().forEach(got::addAll);
                    since = lastId(held);
                } else {
                    held.leave();
                }
                for (int n = random.nextInt(4); n > 0; n--) {
                    String text = "m" + sent.size();
                    server.publish(names.get(random.nextInt(3)), text);
                    sent.add(text);
                }
            }
            Held last = server.get("/channels/a|b|c.json?since=" + since);
            if (!last.isHeld()) {
                contents(last).values().forEach(got::addAll);
            }
            assertThat(got).containsExactlyInAnyOrderElementsOf(sent).doesNotHaveDuplicates();
        }
    }

    // ---- ends

    @Test
    void removal_andShutdown_endAReadAsItsTimeDoes() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            Held removed = server.get("/channels/a|b.json");
            Held shut = server.get("/channels/b.jsonp");
            assertThat(removed.isHeld() && shut.isHeld()).isTrue();
            server.delete("/channels/a.json");
            assertThat(contents(removed)).isEqualTo(Map.of("a", List.of(), "b", List.of()));
            server.comet().drain(java.time.Duration.ZERO);
            assertThat(shut.text())
                    .startsWith("_JSONP_comet_cb({\"since\":0,\"messages\":{\"b\":[]}")
                    .endsWith("});");
        }
    }

    @Test
    void readThatTheHubRefuses_isToldSo() {
        try (SimpleComet server = on(Comet.builder().maxSubscribers(1))) {
            server.create("a");
            assertThat(server.get("/channels/a.json").isHeld()).isTrue();
            assertThat(refusal(server.get("/channels/a.json"), -5)).contains("subscribers");
            server.comet().drain(java.time.Duration.ZERO);
            assertThat(refusal(server.get("/channels/a.json"), -5)).contains("shutting down");
        }
    }

    // ---- headers

    @Test
    void read_mayBeCachedForOneSecond() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            Held held = server.get("/channels/a.json");
            assertThat(held.header("Cache-Control"))
                    .containsExactly("private, must-revalidate, proxy-revalidate, max-age=1");
            assertThat(held.header("Expires")).containsExactly("Sat, 21 Nov 2026 11:01:17 GMT");
            assertThat(server.get("/channels/none.json").header("Cache-Control"))
                    .containsExactly("no-store");
        }
    }

    // ---- what is published elsewhere, and hostile content

    @Test
    void jsonPayload_isItsText() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            server.comet().publishJson("a", "{\"x\": [1,\n\"</b>\"]}");
            server.comet().publish("a", Draft.text("t").withType("x").withAttribute("k", "v"));
            assertThat(contents(server.get("/channels/a.json")))
                    .isEqualTo(Map.of("a", List.of("{\"x\": [1,\n\"</b>\"]}", "t")));
        }
    }

    @Test
    void everyHostileText_arrives_andBreaksNothing() {
        try (SimpleComet server = on(Comet.builder().historyMessages(1), "quote-json")) {
            server.post("/channels.json", "channel_id=a");
            for (String text : Talk.HOSTILE) {
                long id = server.comet().publish("a", text).id();
                String script =
                        server.get("/channels/a.jsonp?since=" + (id - 1)).text();
                assertThat(script).startsWith("_JSONP_comet_cb({").endsWith("});");
                assertSafe(script);
                String json = script.substring("_JSONP_comet_cb(".length(), script.length() - 2);
                assertThat(content(json)).isEqualTo(Talk.mended(text));
                String comment =
                        server.get("/channels/a.json?since=" + (id - 1)).text();
                assertThat(comment.indexOf("*/")).isEqualTo(comment.length() - 2);
                assertThat(content(comment.substring("/*-secure- ".length(), comment.length() - 3)))
                        .isEqualTo(Talk.mended(text));
            }
        }
    }

    @Test
    void hostileNames_comeBackAsTheyAre() {
        for (String name :
                List.of("\"", "'", "</script>".replace("/", ""), "\u2028", "a\u00e4\uD83D\uDE00", "*x*", "+ &=;")) {
            try (SimpleComet server = new SimpleComet()) {
                String created = server.post("/channels.json", "channel_id=" + Talk.encoded(name))
                        .text();
                assertSafe(created);
                assertThat(Talk.json(created)).hasFieldOrPropertyWithValue("channel_id", name);
                server.publish(name, "x");
                assertThat(contents(server.get("/channels/" + name + ".json"))).isEqualTo(Map.of(name, List.of("x")));
                String client = server.post("/clients.json", "client_id=" + Talk.encoded(name))
                        .text();
                assertSafe(client);
                assertThat(Talk.json(client)).hasFieldOrPropertyWithValue("client_id", name);
            }
        }
    }

    @Test
    void aMebibyte_throughAForm_arrives() {
        try (SimpleComet server = on(Comet.builder().historyBytes(4 << 20))) {
            server.create("a");
            String large = "\"\u00e4'".repeat((1 << 20) / 4);
            server.publish("a", large);
            server.publish("a", "next");
            Held first = server.get("/channels/a.json");
            assertThat(contents(first)).isEqualTo(Map.of("a", List.of(large)));
            assertThat(contents(server.get("/channels/a.json?since=" + lastId(first))))
                    .isEqualTo(Map.of("a", List.of("next")));
        }
    }

    private static void assertSafe(String script) {
        assertThat(script.chars().filter(c -> c < ' ' || c == '<' || c == 0x2028 || c == 0x2029))
                .isEmpty();
    }

    private static String content(String json) {
        @SuppressWarnings("unchecked")
        Map<String, Object> answer = (Map<String, Object>) Talk.json(json);
        return contents(answer).get("a").get(0);
    }
}
