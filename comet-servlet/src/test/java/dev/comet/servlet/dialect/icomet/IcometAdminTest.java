package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Caller;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.icomet.Client.Said;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Protocol page: "Admin endpoints", "Life of a channel, and settings". */
final class IcometAdminTest {
    private static final String[] ENDPOINTS = {
        "/sign", "/push", "/pub", "/broadcast", "/close", "/clear", "/info", "/check", "/psub"
    };

    // ---- sign

    @Test
    void sign_createsTheChannel_andSigningAgainReturnsTheSameToken() {
        try (IcometWire wire = new IcometWire("channel_timeout=4", "polling_timeout=3")) {
            String token = IcometPollTest.token(wire, "a");
            assertThat(token).matches("[0-9a-f]{32}");
            assertThat(wire.admin("/sign?cname=a").body())
                    .isEqualTo("{\"type\":\"sign\",\"cname\":\"a\",\"seq\":1,\"token\":\"" + token
                            + "\",\"expires\":4,\"sub_timeout\":3}\n");
            assertThat(wire.admin("/sign?cname=a&expires=60&cb=x.y").body())
                    .isEqualTo("x.y({\"type\":\"sign\",\"cname\":\"a\",\"seq\":1,\"token\":\"" + token
                            + "\",\"expires\":60,\"sub_timeout\":3});\n");
            assertThat(IcometPollTest.token(wire, "b")).isNotEqualTo(token);
        }
    }

    @Test
    void signsSeq_isTheOldestThatIsBuffered_orTheNext() {
        try (IcometWire wire = new IcometWire("channel_buffer_size=2")) {
            for (int i = 0; i < 5; i++) {
                wire.admin("/push?cname=a&content=x");
            }
            assertThat(wire.admin("/sign?cname=a").body()).contains("\"seq\":4,");
            wire.admin("/clear?cname=a");
            assertThat(wire.admin("/sign?cname=a").body()).contains("\"seq\":6,");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',4",
        "&expires=,4",
        "&expires=0,4",
        "&expires=-3,4",
        "&expires=9,9",
        "&expires=99999999999,1000000000"
    })
    void expires_isHowLongItWaitsForSomebody(String parameter, long seconds) {
        try (IcometWire wire = new IcometWire("channel_timeout=4")) {
            assertThat(wire.admin("/sign?cname=a" + parameter).body()).contains("\"expires\":" + seconds + ",");
            wire.time.advance(Duration.ofMillis(Math.min(seconds, 100) * 1000 - 1));
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{\"a\": 1}\n");
            if (seconds < 100) {
                wire.time.advance(Duration.ofMillis(2));
                assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{}\n");
            }
        }
    }

    @Test
    void sign_renews_andASubscriberEndsTheWaiting() {
        try (IcometWire wire = new IcometWire("channel_timeout=4")) {
            wire.admin("/sign?cname=a&expires=60");
            IcometWire.Held held = wire.open("/sub?cname=a&seq=1");
            held.leave();
            wire.time.advance(Duration.ofMillis(4_001)); // its own time counts again
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{}\n");
            wire.admin("/sign?cname=b");
            wire.time.advance(Duration.ofSeconds(3));
            wire.admin("/sign?cname=b");
            wire.time.advance(Duration.ofSeconds(3));
            assertThat(wire.admin("/check?cname=b").body()).isEqualTo("{\"b\": 1}\n");
        }
    }

    @Test
    void sign_doesNotTakeAwayAChannelThatIsToStay() {
        try (IcometWire wire = new IcometWire()) {
            wire.comet.create("a", ChannelOptions.DEFAULT.withIdleTimeout(Duration.ZERO));
            wire.admin("/sign?cname=a&expires=1");
            wire.time.advance(Duration.ofDays(1));
            assertThat(wire.comet.find("a")).isPresent();
        }
    }

    @Test
    void tooManyChannels_isHttp429() {
        try (IcometWire wire = new IcometWire("max_channels=2")) {
            wire.admin("/sign?cname=a");
            wire.admin("/push?cname=b&content=x");
            for (String target : new String[] {"/sign?cname=c", "/push?cname=c&content=x", "/pub?cname=c&content=x"}) {
                IcometWire.Answer answer = wire.admin(target);
                assertThat(answer.status()).isEqualTo(429);
                assertThat(answer.body()).containsIgnoringCase("too many channels");
            }
            assertThat(wire.admin("/sign?cname=a").status()).isEqualTo(200);
            assertThat(wire.comet.channelCount()).isEqualTo(2);
        }
    }

