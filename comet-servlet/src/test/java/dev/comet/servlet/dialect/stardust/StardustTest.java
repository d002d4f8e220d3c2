package dev.comet.servlet.dialect.stardust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.comet.Authorizer;
import dev.comet.Caller;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Values;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** stardust.md, request by request. */
class StardustTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(55);
    private static final Duration TICK = Duration.ofMillis(1);

    private Talk talk = talk(Map.of());

    private static Talk talk(Map<String, String> settings) {
        return talk(Comet.builder(), settings);
    }

    private static Talk talk(Comet.Builder hub, Map<String, String> settings) {
        StardustSettings read = StardustSettings.read(new Values("stardust", settings));
        Authorizer noOpinion = question -> Authorizer.Decision.UNKNOWN;
        return new Talk(
                hub,
                comet -> new StardustDialect(comet, read, new Access(read.rules(), noOpinion, Set.of(), Set.of())));
    }

    private void with(Map<String, String> settings) {
        talk.close();
        talk = talk(settings);
    }

    @AfterEach
    void close() {
        talk.close();
    }

    private static Ask form(String path, String form) {
        return Ask.form(path, form).from(Ask.LOCAL).with("Host", "localhost:5742");
    }

    private Held post(String channels, String... objects) {
        StringBuilder form = new StringBuilder();
        for (String object : objects) {
            form.append(form.isEmpty() ? "" : "&").append("m=").append(Talk.encoded(object));
        }
        return talk.ask(form("/channel/" + channels, form.toString()));
    }

    private Held poll(String channels, String id) {
        return talk.ask(Ask.get("/channel/" + channels + "/stream/" + id));
    }

    private void open(String channels, String id) {
        assertThat(poll(channels, id).text()).isEqualTo("[]");
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> array(Held held) {
        assertThat(held.status()).isEqualTo(200);
        assertThat(held.header("Content-Type")).containsExactly("application/json;charset=utf-8");
        return (List<Map<String, Object>>) Talk.json(held.text());
    }

    // ---- what there is

    @Test
    void root_saysWhatItIs() {
        Held info = talk.ask(Ask.get("/"));
        assertThat(info.header("Content-Type")).containsExactly("text/plain;charset=utf-8");
        assertThat(((Map<?, ?>) Talk.json(info.text())).keySet().toString()).isEqualTo("[name, language, version]");
        assertThat(info.text()).contains("\"name\":\"Stardust COMET Server\"");
    }

    @Test
    void list_isSorted_andHasOnlyNamesThatThisDialectCanSpell() {
        assertThat(Talk.json(talk.ask(Ask.get("/channel")).text())).isEqualTo(List.of());
        post("b+a", "{}");
        open("C_1", "0.5");
        talk.comet().publish("with-dash", "x");
        assertThat(Talk.json(talk.ask(Ask.get("/channel")).text())).isEqualTo(List.of("C_1", "a", "b"));
    }

    /** Anyone may ask, for many channels at once: an answer is not to hold megabytes. */
    @Test
    void info_leavesOutWhatIsTooMuch_theOldestFirst() {
        talk.comet().channel("a", ChannelOptions.DEFAULT.withHistoryBytes(10_000_000));
        for (int i = 0; i < 4; i++) {
            talk.comet().publish("a", i + "x".repeat(400_000));
        }
        List<?> messages =
                (List<?>) array(talk.ask(Ask.get("/channel/a"))).get(0).get("messages");
        assertThat(messages).hasSize(2);
        assertThat(((Map<?, ?>) messages.get(1)).get("data").toString()).startsWith("3");
    }

    @Test
    void name_isUpTo200Characters() {
        assertThat(poll("a".repeat(200), "1").status()).isEqualTo(200);
        assertThat(poll("a".repeat(201), "1").status()).isEqualTo(404);
        assertThat(talk.ask(Ask.get("/channel/" + "a".repeat(201))).status()).isEqualTo(404);
    }

    @Test
    void info_ofChannels_inTheOrderAsked() {
        for (int i = 0; i < 10; i++) {
            post("a", "{\"n\":" + i + "}");
        }
        open("a", "0.1");
        open("a", "0.2");
        List<Map<String, Object>> infos = array(talk.ask(Ask.get("/channel/b+a")));
        assertThat(infos).extracting(i -> i.get("name")).containsExactly("b", "a");
        assertThat(infos.get(0))
                .containsEntry("i", 0L)
                .containsEntry("size", 8L)
                .containsEntry("messages", List.of())
                .containsEntry("subscribers", List.of());
        assertThat(infos.get(1)).containsEntry("i", 2L).containsEntry("size", 8L);
        assertThat((List<?>) infos.get(1).get("messages")).hasSize(8);
        assertThat((List<?>) infos.get(1).get("subscribers")).hasSize(2);
        assertThat(talk.comet().find("b"))
                .as("whoever only looks creates nothing")
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing",
                "/channel/",
                "/channel/a-b",
                "/channel/a+",
                "/channel/+a",
                "/channel/a++b",
                "/channel/a/b",
                "/channel/a/stream/",
                "/channel/a/stream/abc",
                "/channel/a/stream/1/2",
                "/channel/a.b/stream/1",
                "/channels"
            })
    void whatIsNotThere_is404(String path) {
        assertThat(talk.ask(Ask.get(path)).status()).isEqualTo(404);
        assertThat(talk.comet().channels()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"POST,/", "PUT,/channel/a", "POST,/channel", "DELETE,/channel/a", "POST,/channel/a/stream/1"})
    void otherMethods_are405(String method, String path) {
        Held refused = talk.ask(Ask.of(method, path).from(Ask.LOCAL));
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.header("Allow")).hasSize(1);
    }

    // ---- post

    @Test
    void posted_reachesEveryChannel_inOrder_andIsAnsweredEmpty() {
        open("a", "0.1");
        open("b", "0.2");
        Held posted = post("a+b", "{\"type\":\"x\",\"n\":1}", "{\"n\":2}");
        assertThat(posted.status()).isEqualTo(200);
        assertThat(posted.text()).isEmpty();
        for (String[] who : new String[][] {{"a", "0.1"}, {"b", "0.2"}}) {
            List<Map<String, Object>> seen = array(poll(who[0], who[1]));
            assertThat(seen).extracting(m -> m.get("n")).containsExactly(1L, 2L);
            assertThat(seen).extracting(m -> m.get("_ch")).containsOnly(who[0]);
            assertThat(seen.get(0)).containsEntry("type", "x");
            assertThat(seen.get(0).get("_ts")).hasToString("1795258876.123");
        }
        assertThat(talk.comet().channel("a").history().get(0).type()).isEqualTo("message");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x=1",
                "m=",
                "m=1",
                "m=[1]",
                "m=%22a%22",
                "m={",
                "m={}{}",
                "m={%22a%22:1,}",
                "m={}&m=2",
                "m=%FF",
                "m=%zz"
            })
    void whatIsNoObject_isRefused_andNothingOfTheRequestIsPublished(String form) {
        Held refused = talk.ask(form("/channel/a", form));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.header("Content-Type")).containsExactly("text/plain;charset=utf-8");
        assertThat(refused.text()).isNotBlank();
        assertThat(talk.comet().find("a")).isEmpty();
    }

    @Test
    void post_thatIsNoForm_orTooLarge_isRefused() {
        assertThat(talk.ask(Ask.of("POST", "/channel/a")
                                .from(Ask.LOCAL)
                                .with("Content-Type", "application/json")
                                .body("{}"))
                        .status())
                .isEqualTo(415);
        talk.close();
        talk = talk(Comet.builder().maxMessageBytes(50), Map.of());
        assertThat(post("a", "{}", "{\"x\":\"" + "y".repeat(50) + "\"}").status())
                .isEqualTo(413);
        assertThat(talk.comet().find("a")).isEmpty();
        assertThat(post("a", "{\"x\":\"" + "y".repeat(42) + "\"}").status()).isEqualTo(200);
    }

    @Test
    void post_isForLoopback() {
        assertThat(talk.ask(Ask.form("/channel/a", "m={}")).status()).isEqualTo(403);
        Caller forwarded = new Caller("127.0.0.1", false, Optional.empty(), Optional.empty());
        assertThat(talk.ask(form("/channel/a", "m={}").from(forwarded)).status())
                .isEqualTo(403);
        assertThat(talk.ask(form("/channel/a", "m={}").with("Origin", "http://evil.example"))
                        .status())
                .isEqualTo(403);
        assertThat(talk.comet().channels()).isEmpty();
    }

    @Test
    void allowFrom_namesOthers() {
        with(Map.of("allow_from", "203.0.113, 10.1"));
        assertThat(talk.ask(Ask.form("/channel/a", "m={}").with("Host", "203.0.113.1"))
                        .status())
                .isEqualTo(200);
        assertThat(talk.ask(form("/channel/a", "m={}")).status()).isEqualTo(403);
    }

    @Test
    void password_letsPostFromAnywhere() {
        with(Map.of("auth_user", "ann", "auth_pass", "s:ecret"));
        assertThat(talk.ask(Ask.form("/channel/a", "m={}")
                                .with("Host", "stars.example")
                                .with("Authorization", basic("ann:s:ecret")))
                        .status())
                .isEqualTo(200);
        for (String wrong : List.of(basic("ann:secret"), basic("ann:"), basic(""), "Basic", "Bearer x")) {
            Held refused = talk.ask(Ask.form("/channel/a", "m={}").with("Authorization", wrong));
            assertThat(refused.status()).as(wrong).isEqualTo(401);
            assertThat(refused.header("WWW-Authenticate")).containsExactly("Basic realm=\"Stardust\"");
        }
        assertThat(talk.ask(Ask.form("/channel/a", "m={}")
                                .with("Authorization", basic("ann:s:ecret").replace("Basic", "bASIC")))
                        .status())
                .isEqualTo(200);
        assertThat(post("a", "{}").status()).as("loopback still").isEqualTo(200);
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    // ---- the poll

    @Test
    void firstPoll_opensTheSession_andMissesNothingFromThenOn() {
        post("a", "{\"n\":0}");
        open("a+b", "0.123");
        post("a", "{\"n\":1}");
        post("b", "{\"n\":2}");
        post("a", "{\"n\":3}");
        assertThat(array(poll("a+b", "0.123"))).extracting(m -> m.get("n")).containsExactly(1L, 2L, 3L);
        Held held = poll("a+b", "0.123");
        assertThat(held.isHeld()).isTrue();
        post("b", "{\"n\":4}");
        assertThat(array(held)).extracting(m -> m.get("n")).containsExactly(4L);
        assertThat(poll("a+b", "0.123").isHeld()).isTrue();
    }

    @Test
    void nothingPosted_answersEmptyAfterTheTimeout() {
        open("a", "1");
        Held held = poll("a", "1");
        talk.pass(TIMEOUT.minus(TICK), held);
        assertThat(held.isHeld()).isTrue();
        talk.pass(TICK, held);
        assertThat(held.text()).isEqualTo("[]");
        with(Map.of("timeout", "4"));
        open("a", "1");
        Held shorter = poll("a", "1");
        talk.pass(Duration.ofSeconds(4), shorter);
        assertThat(shorter.text()).isEqualTo("[]");
    }

    /** The client has gone before the answer was written: the next poll gets the same. */
    @Test
    void unwritten_comesAgain() {
        open("a", "1");
        Held lost = poll("a", "1");
        post("a", "{\"n\":1}");
        lost.leave();
        assertThat(array(poll("a", "1"))).extracting(m -> m.get("n")).containsExactly(1L);
        assertThat(poll("a", "1").isHeld()).isTrue();
    }

    @Test
    void secondPollOfAnId_replacesTheFirst() {
        open("a", "1");
        Held first = poll("a", "1");
        Held second = poll("a", "1");
        assertThat(first.text()).isEqualTo("[]");
        assertThat(second.isHeld()).isTrue();
    }

    /** As two loops in one page do, which make the id once. */
    @Test
    void oneIdOnOtherChannels_isASessionOfItsOwn() {
        open("a", "1");
        open("b", "1");
        Held a = poll("a", "1");
        Held b = poll("b", "1");
        assertThat(a.isHeld()).isTrue();
        assertThat(b.isHeld()).isTrue();
        post("a", "{\"n\":1}");
        assertThat(array(a)).hasSize(1);
        assertThat(b.isHeld()).isTrue();
    }

    @Test
    void notPolledForTwoTimeouts_isForgotten() {
        open("a", "1");
        talk.pass(TIMEOUT.multipliedBy(2).minus(TICK));
        assertThat(poll("a", "1").isHeld()).isTrue();
        talk.close();
        talk = talk(Map.of());
        open("a", "1");
        talk.pass(TIMEOUT.multipliedBy(2));
        post("a", "{\"n\":1}");
        open("a", "1");
        assertThat(poll("a", "1").isHeld()).isTrue();
    }

    /** Nobody polls at the moment, and the channel would long be idle: what is posted then must not be lost. */
    @Test
    void betweenPolls_theChannelLivesOn() {
        open("a", "1");
        talk.pass(Duration.ofSeconds(100));
        post("a", "{\"n\":1}");
        talk.pass(Duration.ofSeconds(9));
        assertThat(array(poll("a", "1"))).extracting(m -> m.get("n")).containsExactly(1L);
    }

    @Test
    void lapped_getsWhatIsLeft_andTheStatisticsCountTheRest() {
        talk.close();
        talk = talk(Comet.builder().liveWindow(1), Map.of("channel_length", "3"));
        open("a", "1");
        for (int i = 1; i <= 5; i++) {
            post("a", "{\"n\":" + i + "}");
        }
        assertThat(array(poll("a", "1"))).extracting(m -> m.get("n")).containsExactly(3L, 4L, 5L);
        assertThat(talk.comet().stats().lost()).isEqualTo(2);
    }

    @Test
    void channelRemoved_endsThePoll_andTheNextLifeIsFollowed() {
        open("a", "1");
        Held held = poll("a", "1");
        talk.comet().remove("a");
        assertThat(held.text()).isEqualTo("[]");
        post("a", "{\"n\":1}");
        assertThat(array(poll("a", "1"))).extracting(m -> m.get("n")).containsExactly(1L);
    }

    @Test
    void tooManyChannels_areRefused() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 65; i++) {
            names.add("c" + i);
        }
        assertThat(poll(String.join("+", names), "1").status()).isEqualTo(400);
        assertThat(talk.comet().channels()).isEmpty();
    }

    /** Anyone can make up an id: it is no registration. */
    @Test
    void channelForTheRegistered_isNotStreamed() {
        talk.comet().create("private", ChannelOptions.DEFAULT.withSessionsOnly(true));
        assertThat(poll("private", "1").status()).isEqualTo(403);
        assertThat(poll("private", "1").status()).isEqualTo(403);
        assertThat(talk.ask(Ask.get("/channel/other+private")).status()).isEqualTo(403);
    }

    // ---- what others publish

    @Test
    void fromCodeOrOtherDialects_isAnObjectToo() {
        open("a", "1");
        talk.comet().publish("a", "hi");
        talk.comet().publish("a", Draft.text("typed").withType("x"));
        talk.comet().publishJson("a", " [1, 2] ");
        talk.comet()
                .publishJson("a", "{ \"type\" : \"own\", \"_ts\": 1, \"deep\": {\"_ts\": 2.50}, \"_ch\": {\"x\":[]} }");
        talk.comet().publishJson("a", "{ }");
        List<Map<String, Object>> seen = array(poll("a", "1"));
        assertThat(seen).extracting(m -> m.get("type")).containsExactly("message", "x", "message", "own", null);
        assertThat(seen).extracting(m -> m.get("data")).containsExactly("hi", "typed", List.of(1L, 2L), null, null);
        assertThat(seen).extracting(m -> m.get("_ch")).containsOnly("a");
        assertThat(seen).extracting(m -> String.valueOf(m.get("_ts"))).containsOnly("1795258876.123");
        assertThat(String.valueOf(seen.get(3).get("deep"))).isEqualTo("{_ts=2.50}");
        assertThat(seen.get(4)).containsOnlyKeys("_ts", "_ch");
    }

    /** It is stored, so it must be deliverable: no limit of the reader's, no digit lost, no surrogate that breaks the answer. */
    @Test
    void strangeObjects_areDeliveredAsTheyAre() {
        open("a", "1");
        String digits = "1234567890".repeat(200);
        post("a", "{\"_ts\":0,\"n\":" + digits + ",\"f\":1.10e400,\"s\":\"\\ud800\",\"\\udc00\":1}");
        post("a", "{\"n\":" + digits + ",\"s\":\"\\ud800\"}");
        post("a", "{\"_ch\":1,\"x\":" + "[".repeat(400) + "]".repeat(400) + "}");
        String text = poll("a", "1").text();
        assertThat(text)
                .contains("\"n\":" + digits + ",\"f\":1.10e400,\"s\":\"\\uD800\",\"\\uDC00\":1,\"_ts\"")
                .contains("{\"n\":" + digits + ",\"s\":\"\\ud800\",\"_ts\"")
                .contains("[".repeat(400) + "]".repeat(400) + ",\"_ts\"");
    }

    @Test
    void hostileTexts_breakNothing() {
        open("a", "1");
        List<String> sent = new ArrayList<>(Talk.HOSTILE);
        sent.add("<".repeat(1 << 20));
        for (String text : sent) {
            talk.comet().publish("a", text);
            List<Map<String, Object>> seen = array(poll("a", "1"));
            assertThat(seen).extracting(m -> m.get("data")).containsExactly(Talk.mended(text));
        }
        String object = "{\"a\":\"</script>\u2028\"}";
        post("a", object);
        String answer = poll("a", "1").text();
        assertThat(answer).doesNotContain("<", "\u2028");
        assertThat(((Map<?, ?>) ((List<?>) Talk.json(answer)).get(0)).get("a")).isEqualTo("</script>\u2028");
    }

    // ---- settings

    @Test
    void base_standsBeforeEveryPath() {
        with(Map.of("base", "comet"));
        assertThat(talk.ask(Ask.get("/comet")).status()).isEqualTo(200);
        assertThat(talk.ask(Ask.get("/comet/channel")).status()).isEqualTo(200);
        assertThat(talk.ask(Ask.get("/channel")).status()).isEqualTo(404);
        assertThat(talk.ask(Ask.get("/cometx/channel")).status()).isEqualTo(404);
    }

    @Test
    void channelLength_isThatOfChannelsThatAreCreatedHere() {
        with(Map.of("channel_length", "2"));
        post("a", "{}");
        assertThat(talk.comet().channel("a").options().historyMessages()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "channel_length,0",
        "channel_length,x",
        "timeout,0",
        "timeout,1s",
        "auth_user,ann",
        "allow_from,localhost"
    })
    void wrongSettings_areSaid(String name, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StardustSettings.read(new Values("stardust", Map.of(name, value)))
                        .rules())
                .withMessageContaining(value.equals("ann") ? name : value);
    }
}
