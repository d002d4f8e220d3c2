package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.icomet.Client.Said;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Protocol page: the front's polls, sequence rules, callbacks, 401 and 429. */
final class IcometPollTest {
    private static void publish(IcometWire wire, int from, int to) {
        for (int i = from; i <= to; i++) {
            wire.admin("/push?cname=a&content=" + i);
        }
    }

    // ---- sequence rules

    @ParameterizedTest
    @ValueSource(strings = {"", "&seq=0", "&seq=", "&seq=-1", "&seq=4", "&seq=99999999999999999"})
    void poll_thatCannotGoOn_isToldTheNextSeq_atOnce(String seq) {
        try (IcometWire wire = new IcometWire()) {
            publish(wire, 1, 2);
            IcometWire.Held held = wire.open("/sub?cname=a" + seq);
            assertThat(held.ended).isTrue();
            assertThat(Client.bare(held.body())).containsExactly(Said.nextSeq("a", 3));
        }
    }

    @Test
    void poll_atTheNextSeq_isHeld_withItsHeadersSent_andEndsWithOneObject() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1&cb=c");
            assertThat(held.framing.sendsHeadersAtOnce()).isTrue();
            assertThat(held.body()).isEmpty();
            publish(wire, 1, 1);
            assertThat(held.ended).isTrue();
            assertThat(held.body()).isEqualTo("c({\"type\":\"data\",\"cname\":\"a\",\"seq\":1,\"content\":\"1\"});\n");
            assertThat(wire.comet.stats().subscribers()).isZero();
        }
    }

    @Test
    void poll_behind_getsWhatIsBuffered_asAnArray() {
        try (IcometWire wire = new IcometWire()) {
            publish(wire, 1, 3);
            assertThat(wire.front("/sub?cname=a&seq=2").body()).startsWith("[").endsWith("]\n");
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=2").body()))
                    .containsExactly(Said.data("a", 2, "2"), Said.data("a", 3, "3"));
            assertThat(wire.front("/sub?cname=a&seq=3").body())
                    .isEqualTo("[{\"type\":\"data\",\"cname\":\"a\",\"seq\":3,\"content\":\"3\"}]\n");
        }
    }

    @Test
    void poll_behindTheBuffer_skipsWhatIsGone_andTheStatisticsCountIt() {
        try (IcometWire wire = new IcometWire("channel_buffer_size=3")) {
            publish(wire, 1, 10);
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=2").body()))
                    .extracting(Said::seq)
                    .containsExactly(8L, 9L, 10L);
            assertThat(wire.comet.stats().lost()).isEqualTo(6);
        }
    }

    @Test
    void poll_behindAClearedBuffer_isHeld_andGetsTheNext_bare() {
        try (IcometWire wire = new IcometWire()) {
            publish(wire, 1, 2);
            wire.admin("/clear?cname=a");
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1");
            assertThat(held.body()).isEmpty();
            publish(wire, 3, 3);
            assertThat(held.body()).isEqualTo("{\"type\":\"data\",\"cname\":\"a\",\"seq\":3,\"content\":\"3\"}\n");
        }
    }

    /** Found late: several messages at once; the poll takes the first, as it promised, and none is lost to the next. */
    @Test
    void poll_thatIsSlow_takesOneLiveMessage_andLeavesTheOthersToTheNext() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1");
            held.slow = true;
            publish(wire, 1, 3);
            held.slow = false;
            held.drain();
            assertThat(held.body()).startsWith("{");
            assertThat(Client.bare(held.body())).containsExactly(Said.data("a", 1, "1"));
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=2").body()))
                    .containsExactly(Said.data("a", 2, "2"), Said.data("a", 3, "3"));
        }
    }

    /** Race: a message comes between the attach and the first look. */
    @Test
    void message_thatComesBeforeTheFirstLook_isLeftToThePollAfterNextSeq() {
        try (IcometWire wire = new IcometWire("channel_buffer_size=3")) {
            publish(wire, 1, 1);
            wire.slow = true;
            IcometWire.Held held = wire.open("/sub?cname=a&seq=0");
            publish(wire, 2, 2);
            held.slow = false;
            held.drain();
            assertThat(Client.bare(held.body())).containsExactly(Said.nextSeq("a", 2));
            wire.slow = false;
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=2").body())).containsExactly(Said.data("a", 2, "2"));
        }
    }

    /** The same race where the client waits for that message: it was buffered when the poll looked. */
    @Test
    void message_thatComesBeforeTheFirstLook_isBuffered() {
        try (IcometWire wire = new IcometWire()) {
            wire.slow = true;
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1");
            publish(wire, 1, 2);
            held.slow = false;
            held.drain();
            assertThat(held.body()).startsWith("[");
            assertThat(Client.bare(held.body())).containsExactly(Said.data("a", 1, "1"), Said.data("a", 2, "2"));
        }
    }

    @Test
    void bigBuffer_comesInPieces_withoutLossOrRepetition() {
        try (IcometWire wire = new IcometWire("channel_buffer_size=100")) {
            String filler = "x".repeat(2000);
            for (int i = 1; i <= 100; i++) {
                wire.comet.channel("a").publish(i + filler);
            }
            wire.comet.remove("a");
            for (int i = 1; i <= 100; i++) {
                wire.adminForm("/push", "cname=a&content=" + i + filler);
            }
            long seq = 1;
            int polls = 0;
            while (seq <= 100) {
                for (Said said :
                        Client.bare(wire.front("/sub?cname=a&seq=" + seq).body())) {
                    assertThat(said).isEqualTo(Said.data("a", seq, seq + filler));
                    seq++;
                }
                polls++;
            }
            assertThat(polls).isBetween(5, 10);
        }
    }

    // ---- noop

    @Test
    void noop_endsAPollAfterPollingTimeout_withTheClientsNumber() {
        try (IcometWire wire = new IcometWire("polling_timeout=3")) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1&noop=7&cb=c");
            wire.time.advance(Duration.ofMillis(2_999));
            assertThat(held.body()).isEmpty();
            wire.time.advance(Duration.ofMillis(1));
            assertThat(held.body()).isEqualTo("c({\"type\":\"noop\",\"cname\":\"a\",\"seq\":7,\"content\":\"\"});\n");
            assertThat(held.ended).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "2147483647", "-2147483648"})
    void noop_isA32BitNumber_thatClientsLetRunOver(String noop) {
        try (IcometWire wire = new IcometWire()) {
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1&noop=" + noop).body()))
                    .containsExactly(new Said("noop", "a", Long.parseLong(noop), ""));
        }
    }

    // ---- close, broadcast

    @Test
    void close_endsAPoll_withTheNextSeq() {
        try (IcometWire wire = new IcometWire()) {
            publish(wire, 1, 2);
            IcometWire.Held held = wire.open("/poll?cname=a&seq=3");
            assertThat(wire.admin("/close?cname=a").body()).isEqualTo("ok 3\n");
            assertThat(Client.call("icomet_cb", held.body())).containsExactly(new Said("close", "a", 3, ""));
            assertThat(held.ended).isTrue();
        }
    }

    @Test
    void broadcast_inAPoll_isAnArrayOfTwo() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1&cb=c");
            wire.admin("/broadcast?content=%22q%22");
            assertThat(held.body())
                    .isEqualTo("c([{\"type\":\"broadcast\",\"cname\":\"a\",\"seq\":1,\"content\":\"\\\"q\\\"\"},"
                            + "{\"type\":\"next_seq\",\"cname\":\"a\",\"seq\":2,\"content\":\"\"}]);\n");
        }
    }

    @Test
    void broadcast_isReplayed_asABroadcast() {
        try (IcometWire wire = new IcometWire()) {
            publish(wire, 1, 1);
            wire.admin("/broadcast?content=b");
            publish(wire, 3, 3);
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body()))
                    .containsExactly(
                            Said.data("a", 1, "1"),
                            new Said("broadcast", "a", 2, "b"),
                            Said.nextSeq("a", 3),
                            Said.data("a", 3, "3"));
        }
    }

    // ---- payloads

    @Test
    void payloads_ofOtherDialects_areTheirTexts_andTypesAreIgnored() {
        try (IcometWire wire = new IcometWire()) {
            wire.comet.publish("a", Draft.text("t").withType("greeting").withAttribute("sender", "x"));
            wire.comet.publishJson("a", "{\"k\": [1,\"<\"]}");
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body()))
                    .containsExactly(Said.data("a", 1, "t"), Said.data("a", 2, "{\"k\": [1,\"<\"]}"));
        }
    }

    // ---- callbacks and headers

    @Test
    void callback_isByEndpoint_whereTheParameterIsAbsent() {
        try (IcometWire wire = new IcometWire()) {
            assertThat(wire.front("/poll?cname=a").body())
                    .startsWith("icomet_cb({")
                    .endsWith("});\n");
            assertThat(wire.front("/sub?cname=a").body()).startsWith("{").endsWith("}\n");
            assertThat(wire.front("/ping").body()).isEqualTo("icomet_cb({\"type\":\"ping\",\"sub_timeout\":30});\n");
            for (String endpoint : new String[] {"/poll", "/sub", "/ping"}) {
                assertThat(wire.front(endpoint + "?cname=a&cb=").body())
                        .startsWith("{")
                        .endsWith("}\n");
                assertThat(wire.front(endpoint + "?cname=a&cb=a.b_c.d").body())
                        .startsWith("a.b_c.d({")
                        .endsWith("});\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alert(1)//",
                "a;b",
                "xyz.",
                ".xyz",
                "x..yz",
                "1a",
                "a b",
                "a[0]",
                "<script>",
                "a\n",
                "\u2028",
                "a\u0000",
                "x=1",
                "\u00e4"
            })
    void hostileCallback_isRefused_andNotRepeated(String callback) {
        try (IcometWire wire = new IcometWire()) {
            for (String endpoint : new String[] {"/poll", "/sub", "/ping"}) {
                refusedCallback(wire.front(endpoint + "?cname=a&cb=" + IcometWire.encoded(callback)), callback);
            }
            for (String endpoint : new String[] {"/sign", "/push", "/pub"}) {
                refusedCallback(wire.admin(endpoint + "?cname=a&cb=" + IcometWire.encoded(callback)), callback);
            }
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    private static void refusedCallback(IcometWire.Answer answer, String callback) {
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.type()).isEqualTo("text/plain; charset=utf-8");
        assertThat(answer.body()).startsWith("cb: ").doesNotContain(callback);
    }

    @Test
    void callback_hasAtMost128Characters() {
        try (IcometWire wire = new IcometWire()) {
            assertThat(wire.front("/ping?cb=" + "a".repeat(128)).status()).isEqualTo(200);
            assertThat(wire.front("/ping?cb=" + "a".repeat(129)).status()).isEqualTo(400);
        }
    }

    @Test
    void headers_areThoseOfThePage() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Answer bare = wire.front("/sub?cname=a");
            assertThat(bare.headers())
                    .containsEntry("Expires", "0")
                    .containsEntry("Cache-Control", "no-cache")
                    .containsEntry("Content-Type", "application/json; charset=utf-8");
            assertThat(wire.front("/poll?cname=a").type()).isEqualTo("text/javascript; charset=utf-8");
            assertThat(wire.front("/ping").type()).isEqualTo("text/javascript; charset=utf-8");
        }
    }

    // ---- refusals

    @Test
    void otherMethods_are405() {
        try (IcometWire wire = new IcometWire()) {
            for (String method : new String[] {"POST", "HEAD", "PUT", "DELETE", "OPTIONS", "X"}) {
                for (String endpoint : new String[] {"/poll", "/sub", "/stream", "/iframe", "/sse", "/ping"}) {
                    IcometWire.Answer answer = wire.answer(wire.front, Ask.of(method, endpoint + "?cname=a"));
                    assertThat(answer.status()).isEqualTo(405);
                    assertThat(answer.headers()).containsEntry("Allow", "GET");
                }
            }
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "seq=x",
                "seq=1.5",
                "seq=1e3",
                "seq=9999999999999999999",
                "seq=%D9%A1",
                "noop=2147483648",
                "noop=x",
                "cname=%ff",
                "cname=%zz"
            })
    void badParameter_is400InWords(String parameter) {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Answer answer = wire.front("/sub?" + parameter + "&cname=a");
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).endsWith("\n").hasSizeGreaterThan(10);
        }
    }

    @Test
    void unknownPath_is404() {
        try (IcometWire wire = new IcometWire()) {
            for (String path : new String[] {"", "/", "/poll/", "/sign", "/push", "/polls"}) {
                assertThat(wire.front(path + "?cname=a").status()).as(path).isEqualTo(404);
            }
        }
    }

    @Test
    void tooManyChannels_is429_inTheEndpointsEnvelope_andOldOnesGoOn() {
        try (IcometWire wire = new IcometWire("max_channels=1")) {
            wire.admin("/push?cname=a&content=x");
            assertThat(wire.front("/poll?cname=b").status()).isEqualTo(200);
            assertThat(wire.front("/poll?cname=b").body())
                    .isEqualTo(
                            "icomet_cb({\"type\":\"429\",\"cname\":\"b\",\"seq\":0,\"content\":\"Too many channels\"});\n");
            assertThat(Client.sse(wire.front("/sse?cname=b").body()))
                    .containsExactly(new Said("429", "b", 0, "Too many channels"));
            assertThat(wire.front("/sub?cname=a&seq=1").body()).startsWith("[");
            assertThat(wire.comet.stats().refusals().toString()).contains("=3");
        }
    }

    @Test
    void hubsOwnLimitOfChannels_is429Too() {
        try (IcometWire wire =
                new IcometWire(Comet.builder().maxChannels(1), question -> Authorizer.Decision.UNKNOWN)) {
            wire.admin("/push?cname=a&content=x");
            assertThat(Client.bare(wire.front("/sub?cname=b").body()))
                    .containsExactly(new Said("429", "b", 0, "Too many channels"));
        }
    }

    @Test
    void tooManySubscribers_is429_inTheEndpointsEnvelope() {
        try (IcometWire wire = new IcometWire("max_subscribers_per_channel=2")) {
            wire.open("/sub?cname=a&seq=1");
            IcometWire.Held second = wire.open("/stream?cname=a&seq=1");
            Said expected = new Said("429", "a", 0, "Too many subscribers");
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body())).containsExactly(expected);
            assertThat(Client.lines(wire.front("/stream?cname=a").body())).containsExactly(expected);
            assertThat(Client.iframe(wire.front("/iframe?cname=a").body())).containsExactly(expected);
            IcometWire.Answer sse = wire.front("/sse?cname=a");
            assertThat(Client.sse(sse.body())).containsExactly(expected);
            assertThat(sse.headers()).containsEntry("Access-Control-Allow-Origin", "*");
            second.leave();
            assertThat(wire.open("/sub?cname=a&seq=1").ended).isFalse();
        }
    }

    @Test
    void nameThatNoChannelMayHave_is401_whateverTheAuth() {
        for (String auth : new String[] {"auth=none", "auth=token"}) {
            try (IcometWire wire = new IcometWire(auth)) {
                for (String cname : new String[] {"", "a/b", "a\\b", "a%b", "a\nb", "\u0000", "x".repeat(201)}) {
                    Said said = Client.bare(wire.front("/sub?cname=" + IcometWire.encoded(cname))
                                    .body())
                            .get(0);
                    assertThat(said.type()).isEqualTo("401");
                    assertThat(said.cname()).isEqualTo(cname);
                    assertThat(said.seq()).isZero();
                }
                assertThat(wire.front("/sub").body()).contains("\"401\"");
            }
        }
    }

    @Test
    void serverThatShutsDown_is503_andAnswersItsPolls() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1&noop=2");
            wire.comet.drain(Duration.ZERO);
            assertThat(Client.bare(held.body())).containsExactly(new Said("noop", "a", 2, ""));
            assertThat(wire.front("/sub?cname=a").status()).isEqualTo(503);
        }
    }

    // ---- tokens

    @Test
    void token_isWhatSignReturned() {
        try (IcometWire wire = new IcometWire("auth=token")) {
            String token = token(wire, "a");
            assertThat(wire.open("/sub?cname=a&seq=1&token=" + token).ended).isFalse();
            assertThat(wire.open("/sse?cname=a&seq=1&token=" + token).ended).isFalse();
            Said refused = new Said("401", "a", 0, "Token error");
            for (String wrong : new String[] {
                "",
                "&token=",
                "&token=" + token.substring(1),
                "&token=" + token + "0",
                "&token=" + token.toUpperCase(java.util.Locale.ROOT) + "x",
                "&token=" + token(wire, "b")
            }) {
                assertThat(Client.bare(wire.front("/sub?cname=a&seq=1" + wrong).body()))
                        .as(wrong)
                        .containsExactly(refused);
                assertThat(Client.iframe(
                                wire.front("/iframe?cname=a&seq=1" + wrong).body()))
                        .containsExactly(refused);
            }
        }
    }

    @Test
    void token_forAnUnknownChannel_isRefused_andCreatesNone() {
        try (IcometWire wire = new IcometWire("auth=token")) {
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1&token=x").body()))
                    .containsExactly(new Said("401", "a", 0, "Token error"));
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    @Test
    void token_ofAnEarlierLife_isRefused() {
        try (IcometWire wire = new IcometWire("auth=token")) {
            String token = token(wire, "a");
            wire.admin("/close?cname=a");
            wire.admin("/push?cname=a&content=x");
            assertThat(wire.front("/sub?cname=a&seq=1&token=" + token).body()).contains("\"401\"");
        }
    }

    @Test
    void token_isNotAsked_whenAuthIsNone() {
        try (IcometWire wire = new IcometWire()) {
            assertThat(wire.open("/sub?cname=a&seq=1&token=nonsense").ended).isFalse();
        }
    }

    static String token(IcometWire wire, String cname) {
        String body = wire.admin("/sign?cname=" + cname).body();
        int at = body.indexOf("\"token\":\"") + "\"token\":\"".length();
        return body.substring(at, at + 32);
    }

    @Test
    void authorizer_isAsked_andItsNoIs401() {
        Authorizer noA = question ->
                question.action() == Action.SUBSCRIBE && question.channel().equals("a")
                        ? Authorizer.Decision.DENY
                        : Authorizer.Decision.UNKNOWN;
        try (IcometWire wire = new IcometWire(Comet.builder(), noA)) {
            assertThat(wire.front("/sub?cname=a").body()).contains("\"401\"");
            assertThat(wire.front("/sub?cname=b").body()).contains("next_seq");
        }
    }

    // ---- the channel that is created

    @Test
    void subscribe_createsTheChannel_withIcometsOptions() {
        try (IcometWire wire = new IcometWire("channel_buffer_size=3", "channel_timeout=4")) {
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1");
            ChannelOptions options = wire.comet.find("a").orElseThrow().options();
            assertThat(options.historyMessages()).isEqualTo(3);
            assertThat(options.idleTimeout()).isEqualTo(Duration.ofSeconds(4));
            assertThat(options.historyAge()).isGreaterThan(Duration.ofDays(3650));
            held.leave();
            wire.time.advance(Duration.ofSeconds(3));
            wire.admin("/push?cname=a&content=x"); // restarts the time
            wire.time.advance(Duration.ofMillis(3_900));
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{\"a\": 1}\n");
            wire.time.advance(Duration.ofMillis(200));
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{}\n");
        }
    }
}
