package dev.comet.servlet.dialect.ccomet;

import static dev.comet.servlet.dialect.ccomet.CComet.items;
import static dev.comet.servlet.dialect.ccomet.CComet.message;
import static dev.comet.servlet.dialect.ccomet.CComet.wrong;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Authorizer;
import dev.comet.ChannelOptions;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Values;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page, from top to bottom. */
final class CCometDialectTest {
    private static final Authorizer NO_OPINION = question -> Authorizer.Decision.UNKNOWN;

    // ---- the table

    @Test
    void sign_answers_andPublish_answers() {
        try (CComet server = new CComet()) {
            Held sign = server.sign("room", "ann");
            assertThat(sign.text()).isEqualTo("cb('[{\"type\" : \"sign in\"}]')");
            assertThat(sign.header("Content-Type")).containsExactly("text/javascript; charset=utf-8");
            assertThat(sign.header("Cache-Control")).containsExactly("no-store");
            assertThat(server.publish("room", "ann", "hi").text()).isEqualTo("cb('[{\"type\" : \"publish\"}]')");
            assertThat(items(server.subscribe("room", "bob", 0))).containsExactly(message("hi", "ann", 0, "room"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/sign?sname=a&callback=cb",
                "/sign?channel=c&callback=cb",
                "/sign?channel=&sname=a&callback=cb",
                "/publish?channel=c&sname=a&callback=cb",
                "/publish?channel=c&msg=m&callback=cb",
                "/publish?sname=a&msg=m&callback=cb",
                "/publish?channel=c&sname=&msg=m&callback=cb",
                "/subscribe?channel=c&sname=a&callback=cb",
                "/subscribe?channel=c&seqid=0&callback=cb",
                "/subscribe?sname=a&seqid=0&callback=cb",
                "/subscribe?channel=c&sname=a&seqid=&callback=cb",
                "/subscribe?channel=c&sname=a&seqid=x&callback=cb",
                "/subscribe?channel=c&sname=a&seqid=1.0&callback=cb",
                "/subscribe?channel=c&sname=a&seqid=%D9%A1&callback=cb",
                "/subscribe?channel=c&sname=a&seqid=NaN&callback=cb"
            })
    void parameterThatIsMissing_orNoInteger_isErrorParams(String target) {
        try (CComet server = new CComet()) {
            assertThat(server.get(target).text())
                    .isEqualTo("cb('[{\"type\" : \"400\", \"reason\" : \"error params\"}]')");
            assertThat(server.comet().channelCount()).isZero();
        }
    }

    @Test
    void messageMayBeEmpty() {
        try (CComet server = new CComet()) {
            server.publish("room", "ann", "");
            assertThat(items(server.subscribe("room", "bob", 0))).containsExactly(message("", "ann", 0, "room"));
        }
    }

    @Test
    void anythingElse_isNotFound() {
        try (CComet server = new CComet()) {
            for (Ask ask : List.of(
                    Ask.get("/"),
                    Ask.get(""),
                    Ask.get("/sign/?channel=c&sname=a&callback=cb"),
                    Ask.get("/nothing?callback=cb"),
                    Ask.of("POST", "/publish?channel=c&sname=a&msg=m&callback=cb"),
                    Ask.of("HEAD", "/subscribe?channel=c&sname=a&seqid=0&callback=cb"))) {
                Held answer = server.talk.ask(ask);
                assertThat(answer.status()).isEqualTo(404);
                assertThat(answer.header("Content-Type")).containsExactly("text/plain; charset=utf-8");
            }
            assertThat(server.comet().channelCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "callback=",
                "callback=alert(1)",
                "callback=a;b",
                "callback=a%0Ab",
                "callback=1a",
                "callback=a.",
                "callback=a-b",
                "callback=%22",
                "callback=</script>",
                "callback=%E2%80%A8",
                "callback=a%00"
            })
    void callbackThatIsNone_isRefused_andNothingHappens(String callback) {
        try (CComet server = new CComet()) {
            for (String request : List.of(
                    "/sign?channel=c&sname=a&",
                    "/publish?channel=c&sname=a&msg=m&",
                    "/subscribe?channel=c&sname=a&seqid=0&")) {
                Held answer = server.get(request + callback);
                assertThat(answer.status()).isEqualTo(400);
                assertThat(answer.text()).startsWith("callback: ");
                assertThat(answer.header("Content-Type")).containsExactly("text/plain; charset=utf-8");
            }
            assertThat(server.comet().channelCount()).isZero();
        }
    }

    @Test
    void callback_mayBeAPath() {
        try (CComet server = new CComet()) {
            assertThat(server.get("/sign?channel=c&sname=a&callback=jQuery1_2.$x")
                            .text())
                    .isEqualTo("jQuery1_2.$x('[{\"type\" : \"sign in\"}]')");
            assertThat(server.get("/sign?channel=c&sname=a&callback=" + "x".repeat(129))
                            .status())
                    .isEqualTo(400);
        }
    }

    @Test
    void queryThatIsNone_isRefused() {
        try (CComet server = new CComet()) {
            assertThat(server.get("/publish?channel=c&sname=a&callback=cb&msg=%FF")
                            .status())
                    .isEqualTo(400);
            assertThat(server.get("/publish?channel=c&sname=a&callback=cb&msg=%4")
                            .status())
                    .isEqualTo(400);
            assertThat(server.talk
                            .problem(Ask.get("/sign"), new Problem(503, "full"))
                            .status())
                    .isEqualTo(503);
        }
    }

    // ---- subscribe

    @Test
    void seqidOfTheNext_isHeld_untilAMessageComes() {
        try (CComet server = new CComet()) {
            Held first = server.subscribe("room", "ann", 0);
            assertThat(first.isHeld()).isTrue();
            assertThat(first.framing().sendsHeadersAtOnce()).isFalse();
            server.publish("room", "bob", "one");
            assertThat(items(first)).containsExactly(message("one", "bob", 0, "room"));
            Held second = server.subscribe("room", "ann", 1);
            assertThat(second.isHeld()).isTrue();
            server.publish("room", "ann", "two");
            assertThat(items(second)).containsExactly(message("two", "ann", 1, "room"));
        }
    }

    @Test
    void lessThanTheNext_isAllFromThereOn_atOnce() {
        try (CComet server = new CComet()) {
            for (int i = 0; i < 4; i++) {
                server.publish("room", "ann", "m" + i);
            }
            assertThat(items(server.subscribe("room", "bob", 2)))
                    .containsExactly(message("m2", "ann", 2, "room"), message("m3", "ann", 3, "room"));
            assertThat(items(server.subscribe("room", "bob", 0))).hasSize(4);
            assertThat(items(server.subscribe("room", "bob", -5))).hasSize(4);
            assertThat(items(server.get("/subscribe?channel=room&sname=b&callback=cb&seqid=-99999999999999999999")))
                    .hasSize(4);
        }
    }

    @Test
    void beyondTheEnd_is403_atOnce() {
        try (CComet server = new CComet()) {
            assertThat(server.subscribe("room", "ann", 1).text()).isEqualTo("cb('[{\"type\" : \"403\"}]')");
            server.publish("room", "ann", "m");
            assertThat(server.subscribe("room", "ann", 1).isHeld()).isTrue();
            assertThat(server.subscribe("room", "ann", 2).text()).isEqualTo("cb('[{\"type\" : \"403\"}]')");
            assertThat(server.get("/subscribe?channel=room&sname=b&callback=cb&seqid=99999999999999999999")
                            .text())
                    .isEqualTo("cb('[{\"type\" : \"403\"}]')");
            assertThat(server.subscribe("room", "ann", Long.MAX_VALUE).text()).contains("403");
        }
    }

    @Test
    void whoIsBehindTheHistory_getsWhatIsLeft_andTheLossIsCounted() {
        try (CComet server = new CComet("history=2")) {
            for (int i = 0; i < 5; i++) {
                server.publish("room", "ann", "m" + i);
            }
            assertThat(items(server.subscribe("room", "bob", 1)))
                    .containsExactly(message("m3", "ann", 3, "room"), message("m4", "ann", 4, "room"));
            assertThat(server.comet().stats().lost()).isEqualTo(2);
        }
    }

    @Test
    void backlog_comesInPieces_andTheClientsRuleLosesNothing() {
        try (CComet server = new CComet()) {
            List<Object> sent = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                sent.add(i + "'" + "x".repeat(2_000));
                server.publish("room", "ann", (String) sent.get(i));
            }
            List<Object> got = new ArrayList<>();
            long seqid = 0;
            while (got.size() < sent.size()) {
                Held piece = server.subscribe("room", "bob", seqid);
                assertThat(piece.text().length()).isLessThan(Frames.FULL + 3_000);
                List<Map<String, Object>> items = items(piece);
                items.forEach(item -> got.add(item.get("msg")));
                seqid = Long.parseLong((String) items.get(items.size() - 1).get("seqid")) + 1;
            }
            assertThat(got).isEqualTo(sent);
            assertThat(server.subscribe("room", "bob", seqid).isHeld()).isTrue();
        }
    }

    @Test
    void timeout_isAnEmptyArray() {
        try (CComet server = new CComet("timeout=4")) {
            Held held = server.subscribe("room", "ann", 0);
            server.talk.pass(Duration.ofSeconds(3), held);
            assertThat(held.isHeld()).isTrue();
            server.talk.pass(Duration.ofSeconds(1), held);
            assertThat(held.text()).isEqualTo("cb('[]')");
            assertThat(server.comet().stats().subscribers()).isZero();
        }
    }

    @Test
    void removal_andShutdown_areAnEmptyArray() {
        try (CComet server = new CComet()) {
            Held removed = server.subscribe("a", "ann", 0);
            Held shut = server.subscribe("b", "ann", 0);
            assertThat(removed.isHeld() && shut.isHeld()).isTrue();
            server.comet().remove("a");
            assertThat(removed.text()).isEqualTo("cb('[]')");
            server.comet().drain(Duration.ZERO);
            assertThat(shut.text()).isEqualTo("cb('[]')");
        }
    }

    // ---- the same name

    @Test
    void sameName_onTheSameChannel_replaces() {
        try (CComet server = new CComet()) {
            Held first = server.subscribe("room", "ann", 0);
            Held other = server.subscribe("room", "bob", 0);
            Held elsewhere = server.subscribe("hall", "ann", 0);
            Held second = server.subscribe("room", "ann", 0);
            assertThat(first.text()).isEqualTo("cb('[]')");
            assertThat(server.comet().stats().closes()).containsEntry("replaced", 1L);
            assertThat(other.isHeld()).isTrue();
            assertThat(elsewhere.isHeld()).isTrue();
            server.publish("room", "bob", "hi");
            assertThat(items(second)).containsExactly(message("hi", "bob", 0, "room"));
        }
    }

    /** Channel "ab" of "c" and channel "a" of "bc" are not one. */
    @Test
    void names_areNotRunTogether() {
        try (CComet server = new CComet()) {
            List<Held> all = new ArrayList<>();
            for (String[] pair : new String[][] {{"ab", "c"}, {"a", "bc"}, {"a,b", "c"}, {"a", "b,c"}, {"a", "b c"}}) {
                all.add(server.subscribe(pair[0], pair[1], 0));
            }
            String longest = "x".repeat(200);
            all.add(server.subscribe(longest, longest, 0));
            all.add(server.subscribe(longest, longest.substring(1) + "y", 0));
            assertThat(all).allMatch(Held::isHeld);
        }
    }

    @Test
    void replacedReader_keepsItsPlace_whateverWasSaid() {
        try (CComet server = new CComet()) {
            server.publish("room", "bob", "0");
            Held first = server.subscribe("room", "ann", 1);
            server.publish("room", "bob", "1");
            Held second = server.subscribe("room", "ann", 1);
            assertThat(first.text()).isEqualTo("cb('[]')");
            assertThat(items(second)).containsExactly(message("1", "bob", 1, "room"));
        }
    }

    @Test
    void sessions_areForgotten_andAnOpenOneIsNot() {
        try (CComet server = new CComet("timeout=4")) {
            Held held = server.subscribe("room", "ann", 0);
            assertThat(server.comet().stats().sessions()).isEqualTo(1);
            server.talk.pass(Duration.ofSeconds(4), held);
            assertThat(held.text()).isEqualTo("cb('[]')");
            server.talk.pass(Duration.ofSeconds(9));
            assertThat(server.comet().stats().sessions()).isZero();
            assertThat(server.subscribe("room", "ann", 0).isHeld()).isTrue();
        }
    }

    @Test
    void sameName_fromManyThreads_leavesOneWaiting() throws Exception {
        try (Comet comet = Comet.builder().build()) {
            CCometDialect dialect = new CCometDialect(
                    comet,
                    CCometSettings.read(new Values("ccomet", Map.of())),
                    new dev.comet.servlet.dialect.Access(
                            CCometDialect.RULES, NO_OPINION, java.util.Set.of(), java.util.Set.of()));
            for (int round = 0; round < 50; round++) {
                String channel = "c" + round;
                List<Subscriber> all = java.util.Collections.synchronizedList(new ArrayList<>());
                List<Thread> threads = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    Thread thread = new Thread(() -> all.add(((dev.comet.servlet.dialect.Reply.Hold) dialect.answer(
                                    Ask.get("/subscribe?channel=" + channel + "&sname=a&seqid=0&callback=cb")
                                            .request()))
                            .attach(comet, () -> {})));
                    threads.add(thread);
                    thread.start();
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                assertThat(all).hasSize(8);
                assertThat(all).filteredOn(s -> s.ending().isEmpty()).hasSize(1);
                assertThat(all)
                        .filteredOn(s ->
                                s.ending().filter(CloseReason.REPLACED::equals).isPresent())
                        .hasSize(7);
            }
        }
    }

    // ---- SIGN

    @Test
    void sign_reachesWhoWaits_atOnce_andTakesNoNumber() {
        try (CComet server = new CComet()) {
            server.publish("room", "ann", "m0");
            Held ann = server.subscribe("room", "ann", 1);
            assertThat(ann.isHeld()).as("her own coming is no SIGN").isTrue();
            Held cleo = server.subscribe("room", "cleo", 1);
            assertThat(ann.isHeld()).as("nor is that of another subscriber").isTrue();
            server.sign("room", "bob");
            assertThat(items(ann)).containsExactly(CComet.sign("bob", 1, "room"));
            assertThat(items(cleo)).containsExactly(CComet.sign("bob", 1, "room"));
            assertThat(server.subscribe("room", "ann", 1).isHeld())
                    .as("it is not stored")
                    .isTrue();
            assertThat(server.comet().find("room").orElseThrow().nextSeq()).isEqualTo(2);
            server.publish("room", "ann", "m1");
            assertThat(items(server.subscribe("room", "bob", 1))).containsExactly(message("m1", "ann", 1, "room"));
        }
    }

    @Test
    void signAgain_isASignAgain() {
        try (CComet server = new CComet()) {
            server.sign("room", "bob");
            Held held = server.subscribe("room", "ann", 0);
            assertThat(held.isHeld()).isTrue();
            server.sign("room", "bob");
            assertThat(items(held)).containsExactly(CComet.sign("bob", 0, "room"));
        }
    }

    /** The client goes on at the last item's seqid plus one, unless the only item is a SIGN: it must not be sent beyond the end. */
    @Test
    void sign_neverSendsTheClientBeyondTheEnd() {
        try (CComet server = new CComet()) {
            Held held = server.subscribe("room", "ann", 0);
            server.sign("room", "bob");
            server.publish("room", "bob", "m0");
            server.sign("room", "cleo");
            assertThat(items(held)).containsExactly(CComet.sign("bob", 0, "room"), message("m0", "bob", 0, "room"));
            Held twice = server.subscribe("room", "ann", 1);
            server.sign("room", "bob");
            server.sign("room", "cleo");
            assertThat(items(twice)).containsExactly(CComet.sign("bob", 1, "room"));
            Held after = server.subscribe("room", "ann", 1);
            server.publish("room", "bob", "m1");
            server.sign("room", "cleo");
            assertThat(items(after)).containsExactly(CComet.sign("cleo", 2, "room"), message("m1", "bob", 1, "room"));
        }
    }

    @Test
    void joinsAndLeaves_areNothingHere() {
        try (CComet server = new CComet("timeout=1000")) {
            Held held = server.subscribe("room", "ann", 0);
            Subscriber member =
                    server.comet().attach(SubscribeOptions.of("room").withMember("eve"), () -> {});
            assertThat(held.isHeld()).isTrue();
            member.close(CloseReason.DONE);
            server.talk.pass(Duration.ofMinutes(5));
            assertThat(held.isHeld()).isTrue();
            assertThat(server.comet().find("room").orElseThrow().members()).containsExactly("ann");
        }
    }

    @Test
    void sign_isAJoin_forNativeMembers() {
        try (CComet server = new CComet()) {
            List<Message> seen = new ArrayList<>();
            Subscriber member =
                    server.comet().attach(SubscribeOptions.of("room").withMembers(true), () -> {});
            server.sign("room", "ann");
            member.read(event -> seen.add((Message) event));
            assertThat(seen).extracting(Message::kind).containsExactly(Message.Kind.JOIN);
            assertThat(seen).extracting(Message::payload).containsExactly("ann");
        }
    }

    // ---- what comes from elsewhere

    @Test
    void messageFromElsewhere_hasTheNameOfItsSender_orNone() {
        try (CComet server = new CComet()) {
            server.comet().publish("room", "text");
            server.comet().publish("room", Draft.json("{\"it's\": [1]}").withAttribute("sender", "app"));
            server.comet().broadcast(Draft.text("all").withType("x"));
            assertThat(items(server.subscribe("room", "ann", 0)))
                    .containsExactly(
                            message("text", "", 0, "room"),
                            message("{\"it's\": [1]}", "app", 1, "room"),
                            message("all", "", 2, "room"));
            Message published =
                    server.comet().find("room").orElseThrow().history().get(0);
            assertThat(published.encoded(Items.MESSAGE)).as("made once").isSameAs(published.encoded(Items.MESSAGE));
        }
    }

    @Test
    void channelForTheRegistered_isNotOpenHere() {
        try (CComet server = new CComet()) {
            server.comet().create("secret", ChannelOptions.DEFAULT.withSessionsOnly(true));
            server.comet().publish("secret", "x");
            List<Map<String, Object>> items = items(server.subscribe("secret", "ann", 0));
            assertThat(items).hasSize(1);
            assertThat(items.get(0)).containsEntry("type", "400");
            assertThat((String) items.get(0).get("reason")).contains("registered");
        }
    }

    // ---- refusals

    /** Whoever publishes by a name is seen by it: an application that knows its callers compares, as for those who listen. */
    @Test
    void publish_byAnothersName_isForTheAuthorizerToRefuse() {
        Authorizer annOnly = question ->
                question.member().filter(name -> !name.equals("ann")).isPresent()
                        ? Authorizer.Decision.DENY
                        : Authorizer.Decision.UNKNOWN;
        try (CComet server = new CComet(Comet.builder(), annOnly)) {
            assertThat(items(server.publish("room", "bob", "x")))
                    .isEqualTo(wrong("presence: the application does not allow it"));
            assertThat(server.comet().channelCount()).isZero();
            assertThat(items(server.publish("room", "ann", "x"))).isNotEqualTo(wrong("presence"));
            assertThat(server.comet().channel("room").history()).hasSize(1);
        }
    }

    @Test
    void refusals_haveTheShapeOf400_withAReason() {
        Authorizer nobody = question -> Authorizer.Decision.DENY;
        try (CComet server = new CComet(Comet.builder(), nobody)) {
            List<Map<String, Object>> denied = wrong("publish: the application does not allow it");
            assertThat(items(server.publish("room", "ann", "x"))).isEqualTo(denied);
            assertThat(items(server.subscribe("room", "ann", 0)))
                    .isEqualTo(wrong("subscribe: the application does not allow it"));
            assertThat(items(server.sign("room", "ann")))
                    .isEqualTo(wrong("presence: the application does not allow it"));
            assertThat(server.comet().stats().refusals()).containsEntry("denied", 3L);
        }
        try (CComet server = new CComet(Comet.builder().maxMessageBytes(10).maxSubscribers(1), NO_OPINION)) {
            assertReason(server.publish("room", "ann", "0123456789"), "max-message-bytes");
            assertReason(server.publish("a/b", "ann", "x"), "control characters");
            assertReason(server.sign("room", "\n"), "control characters");
            assertReason(server.subscribe("room", "x".repeat(201), 0), "200 bytes");
            assertReason(server.subscribe("'</script>\u2028\n", "ann", 0), "</script>??");
            assertThat(server.subscribe("room", "ann", 0).isHeld()).isTrue();
            assertReason(server.subscribe("room", "bob", 0), "subscribers");
            server.comet().drain(Duration.ZERO);
            assertReason(server.subscribe("room", "ann", 0), "shutting down");
        }
    }

    private static void assertReason(Held answer, String part) {
        List<Map<String, Object>> items = items(answer);
        assertThat(items).hasSize(1);
        assertThat(items.get(0).keySet()).containsExactly("type", "reason");
        assertThat(items.get(0)).containsEntry("type", "400");
        assertThat((String) items.get(0).get("reason")).contains(part);
    }

    // ---- hostile content

    @Test
    void everyHostileText_arrives_inEveryField() {
        try (CComet server = new CComet()) {
            int n = 0;
            for (String text : Talk.HOSTILE) {
                server.comet().publish("room", Draft.text(text).withAttribute("sender", text));
                String mended = Talk.mended(text);
                assertThat(items(server.subscribe("room", "ann", n++)))
                        .containsExactly(message(mended, mended, n - 1, "room"));
            }
        }
    }

    @Test
    void hostileNames_comeBackAsTheyAre() {
        for (String name :
                List.of("'", "\"", "');alert(1)//", "<!--", "\u2028", "\u00e4\uD83D\uDE00", "a b+&=", "]')")) {
            try (CComet server = new CComet()) {
                String channel = name.replace("/", "");
                Held held = server.subscribe(channel, "ann", 0);
                server.sign(channel, name);
                assertThat(items(held)).containsExactly(CComet.sign(name, 0, channel));
                Held next = server.subscribe(channel, "ann", 0);
                server.publish(channel, name, name);
                assertThat(items(next)).containsExactly(message(name, name, 0, channel));
            }
        }
    }

    @Test
    void escaped_isReadBackByAStrictParser_whateverItIs() {
        java.util.Random random = new java.util.Random(3);
        String alphabet = "'\\<>/\n\r\0\u2028\u2029\u0085\"ux0{}[],:\uFEFF\u00e4";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(12); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(CComet.literal("'" + Items.escaped(text.toString()) + "'"))
                    .isEqualTo(text.toString());
        }
    }

    @Test
    void aMebibyte_fromCode_arrives() {
        try (CComet server = new CComet(Comet.builder().historyBytes(4 << 20), NO_OPINION)) {
            String large = "'\\\"\u2028".repeat((1 << 20) / 6);
            server.comet().publish("room", large);
            assertThat(items(server.subscribe("room", "ann", 0))).containsExactly(message(large, "", 0, "room"));
        }
    }

    // ---- settings

    @Test
    void settings_haveThePagesNamesAndDefaults() {
        Values none = new Values("ccomet", Map.of());
        assertThat(CCometSettings.read(none))
                .isEqualTo(new CCometSettings(Duration.ofSeconds(30), 1000, Duration.ofSeconds(90)));
        assertThat(none.defaults()).isEqualTo(Map.of("timeout", "30", "history", "1000", "channel-timeout", "90"));
        assertThatThrownBy(() -> new CComet("history=0")).hasMessageContaining("ccomet.history=0");
        assertThatThrownBy(() -> new CComet("port=1")).hasMessageContaining("no setting 'port'");
        try (CComet server = new CComet("channel-timeout=5", "history=7")) {
            server.publish("room", "ann", "x");
            assertThat(server.comet().find("room").orElseThrow().options().historyMessages())
                    .isEqualTo(7);
            Held held = server.subscribe("hall", "ann", 0);
            server.sign("foyer", "ann");
            assertThat(server.comet().channels())
                    .allMatch(c -> c.options().idleTimeout().equals(Duration.ofSeconds(5)));
            server.talk.pass(Duration.ofSeconds(6));
            assertThat(server.comet().find("room")).isEmpty();
            assertThat(held.isHeld()).as("a subscriber keeps its channel").isTrue();
        }
    }

    /** Sessions are bounded for all: those of refused requests must not fill them. */
    @Test
    void subscribe_thatIsRefused_leavesNoSession() {
        try (Talk talk = new Talk(
                Comet.builder(),
                comet -> new CCometDialect(
                        comet,
                        CCometSettings.read(new dev.comet.servlet.dialect.Values("ccomet", java.util.Map.of())),
                        new dev.comet.servlet.dialect.Access(
                                CCometDialect.RULES,
                                dev.comet.servlet.dialect.Access.NO_OPINION,
                                java.util.Set.of(),
                                java.util.Set.of())))) {
            for (int i = 0; i < 3; i++) {
                assertThat(talk.ask(dev.comet.servlet.dialect.Ask.get(
                                        "/subscribe?channel=a%25b&sname=x&seqid=0&callback=cb"))
                                .text())
                        .contains("400");
            }
            assertThat(talk.comet().stats().sessions()).isZero();
        }
    }
}
