package dev.comet.servlet.dialect.simplecomet;

import static dev.comet.servlet.dialect.simplecomet.SimpleComet.failure;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.json;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.refusal;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.seconds;
import static dev.comet.servlet.dialect.simplecomet.SimpleComet.success;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.ManualScheduler;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Values;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page's table of requests, its envelopes, its switches; all but reading. */
final class SimpleCometResourcesTest {

    // ---- POST /channels

    @Test
    void channel_isCreatedOnce() {
        try (SimpleComet server = new SimpleComet()) {
            assertThat(success(server.post("/channels.json", "channel_id=a"))).containsEntry("channel_id", "a");
            failure(server.post("/channels.json", "channel_id=a"), -2, "Channel already exists");
            failure(server.post("/channels.json", ""), -1, "Missing channel id");
            failure(server.post("/channels.json", "channel_id="), -1, "Missing channel id");
            assertThat(refusal(server.post("/channels.json", "channel_id=a%2Fb"), -1))
                    .contains("control characters");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "x", "1.5", "", "1e3", "0x10", "%D9%A1"})
    void maxMessages_isAnIntegerFrom1(String value) {
        try (SimpleComet server = new SimpleComet()) {
            failure(
                    server.post("/channels.json", "channel_id=a&max_messages=" + value),
                    -1,
                    "Invalid max messages value");
            assertThat(server.comet().find("a")).isEmpty();
        }
    }

    @Test
    void channel_keepsWhatItWasCreatedWith() {
        try (SimpleComet server = new SimpleComet("messages-per-channel=7", "inactive-channel-timeout=5")) {
            server.post("/channels.json", "channel_id=a");
            server.post("/channels.json", "channel_id=b&max_messages=+3");
            server.post("/channels.json", "channel_id=c&max_messages=99999999999999999999&use_sessions=1");
            server.post("/channels.json", "channel_id=d&use_sessions=0");
            assertThat(server.comet().find("a").orElseThrow().options().historyMessages())
                    .isEqualTo(7);
            assertThat(server.comet().find("a").orElseThrow().options().idleTimeout())
                    .isEqualTo(seconds(5));
            assertThat(server.comet().find("b").orElseThrow().options().historyMessages())
                    .isEqualTo(3);
            assertThat(server.comet().find("c").orElseThrow().options().historyMessages())
                    .as("the hub's limit")
                    .isEqualTo(100_000);
            assertThat(server.comet().find("c").orElseThrow().options().sessionsOnly())
                    .isTrue();
            assertThat(server.comet().find("d").orElseThrow().options().sessionsOnly())
                    .isFalse();
        }
    }

    @Test
    void channelThatNobodyUses_goes_afterTheInactiveChannelTimeout() {
        try (SimpleComet server = new SimpleComet("inactive-channel-timeout=5")) {
            server.create("a");
            server.talk.pass(seconds(4));
            assertThat(server.comet().find("a")).isPresent();
            server.talk.pass(seconds(2));
            assertThat(server.comet().find("a")).isEmpty();
        }
    }

    @Test
    void hubThatIsFull_saysSo() {
        try (SimpleComet server = new SimpleComet(
                Comet.builder().maxChannels(1).maxSessions(1), Set.of(), question -> Authorizer.Decision.UNKNOWN)) {
            server.create("a");
            assertThat(refusal(server.post("/channels.json", "channel_id=b"), -5))
                    .contains("max-channels");
            success(server.post("/clients.json", "client_id=x"));
            refusal(server.post("/clients.json", "client_id=y"), -5);
            server.comet().close();
            refusal(server.post("/channels/a.json", "content=x"), -2);
        }
    }

    // ---- POST /channels/NAME