    // ---- push, pub

    @ParameterizedTest
    @ValueSource(strings = {"/push", "/pub"})
    void publish_byGetAndByForm_createsTheChannel(String endpoint) {
        try (IcometWire wire = new IcometWire("channel_buffer_size=5")) {
            IcometWire.Answer answer = wire.admin(endpoint + "?cname=a&content=one");
            assertThat(answer.body()).isEqualTo("{\"type\":\"ok\"}\n");
            assertThat(answer.type()).isEqualTo("text/javascript; charset=utf-8");
            assertThat(wire.adminForm(endpoint, "cname=a&content=two+words").body())
                    .isEqualTo("{\"type\":\"ok\"}\n");
            assertThat(wire.adminForm(endpoint + "", "cname=a&content=3&cb=c.d").body())
                    .isEqualTo("c.d({\"type\":\"ok\"});\n");
            assertThat(wire.answer(
                                    wire.admin,
                                    Ask.of("POST", endpoint + "?cname=a&content=query")
                                            .with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
                                            .from(Ask.LOCAL)
                                            .body("content=form"))
                            .status())
                    .isEqualTo(200);
            wire.admin(endpoint + "?cname=a");
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body()))
                    .extracting(Said::content)
                    .containsExactly("one", "two words", "3", "form", "");
            assertThat(wire.comet.find("a").orElseThrow().options().historyMessages())
                    .isEqualTo(5);
        }
    }

    @Test
    void pub_takesTheInsideOfAJsonString() {
        try (IcometWire wire = new IcometWire()) {
            wire.admin("/pub?cname=a&content=" + IcometWire.encoded("a\\\"b\\\\c\\nd\\u00e4\\/\u00e4"));
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body()))
                    .containsExactly(Said.data("a", 1, "a\"b\\c\nd\u00e4/\u00e4"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"",
                "a\"b",
                "\\",
                "a\\",
                "\\x",
                "\\u12",
                "\n",
                "\u0000",
                "\",\"x\":\"",
                "\" \"",
                "\"]",
                "\\'",
                "\"/*",
                "\"//"
            })
    void pub_refusesWhatIsNotTheInsideOfAJsonString(String content) {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Answer answer = wire.admin("/pub?cname=a&content=" + IcometWire.encoded(content));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).startsWith("content: ");
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    @Test
    void form_isNeeded_andItsSizeIsBounded() {
        try (IcometWire wire = new IcometWire()) {
            Ask json = Ask.of("POST", "/push")
                    .from(Ask.LOCAL)
                    .with("Content-Type", "application/json")
                    .body("{}");
            assertThat(wire.answer(wire.admin, json).status()).isEqualTo(415);
            Reply.Read read = (Reply.Read)
                    wire.admin.answer(Ask.form("/push", "").from(Ask.LOCAL).request());
            assertThat(read.limit()).isBetween(3L << 20, (3L << 20) + 10_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/sign", "/push", "/pub"})
    void nameThatNoChannelMayHave_is400(String endpoint) {
        try (IcometWire wire = new IcometWire()) {
            for (String cname : new String[] {"", "a/b", "a%0ab", "x".repeat(201)}) {
                assertThat(wire.admin(endpoint + "?content=x&cname=" + IcometWire.encoded(cname))
                                .status())
                        .isEqualTo(400);
            }
        }
    }

    // ---- broadcast, close, clear

    @Test
    void broadcast_goesToEveryChannel_andTakesItsNextSeq() {
        try (IcometWire wire = new IcometWire()) {
            wire.admin("/push?cname=a&content=x");
            wire.admin("/sign?cname=b");
            IcometWire.Answer answer = wire.admin("/broadcast?content=to%20all");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("ok\n");
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=2").body()))
                    .containsExactly(new Said("broadcast", "a", 2, "to all"), Said.nextSeq("a", 3));
            assertThat(Client.bare(wire.front("/sub?cname=b&seq=1").body()))
                    .containsExactly(new Said("broadcast", "b", 1, "to all"), Said.nextSeq("b", 2));
        }
    }

    @Test
    void closeAndClear_answerWithTheNextSeq() {
        try (IcometWire wire = new IcometWire()) {
            wire.admin("/push?cname=a&content=x");
            wire.admin("/push?cname=a&content=x");
            assertThat(wire.admin("/clear?cname=a").body()).isEqualTo("ok 3\n");
            assertThat(wire.front("/sub?cname=a").body())
                    .contains("\"next_seq\"")
                    .contains("\"seq\":3");
            assertThat(wire.admin("/close?cname=a").body()).isEqualTo("ok 3\n");
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{}\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/close", "/clear"})
    void unknownChannel_is404(String endpoint) {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Answer answer = wire.admin(endpoint + "?cname=a");
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).isEqualTo("channel[a] not connected\n");
            IcometWire.Answer markup = wire.admin(endpoint + "?cname=%3Cscript%3E%0D%0Aok%201");
            assertThat(markup.status()).isEqualTo(404);
            assertThat(markup.body()).isEqualTo("channel[<script>??ok 1] not connected\n");
            assertThat(markup.type()).isEqualTo("text/plain; charset=utf-8");
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    // ---- info, check

    @Test
    void info_counts() {
        try (IcometWire wire = new IcometWire()) {
            assertThat(wire.admin("/info").body())
                    .matches("\\{\"version\": \"[^\"]+\", \"channels\": 0, \"subscribers\": 0}\n");
            wire.open("/sub?cname=a&seq=1");
            wire.open("/sse?cname=a&seq=1");
            wire.admin("/sign?cname=b");
            assertThat(wire.admin("/info").body()).contains("\"channels\": 2, \"subscribers\": 2}");
            assertThat(wire.admin("/info?cname=a").body()).isEqualTo("{\"cname\": \"a\", \"subscribers\": 2}\n");
            assertThat(wire.admin("/info?cname=unknown").body())
                    .isEqualTo("{\"cname\": \"unknown\", \"subscribers\": 0}\n");
            assertThat(wire.admin("/info?cname=a").type()).isEqualTo("application/json; charset=utf-8");
            assertThat(wire.comet.stats().subscribersBySource())
                    .containsEntry("icomet-sub", 1)
                    .containsEntry("icomet-sse", 1);
        }
    }

    @Test
    void check_tellsWhetherTheChannelExists() {
        try (IcometWire wire = new IcometWire()) {
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{}\n");
            assertThat(wire.admin("/check").body()).isEqualTo("{}\n");
            assertThat(wire.admin("/check?cname=a%2Fb").body()).isEqualTo("{}\n");
            wire.admin("/sign?cname=a");
            assertThat(wire.admin("/check?cname=a").body()).isEqualTo("{\"a\": 1}\n");
        }
    }

    // ---- psub

    private static IcometWire.Held psub(IcometWire wire) {
        return wire.open(wire.admin, Ask.get("/psub").from(Ask.LOCAL));
    }

    @Test
    void psub_tellsOfComingAndGoing() {
        try (IcometWire wire = new IcometWire("channel_timeout=4")) {
            wire.admin("/sign?cname=before");
            IcometWire.Held held = psub(wire);
            assertThat(held.take()).isEmpty();
            assertThat(held.headers).containsEntry("X-Content-Type-Options", "nosniff");
            assertThat(held.framing.sendsHeadersAtOnce()).isTrue();
            wire.admin("/push?cname=a&content=x");
            wire.admin("/push?cname=a&content=x");
            assertThat(held.take()).isEqualTo("1 a\n");
            wire.admin("/close?cname=a");
            assertThat(held.take()).isEqualTo("0 a\n");
            wire.time.advance(Duration.ofMillis(4_500));
            assertThat(held.take()).isEqualTo("0 before\n");
            assertThat(held.ended).isFalse();
        }
    }

    @Test
    void psub_repeatsWhoIsThere_everyChannelTimeout() {
        try (IcometWire wire = new IcometWire("channel_timeout=10", "polling_timeout=100000")) {
            IcometWire.Held held = psub(wire);
            wire.open("/stream?cname=a&seq=1");
            assertThat(held.take()).isEqualTo("1 a\n");
            wire.time.advance(Duration.ofSeconds(35));
            assertThat(held.take()).isEqualTo("1 a\n1 a\n1 a\n");
        }
    }

    /** A heartbeat comes after a silence only: where others come and go all the time, there would never be one. */
    @Test
    void psub_repeats_whileOthersComeAndGo() {
        try (IcometWire wire = new IcometWire("channel_timeout=10", "polling_timeout=100000")) {
            IcometWire.Held held = psub(wire);
            wire.open("/stream?cname=a&seq=1");
            held.take();
            for (int i = 0; i < 210; i++) {
                wire.admin("/sign?cname=b" + i);
                wire.admin("/close?cname=b" + i);
                wire.time.advance(Duration.ofMillis(100));
            }
            assertThat(held.take().lines().filter("1 a"::equals)).hasSize(2);
        }
    }

    @Test
    void psub_thatMissedNews_isToldWhoIsThere() {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = psub(wire);
            held.slow = true;
            wire.admin("/sign?cname=a");
            for (int i = 0; i < 3000; i++) {
                wire.admin("/sign?cname=b");
                wire.admin("/close?cname=b");
            }
            held.slow = false;
            held.drain();
            assertThat(held.take()).startsWith("1 a\n");
        }
    }

    // ---- who may

    private static Ask from(String address, String target) {
        return Ask.get(target).from(new Caller(address, false, Optional.empty(), Optional.empty()));
    }

    private static boolean allowed(IcometWire wire, Ask ask) {
        int status = wire.answer(wire.admin, ask).status();
        assertThat(status).isIn(200, 403);
        return status == 200;
    }

    @Test
    void admin_isForThisMachineOnly_byDefault() {
        try (IcometWire wire = new IcometWire()) {
            for (String endpoint : ENDPOINTS) {
                IcometWire.Answer answer = wire.answer(wire.admin, Ask.get(endpoint + "?cname=a&content=x"));
                assertThat(answer.status()).as(endpoint).isEqualTo(403);
                assertThat(answer.body()).endsWith("\n");
            }
            assertThat(wire.answer(wire.admin, Ask.form("/push", "cname=a&content=x"))
                            .status())
                    .isEqualTo(403);
            assertThat(allowed(wire, from("127.0.0.1", "/info"))).isFalse(); // it was forwarded for another
            assertThat(wire.answer(
                                    wire.admin,
                                    Ask.get("/push?cname=a&content=x")
                                            .from(Ask.LOCAL)
                                            .with("Sec-Fetch-Site", "cross-site"))
                            .status())
                    .isEqualTo(403);
            assertThat(wire.comet.channelCount()).isZero();
        }
    }

    @Test
    void admin_isAllowedAndDenied_byTheBeginningsOfAddresses() {
        try (IcometWire wire = new IcometWire("admin_allow=127.0.0.1, 192.168", "admin_deny=192.168.7")) {
            assertThat(allowed(wire, Ask.get("/info").from(Ask.LOCAL))).isTrue();
            assertThat(allowed(wire, from("192.168.1.2", "/info"))).isTrue();
            assertThat(allowed(wire, from("192.168.7.2", "/info"))).isFalse();
            assertThat(allowed(wire, from("192.1689.1.2", "/info"))).isFalse();
            assertThat(allowed(wire, from("10.0.0.1", "/info"))).isFalse();
        }
    }

    /** As it stands in the original's configuration, after those that are allowed. */
    @Test
    void denyAll_meansAllOthers() {
        try (IcometWire wire = new IcometWire("admin_allow=127.0.0.1,192.168", "admin_deny=all")) {
            assertThat(allowed(wire, Ask.get("/info").from(Ask.LOCAL))).isTrue();
            assertThat(allowed(wire, from("192.168.1.2", "/info"))).isTrue();
            assertThat(allowed(wire, from("10.0.0.1", "/info"))).isFalse();
        }
        try (IcometWire wire = new IcometWire("admin_allow=all", "admin_deny=10")) {
            assertThat(allowed(wire, from("8.8.8.8", "/info"))).isTrue();
            assertThat(allowed(wire, from("10.0.0.1", "/info"))).isFalse();
        }
        try (IcometWire wire = new IcometWire("admin_allow=all", "admin_deny=all")) {
            assertThat(allowed(wire, Ask.get("/info").from(Ask.LOCAL))).isFalse();
        }
        try (IcometWire wire = new IcometWire("admin_allow=", "admin_deny=all")) {
            assertThat(allowed(wire, Ask.get("/info").from(Ask.LOCAL))).isFalse();
        }
    }

    @Test
    void authorizer_mayOpenOneChannelToAnyone_alsoForForms() {
        Authorizer chat = question ->
                question.action() == Action.PUBLISH && question.channel().equals("chat")
                        ? Authorizer.Decision.ALLOW
                        : Authorizer.Decision.UNKNOWN;
        try (IcometWire wire = new IcometWire(Comet.builder(), chat)) {
            assertThat(wire.answer(wire.admin, Ask.get("/push?cname=chat&content=x"))
                            .status())
                    .isEqualTo(200);
            assertThat(wire.answer(wire.admin, Ask.form("/push", "cname=chat&content=x"))
                            .status())
                    .isEqualTo(200);
            assertThat(wire.answer(wire.admin, Ask.form("/push", "cname=a&content=x"))
                            .status())
                    .isEqualTo(403);
            assertThat(wire.answer(wire.admin, Ask.get("/close?cname=chat")).status())
                    .isEqualTo(403);
        }
    }

    @Test
    void otherMethodsAndPaths_areRefused() {
        try (IcometWire wire = new IcometWire()) {
            for (String endpoint : ENDPOINTS) {
                for (String method : new String[] {"PUT", "DELETE", "OPTIONS", "HEAD"}) {
                    IcometWire.Answer answer =
                            wire.answer(wire.admin, Ask.of(method, endpoint).from(Ask.LOCAL));
                    assertThat(answer.status()).isEqualTo(405);
                    assertThat(answer.headers().get("Allow")).startsWith("GET");
                }
            }
            assertThat(wire.answer(wire.admin, Ask.of("POST", "/close").from(Ask.LOCAL))
                            .status())
                    .isEqualTo(405);
            assertThat(wire.admin("/poll").status()).isEqualTo(404);
        }
    }

    @Test
    void serverThatShutsDown_is503() {
        try (IcometWire wire = new IcometWire()) {
            wire.comet.close();
            assertThat(wire.admin("/push?cname=a&content=x").status()).isEqualTo(503);
        }
    }

    // ---- settings

    @Test
    void settings_areReadByTheirNames() {
        IcometSettings defaults = IcometWire.settings();
        assertThat(defaults.maxChannels()).isEqualTo(100_000);
        assertThat(defaults.maxSubscribersPerChannel()).isEqualTo(16);
        assertThat(defaults.channelBufferSize()).isEqualTo(10);
        assertThat(defaults.channelTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.pollingTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.tokens()).isFalse();
        assertThat(IcometWire.settings("icomet.auth=token").tokens()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max_channels=0",
                "max_subscribers_per_channel=0",
                "channel_buffer_size=0",
                "channel_timeout=0",
                "polling_timeout=1s",
                "auth=maybe",
                "max-channels=1"
            })
    void wrongSetting_isRefused_byItsName(String setting) {
        assertThatThrownBy(() -> IcometWire.settings(setting))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(setting.substring(0, setting.indexOf('=')));
    }

    /** To have the right to one channel, and to name it, is not to have it to all. */
    @Test
    void whatConcernsAllChannels_isAskedAsThat() {
        Authorizer room =
                question -> question.channel().equals("room") ? Authorizer.Decision.ALLOW : Authorizer.Decision.UNKNOWN;
        try (IcometWire wire = new IcometWire(Comet.builder(), room)) {
            for (String target : List.of("/broadcast?content=x&cname=room", "/psub?cname=room")) {
                assertThat(wire.answer(wire.admin, Ask.get(target)).status())
                        .as(target)
                        .isEqualTo(403);
            }
            assertThat(wire.answer(wire.admin, Ask.get("/clear?cname=room")).status())
                    .isEqualTo(404);
        }
    }

    /** Its creator's settings count, unless the signer says otherwise. */
    @Test
    void sign_withoutExpires_doesNotShortenAnothersChannel() {
        try (IcometWire wire = new IcometWire()) {
            wire.comet.channel("app", ChannelOptions.DEFAULT.withIdleTimeout(Duration.ofHours(1)));
            wire.admin("/sign?cname=app");
            wire.time.advance(Duration.ofMinutes(50));
            assertThat(wire.comet.find("app")).isPresent();
        }
    }

    /** Nobody makes the server read a form who may not publish to any channel. */
    @Test
    void post_ofAStranger_isRefusedBeforeItsBodyIsRead() {
        try (IcometWire wire = new IcometWire()) {
            assertThatThrownBy(() -> wire.admin.answer(
                            Ask.form("/push", "cname=a&content=x").request()))
                    .isInstanceOf(RefusedException.class);
        }
    }
}