    @Test
    void publish_answersWithTheId() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a", "b");
            long first = server.publish("a", "x");
            long second = server.publish("b", "x");
            assertThat(first).isBetween(ManualScheduler.START_MILLIS * 100, ManualScheduler.START_MILLIS * 100 + 9);
            assertThat(second).isEqualTo(first + 1);
            failure(server.post("/channels/none.json", "content=x"), -2, "Nonexistent channel");
            failure(server.post("/channels/none.json", ""), -2, "Nonexistent channel");
            failure(server.post("/channels/.json", "content=x"), -2, "Nonexistent channel");
            failure(server.post("/channels/a.json", "text=x"), -1, "Missing content");
            assertThat(server.publish("a", "")).isEqualTo(second + 1);
        }
    }

    @Test
    void publish_ofWhatIsTooLarge_orNoForm_isRefused() {
        try (SimpleComet server = new SimpleComet(
                Comet.builder().maxMessageBytes(10), Set.of(), question -> Authorizer.Decision.UNKNOWN)) {
            server.create("a");
            assertThat(server.publish("a", "0123456789")).isPositive();
            assertThat(server.publish("a", "\u00e4\u00e4\u00e4\u00e4\u00e4")).isPositive();
            assertThat(refusal(server.post("/channels/a.json", "content=01234567890"), -1))
                    .contains("max-message-bytes");
            refusal(server.post("/channels/a.json", "content=" + "x".repeat(5_000)), -1);
            assertThat(refusal(server.post("/channels/a.json", "content=%FF"), -1))
                    .contains("UTF-8");
            refusal(server.post("/channels/a.json", "content=%4"), -1);
            Ask text = SimpleComet.local(Ask.publish("a.json", "text/plain", "x"));
            assertThat(refusal(server.talk.ask(text), -1)).contains("x-www-form-urlencoded");
        }
    }

    @Test
    void suffixes_mayStandInNames() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a.json", "b.jsonp.x", "\u00e4 +");
            assertThat(server.publish("a.json", "x")).isPositive();
            assertThat(server.publish("b.jsonp.x", "x")).isPositive();
            assertThat(server.publish("\u00e4 +", "x")).isPositive();
            failure(server.post("/channels/a.json", "content=x"), -2, "Nonexistent channel");
        }
    }

    // ---- DELETE

    @Test
    void delete_saysWhetherThereWasOne() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            assertThat(json(server.delete("/channels/a.json")))
                    .isEqualTo(Map.of("channel_id", "a", "removed", true, "return_code", 2L, "error_message", ""));
            assertThat(json(server.delete("/channels/a.json")))
                    .isEqualTo(Map.of("channel_id", "a", "removed", false, "return_code", 1L, "error_message", ""));
        }
    }

    // ---- POST /clients

    @Test
    void client_isRegisteredOnce() {
        try (SimpleComet server = new SimpleComet()) {
            assertThat(success(server.post("/clients.json", "client_id=x"))).containsEntry("client_id", "x");
            failure(server.post("/clients.json", "client_id=x"), -2, "Client already exists");
            failure(server.post("/clients.json", "channel_id=x"), -1, "Missing client id");
            failure(server.post("/clients.json", "client_id="), -1, "Missing client id");
            refusal(server.post("/clients.json", "client_id=%0A"), -1);
        }
    }

    // ---- GET /status

    @Test
    void status_isThere_whenEnabled() {
        try (SimpleComet server = new SimpleComet("enable-status")) {
            server.create("b", "a");
            server.post("/clients.json", "client_id=x");
            Held held = server.get("/channels/a.json");
            assertThat(held.isHeld()).isTrue();
            for (String path : List.of("/status.json", "/stats.json")) {
                assertThat(success(server.get(path)))
                        .containsEntry(
                                "status",
                                Map.of(
                                        "channels",
                                        List.of("a", "b"),
                                        "clients",
                                        List.of("x"),
                                        "held_connections_count",
                                        1L));
            }
            assertThat(server.get("/status.jsonp").text()).startsWith("_JSONP_comet_cb({\"status\":{");
            refusal(server.post("/status.json", ""), -1);
        }
    }

    @Test
    void status_isNotThere_otherwise() {
        try (SimpleComet server = new SimpleComet()) {
            failure(server.get("/status.json"), -1, "Status is not enabled");
            failure(server.get("/stats.json"), -1, "Status is not enabled");
        }
    }

    // ---- suffixes, callbacks, comments

    @ParameterizedTest
    @ValueSource(strings = {"/channels/a.xml", "/channels/a", "/channels/a.JSON", "/channels", "/status.txt", "/", ""})
    void suffixThatThereIsNot(String path) {
        try (SimpleComet server = new SimpleComet()) {
            failure(server.get(path), -1, "Unknown output format");
        }
    }

    @Test
    void resourceOrMethodThatThereIsNot_saysSo() {
        try (SimpleComet server = new SimpleComet()) {
            for (Ask ask : List.of(
                    Ask.get("/nothing.json"),
                    Ask.get("/.json"),
                    Ask.get("/clients.json"),
                    Ask.of("PUT", "/channels/a.json"),
                    Ask.of("HEAD", "/channels/a.json"),
                    Ask.of("DELETE", "/channels.json"))) {
                refusal(server.talk.ask(ask), -1);
            }
            failure(server.get("/channels.json"), -2, "No channels");
            refusal(server.get("/channels/\uFFFD.json"), -1);
        }
    }

    @Test
    void jsonp_callsTheFunction_onEveryResource() {
        try (SimpleComet server = new SimpleComet("enable-status", "quote-json")) {
            Held created = server.post("/channels.jsonp", "cb=_JSONP_x.y_1", "channel_id=a");
            assertThat(created.text())
                    .isEqualTo("_JSONP_x.y_1({\"channel_id\":\"a\",\"return_code\":1,\"error_message\":\"\"});");
            assertThat(created.status()).isEqualTo(200);
            assertThat(created.header("Content-Type").get(0)).startsWith("application/javascript");
            assertThat(created.header("X-Content-Type-Options")).containsExactly("nosniff");
            assertThat(server.post("/channels/a.jsonp", "content=x").text())
                    .matches("_JSONP_comet_cb\\(\\{\"message_id\":\\d+,.*}\\);");
            assertThat(server.post("/clients.jsonp", "client_id=x").text()).startsWith("_JSONP_comet_cb({");
            assertThat(server.get("/channels/a.jsonp?cb=_JSONP_").text()).startsWith("_JSONP_({\"since\":0");
            assertThat(server.get("/nothing.jsonp").text()).startsWith("_JSONP_comet_cb({\"return_code\":-1");
            assertThat(server.delete("/channels/a.jsonp?cb=_JSONP_z").text()).startsWith("_JSONP_z({\"channel_id\"");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"alert", "x_JSONP_y", "_jsonp_x", "", "alert(1);_JSONP_", "JSONP_", "%0A_JSONP_x"})
    void callbackWithoutThePrefix_isAComment_andNothingHappens(String callback) {
        try (SimpleComet server = new SimpleComet()) {
            Held answer = server.post("/channels.jsonp", "cb=" + callback, "channel_id=a");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("/* incomplete JSONP callback name */");
            assertThat(answer.header("Content-Type").get(0)).startsWith("application/javascript");
            assertThat(server.comet().find("a")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "_JSONP_x(1)",
                "_JSONP_x;alert",
                "_JSONP_x%0A",
                "_JSONP_*/alert(1)/*",
                "_JSONP_%E2%80%A8",
                "_JSONP_x%00",
                "_JSONP_%C3%A9",
                "_JSONP_$",
                "_JSONP_a[0]",
                "_JSONP_a..b",
                "_JSONP_</script>"
            })
    void callbackWithOtherCharacters_isAComment_andNothingHappens(String callback) {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            assertThat(server.get("/channels/a.jsonp?cb=" + callback).text())
                    .isEqualTo("/* invalid JSONP callback name */");
            assertThat(server.get("/nothing.jsonp?cb=" + callback).text())
                    .isEqualTo("/* invalid JSONP callback name */");
            assertThat(server.comet().stats().subscribers()).isZero();
        }
    }

    @Test
    void callbackOf10000Characters_isRefused_andAQueryThatIsNone_isTold() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            assertThat(server.get("/channels/a.jsonp?cb=_JSONP_" + "x".repeat(10_000))
                            .text())
                    .isEqualTo("/* invalid JSONP callback name */");
            assertThat(server.get("/channels/a.jsonp?cb=_JSONP_x&since=%").text())
                    .startsWith("_JSONP_comet_cb({\"return_code\":-1");
        }
    }

    @Test
    void quoteJson_putsJsonIntoAComment_thatNothingEnds() {
        try (SimpleComet server = new SimpleComet("quote-json=true")) {
            assertThat(server.post("/channels.json", "channel_id=a").text())
                    .isEqualTo("/*-secure- {\"channel_id\":\"a\",\"return_code\":1,\"error_message\":\"\"} */");
            server.post("/channels/a.json", "content=" + Talk.encoded("**/alert(1)//*/"));
            String read = server.get("/channels/a.json").text();
            assertThat(read).startsWith("/*-secure- {").endsWith("} */");
            assertThat(read.indexOf("*/")).isEqualTo(read.length() - 2);
            assertThat(read).contains("\"**\\/alert(1)//*\\/\"");
            String client = server.post("/clients.json", "client_id=*/x").text();
            assertThat(client.indexOf("*/")).isEqualTo(client.length() - 2);
        }
    }

    // ---- who may

    @Test
    void whatTheApplicationDoes_isForThisMachine() {
        try (SimpleComet server = new SimpleComet()) {
            server.create("a");
            for (Ask ask : List.of(
                    Ask.form("/channels.json", "channel_id=b"),
                    Ask.form("/channels/a.json", "content=x"),
                    Ask.form("/clients.json", "client_id=x"),
                    Ask.of("DELETE", "/channels/a.json"),
                    SimpleComet.local(Ask.form("/channels/a.json", "content=x")).with("Origin", "http://evil.example"),
                    SimpleComet.local(Ask.of("DELETE", "/channels/a.json")).with("Sec-Fetch-Site", "cross-site"))) {
                refusal(server.talk.ask(ask), -4);
            }
            assertThat(server.comet().find("a").orElseThrow().nextSeq()).isEqualTo(1);
            assertThat(server.comet().stats().refusals()).containsEntry("denied", 6L);
            Held page = server.talk.ask(Ask.get("/channels/a.json").with("Origin", "http://other.example"));
            assertThat(page.isHeld()).as("reading is for anyone").isTrue();
        }
    }

    @Test
    void authorizer_isAskedAboutEachAction() {
        StringBuilder asked = new StringBuilder();
        Authorizer authorizer = question -> {
            asked.append(question.action())
                    .append(' ')
                    .append(question.channel())
                    .append(';');
            return question.action() == Action.SUBSCRIBE && question.channel().equals("b")
                    ? Authorizer.Decision.DENY
                    : Authorizer.Decision.ALLOW;
        };
        try (SimpleComet server = new SimpleComet(Comet.builder(), Set.of(), authorizer, "enable-status")) {
            server.create("a", "b");
            server.publish("a", "x");
            server.post("/clients.json", "client_id=x");
            server.get("/channels/a.json").text();
            refusal(server.get("/channels/a%7Cb.json".replace("%7C", "|")), -4);
            server.get("/status.json").text();
            server.delete("/channels/a.json").text();
        }
        assertThat(asked.toString())
                .isEqualTo("ADMIN ;ADMIN ;PUBLISH a;ADMIN ;SUBSCRIBE a;SUBSCRIBE a;SUBSCRIBE b;PRESENCE ;ADMIN a;");
    }

    // ---- CORS

    @Test
    void cors_isWhatItsFrontProxyAdds_whenOriginsAreConfigured() {
        Authorizer none = question -> Authorizer.Decision.UNKNOWN;
        try (SimpleComet server = new SimpleComet(Comet.builder(), Set.of("*"), none)) {
            server.create("a");
            server.publish("a", "x");
            for (Held answer : List.of(
                    server.get("/channels/a.json"),
                    server.get("/nothing.json"),
                    server.talk.ask(Ask.of("OPTIONS", "/channels/a.json").with("Origin", "http://x.example")))) {
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.header("Access-Control-Allow-Origin")).containsExactly("*");
                assertThat(answer.header("Access-Control-Allow-Methods")).containsExactly("GET, OPTIONS");
                assertThat(answer.header("Access-Control-Allow-Headers"))
                        .containsExactly("X-Requested-With, Accept, If-Modified-Since, ETag");
                assertThat(answer.header("Access-Control-Max-Age")).containsExactly("1728000");
            }
        }
        try (SimpleComet server = new SimpleComet(Comet.builder(), Set.of("https://app.example"), none)) {
            Held own = server.talk.ask(Ask.get("/x.json").with("Origin", "https://APP.example"));
            assertThat(own.header("Access-Control-Allow-Origin")).containsExactly("https://app.example");
            assertThat(own.header("Vary")).containsExactly("Origin");
            Held other = server.talk.ask(Ask.get("/x.json").with("Origin", "https://evil.example"));
            assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
            assertThat(other.header("Vary")).containsExactly("Origin");
        }
        try (SimpleComet server = new SimpleComet()) {
            Held other = server.talk.ask(Ask.get("/x.json").with("Origin", "https://evil.example"));
            assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
            assertThat(other.header("Vary")).isEmpty();
        }
    }

    // ---- what the container's side finds

    @Test
    void problems_haveTheDialectsShape() {
        try (SimpleComet server = new SimpleComet()) {
            failure(server.talk.problem(Ask.get("/channels/a.json"), new Problem(413, "too large")), -1, "too large");
            failure(server.talk.problem(Ask.get("/x"), new Problem(500, "the log says why")), -5, "the log says why");
            assertThat(server.talk
                            .problem(Ask.get("/channels/a.jsonp?cb=_JSONP_q"), new Problem(503, "full"))
                            .text())
                    .isEqualTo("_JSONP_q({\"return_code\":-5,\"error_message\":\"full\"});");
            assertThat(server.talk
                            .problem(Ask.get("/channels/a.jsonp?cb=evil"), new Problem(503, "full"))
                            .text())
                    .isEqualTo("/* incomplete JSONP callback name */");
        }
    }

    // ---- settings

    @Test
    void settings_haveThePagesNamesAndDefaults() {
        Values none = new Values("simple-comet", Map.of());
        SimpleCometSettings settings = SimpleCometSettings.read(none);
        assertThat(none.defaults())
                .isEqualTo(Map.of(
                        "http-timeout", "30",
                        "session-timeout", "60",
                        "inactive-channel-timeout", "90",
                        "messages-per-channel", "100",
                        "quote-json", "false",
                        "enable-status", "false"));
        assertThat(settings)
                .isEqualTo(new SimpleCometSettings(seconds(30), seconds(60), seconds(90), 100, false, false));
        assertThatThrownBy(() -> new SimpleComet("messages-per-channel=0"))
                .hasMessageContaining("simple-comet.messages-per-channel=0");
        assertThatThrownBy(() -> new SimpleComet("http-timeout=soon")).hasMessageContaining("http-timeout=soon");
        assertThatThrownBy(() -> new SimpleComet("timeout=3")).hasMessageContaining("no setting 'timeout'");
    }
}
