package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Authorizer.Decision;
import dev.comet.Caller;
import dev.comet.Grant;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** design.md, "Who may do what, by default": the rows of the native mounts. */
final class AccessTest {
    private enum Mount {
        PUBLIC,
        LOOPBACK;

        Rules rules() {
            return this == PUBLIC ? Rules.PUBLIC : Rules.LOOPBACK;
        }
    }

    private static final Authorizer NO_OPINION = question -> Decision.UNKNOWN;

    private static Access access(Mount mount, Authorizer authorizer) {
        return new Access(mount.rules(), authorizer, Set.of("admin.internal"), Set.of("https://console.example"));
    }

    private static boolean allowed(Access access, Action action, Ask ask) {
        try {
            access.check(action, "news", ask.request());
            return true;
        } catch (RefusedException e) {
            assertThat(e.refusal()).isEqualTo(Refusal.DENIED);
            assertThat(e.detail()).isNotBlank();
            return false;
        }
    }

    private static Ask local() {
        return Ask.get("/").from(Ask.LOCAL).with("Host", "localhost:8080");
    }

    // ---- the table

    @ParameterizedTest
    @CsvSource({"SUBSCRIBE,true", "PRESENCE,true", "PUBLISH,false", "ADMIN,false"})
    void publicMount_subscribeAndPresence_forAnyone_theRestForNobody(Action action, boolean allowed) {
        Access access = access(Mount.PUBLIC, NO_OPINION);
        assertThat(allowed(access, action, Ask.get("/"))).isEqualTo(allowed);
        assertThat(allowed(access, action, local()))
                .as("loopback is nobody special")
                .isEqualTo(allowed);
        assertThat(allowed(
                        access,
                        action,
                        Ask.get("/").with("Origin", "http://evil").with("Host", "evil")))
                .isEqualTo(allowed);
    }

    @ParameterizedTest
    @EnumSource(Action.class)
    void adminMount_isForLoopback(Action action) {
        Access access = access(Mount.LOOPBACK, NO_OPINION);
        assertThat(allowed(access, action, local())).isTrue();
        assertThat(allowed(access, action, Ask.get("/").with("Host", "localhost")))
                .isFalse();
        assertThat(allowed(access, action, Ask.get("/").with("Host", "admin.internal")))
                .isFalse();
    }

    /** The address alone makes nobody loopback: who judged the request has the last word. */
    @Test
    void adminMount_goesByTheJudgement_notByTheAddress() {
        Caller forwarded = new Caller("127.0.0.1", false, Optional.empty(), Optional.empty());
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.PUBLISH, local().from(forwarded)))
                .isFalse();
    }

    // ---- whose word counts

    @ParameterizedTest
    @EnumSource(Mount.class)
    void authorizersAllow_isEnough(Mount mount) {
        for (Action action : Action.values()) {
            assertThat(allowed(
                            access(mount, question -> Decision.ALLOW),
                            action,
                            Ask.get("/").with("Host", "localhost")))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Mount.class)
    void authorizersDeny_isFinal_forLoopbackAndGrantsToo(Mount mount) {
        Caller granted = new Caller("127.0.0.1", true, Optional.empty(), Optional.of(grant(true)));
        for (Action action : Action.values()) {
            assertThat(allowed(access(mount, question -> Decision.DENY), action, local().from(granted)))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(Mount.class)
    void grant_countsWhereTheAuthorizerHasNoOpinion(Mount mount) {
        Caller granted = new Caller("203.0.113.9", false, Optional.empty(), Optional.of(grant(true)));
        for (Action action : Action.values()) {
            assertThat(allowed(access(mount, NO_OPINION), action, local().from(granted)))
                    .isTrue();
        }
    }

    @Test
    void grantThatDoesNotAllow_narrowsWhatAnyoneMay_andAddsNothing() {
        Caller poor = new Caller("203.0.113.9", false, Optional.empty(), Optional.of(grant(false)));
        assertThat(allowed(access(Mount.PUBLIC, NO_OPINION), Action.SUBSCRIBE, local().from(poor)))
                .isFalse();
        assertThat(allowed(access(Mount.PUBLIC, NO_OPINION), Action.PUBLISH, local().from(poor)))
                .isFalse();
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.SUBSCRIBE, local().from(poor)))
                .isFalse();
    }

    private static Grant grant(boolean allows) {
        return new Grant() {
            @Override
            public String subject() {
                return "ann";
            }

            @Override
            public boolean allows(Action action, String channel) {
                return allows && channel.equals("news");
            }
        };
    }

    @Test
    void authorizer_isAskedOnce_withWhatIsWanted() {
        List<Authorizer.Question> asked = new ArrayList<>();
        Access access = access(Mount.PUBLIC, question -> {
            asked.add(question);
            return Decision.UNKNOWN;
        });
        access.check(Action.PRESENCE, "a/b", Ask.get("/").request());
        access.checkMember("ann", "a", Ask.get("/").request());
        assertThat(asked)
                .containsExactly(
                        new Authorizer.Question(Action.PRESENCE, "a/b", Optional.empty(), Ask.STRANGER),
                        new Authorizer.Question(Action.PRESENCE, "a", Optional.of("ann"), Ask.STRANGER));
    }

    // ---- web pages of others, which make their reader's browser call the reader's own machine

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.example",
                "https://localhost.evil.example",
                "http://localhost:3000",
                "http://127.0.0.1:8080",
                "http://localhost",
                "http://localhost:8080.evil.example",
                "http://evil@localhost:8080",
                "null",
                "garbage",
                "://",
                "http://",
                "*",
                "\u0000"
            })
    void foreignOrigin_isRefused(String origin) {
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.PUBLISH, local().with("Origin", origin)))
                .isFalse();
        assertThat(allowed(
                        access(Mount.LOOPBACK, question -> Decision.ALLOW),
                        Action.PUBLISH,
                        local().with("Origin", origin)))
                .as("even where the application allows everything")
                .isFalse();
    }

    /** A request without Host, as HTTP/1.0 has them, has no origin of its own that an opaque one could equal. */
    @ParameterizedTest
    @ValueSource(strings = {"null", "garbage", "http://", "file://", "http://evil.example"})
    void foreignOrigin_withoutHost_isRefused(String origin) {
        assertThat(allowed(
                        access(Mount.LOOPBACK, NO_OPINION),
                        Action.PUBLISH,
                        Ask.get("/").from(Ask.LOCAL).with("Origin", origin)))
                .isFalse();
        assertThat(allowed(
                        access(Mount.LOOPBACK, NO_OPINION),
                        Action.PUBLISH,
                        Ask.get("/").from(Ask.LOCAL).with("Origin", origin).with("Host", "")))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8080", "HTTP://LocalHost:8080", "https://console.example"})
    void ownOrigin_andAConfiguredOne_pass(String origin) {
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.PUBLISH, local().with("Origin", origin)))
                .isTrue();
    }

    @Test
    void starForReading_isNoOpenDoor() {
        Access star = new Access(Rules.LOOPBACK, NO_OPINION, Set.of(), Set.of("*"));
        assertThat(allowed(star, Action.PUBLISH, local().with("Origin", "http://evil.example")))
                .isFalse();
    }

    @Test
    void crossSiteFetch_isRefused() {
        Access access = access(Mount.LOOPBACK, NO_OPINION);
        assertThat(allowed(access, Action.ADMIN, local().with("Sec-Fetch-Site", "cross-site")))
                .isFalse();
        for (String site : List.of("same-origin", "same-site", "none")) {
            assertThat(allowed(access, Action.ADMIN, local().with("Sec-Fetch-Site", site)))
                    .as(site)
                    .isTrue();
        }
        assertThat(allowed(
                        access(Mount.PUBLIC, NO_OPINION),
                        Action.SUBSCRIBE,
                        Ask.get("/").with("Sec-Fetch-Site", "cross-site")))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:8080",
                "127.0.0.1",
                "127.0.0.1:8080",
                "127.8.8.8:1",
                "[::1]",
                "[::1]:8080",
                "admin.internal",
                "Admin.Internal:8443"
            })
    void hostOfThisMachine_orAConfiguredOne_passes(String host) {
        assertThat(allowed(
                        access(Mount.LOOPBACK, NO_OPINION),
                        Action.ADMIN,
                        Ask.get("/").from(Ask.LOCAL).with("Host", host)))
                .isTrue();
    }

    /** DNS rebinding: the page's own name comes to mean 127.0.0.1; Host and Origin then agree, and name the page. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8080",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "127.0.0.1.nip.io:8080",
                "xlocalhost",
                "128.0.0.1",
                "127.0.0",
                "[::2]",
                "[::1",
                "[::1].evil.example",
                "::1",
                "admin.internal.evil.example",
                ":8080",
                "localhost@evil.example"
            })
    void foreignHost_isRefused(String host) {
        Ask rebound = Ask.get("/").from(Ask.LOCAL).with("Host", host);
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.ADMIN, rebound))
                .isFalse();
        assertThat(allowed(access(Mount.LOOPBACK, NO_OPINION), Action.ADMIN, rebound.with("Origin", "http://" + host)))
                .isFalse();
    }

    @Test
    void publicMount_hasAnyHost() {
        assertThat(allowed(
                        access(Mount.PUBLIC, NO_OPINION),
                        Action.SUBSCRIBE,
                        Ask.get("/").with("Host", "push.example")))
                .isTrue();
    }

    @Test
    void refusal_saysWhatWouldBeRight() {
        assertThatThrownBy(() -> access(Mount.PUBLIC, NO_OPINION)
                        .check(Action.PUBLISH, "a", Ask.get("/").request()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("publish")
                .hasMessageContaining("Authorizer or a token");
        assertThatThrownBy(() -> access(Mount.LOOPBACK, NO_OPINION)
                        .check(Action.ADMIN, "", Ask.get("/").request()))
                .hasMessageContaining("this machine");
    }

    /** A page of another site could publish with its reader's cookie: found by a reader of the README's own example. */
    @Test
    void foreignPage_mayNotPublish_onThePublicMount_whateverTheAuthorizerSays() {
        Access access = access(Mount.PUBLIC, question -> Decision.ALLOW);

        assertThat(allowed(access, Action.PUBLISH, page("https://evil.example", "cross-site")))
                .isFalse();
        assertThat(allowed(access, Action.PUBLISH, page("https://evil.example", "")))
                .isFalse();
        assertThat(allowed(access, Action.PUBLISH, page("https://app.example", "same-origin")))
                .isTrue(); // a proxy has rewritten Host
        assertThat(allowed(access, Action.PUBLISH, page("https://push.example", "")))
                .isTrue();
        assertThat(allowed(access, Action.SUBSCRIBE, page("https://evil.example", "cross-site")))
                .isTrue();
    }

    @Test
    void configuredOrigin_mayPublish_fromAnotherSite() {
        Access access = new Access(Rules.PUBLIC, question -> Decision.ALLOW, Set.of(), Set.of("https://app.example"));

        assertThat(allowed(access, Action.PUBLISH, page("https://app.example", "cross-site")))
                .isTrue();
    }

    private static Ask page(String origin, String site) {
        Ask ask = Ask.get("/").with("Host", "push.example").with("Origin", origin);
        return site.isEmpty() ? ask : ask.with("Sec-Fetch-Site", site);
    }

    // ---- rules of the legacy mounts

    private static Access byAddress(String... allow) {
        Rule rule = Rule.addresses(List.of(allow), List.of("10.66"));
        return new Access(Rules.all(rule), NO_OPINION, Set.of("admin.internal"), Set.of());
    }

    private static Ask from(String address, boolean loopback) {
        return Ask.get("/").from(new Caller(address, loopback, Optional.empty(), Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.1.5,true",
        "192.168.255.1,true",
        "192.1.1.1,false",
        "192.16.8.1,false",
        "10.1.2.3,true",
        "10.10.2.3,false",
        "10.66.0.1,false",
        "203.0.113.9,false"
    })
    void addressRule_goesByWholeParts(String address, boolean allowed) {
        Access access = byAddress("192.168", "10.1", "10.66", "127.0.0.1");
        assertThat(allowed(access, Action.ADMIN, from(address, false))).isEqualTo(allowed);
    }

    /** Behind a proxy on the same machine everyone is 127.0.0.1. */
    @Test
    void addressRule_loopbackIsTheJudgement_notTheAddress() {
        Access access = byAddress("127.0.0.1");
        assertThat(allowed(access, Action.ADMIN, from("127.0.0.1", true))).isTrue();
        assertThat(allowed(access, Action.ADMIN, from("::1", true))).isTrue();
        assertThat(allowed(access, Action.ADMIN, from("127.0.0.1", false))).isFalse();
        assertThat(allowed(byAddress("all"), Action.ADMIN, from("203.0.113.9", false)))
                .isTrue();
    }

    /** Whom the proxy stands for, nobody knows: its own address is no reason. */
    @Test
    void addressRule_doesNotLetInWhomAnUnknownProxyForwards() {
        Access access = byAddress("192.168", "127.0.0.1");
        Caller forwarded = new Caller("192.168.1.5", false, true, Optional.empty(), Optional.empty());
        assertThat(allowed(access, Action.ADMIN, Ask.get("/").from(forwarded))).isFalse();
    }

    /** As they are written by people, and as containers write them: else a denial would match nothing. */
    @Test
    void addressRule_knowsAddressesHoweverTheyAreWritten() {
        Rule rule = Rule.addresses(List.of("all"), List.of("2001:db8::bad", "2001:DB8:0:0:0:0:0:2"));
        Access access = new Access(Rules.all(rule), NO_OPINION, Set.of(), Set.of());
        assertThat(allowed(access, Action.ADMIN, from("2001:db8:0:0:0:0:0:bad", false)))
                .isFalse();
        assertThat(allowed(access, Action.ADMIN, from("2001:db8:0:0:0:0:0:2", false)))
                .isFalse();
        assertThat(allowed(access, Action.ADMIN, from("2001:db8:0:0:0:0:0:3", false)))
                .isTrue();
        for (String wrong : List.of("localhost", "10.0.0.0/8", "1.2.3.4.5", "evil.example")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Rule.addresses(List.of(wrong), List.of()))
                    .withMessageContaining(wrong);
        }
    }

    /** An address cannot be rebound to another; a name can. Pages of others are refused either way. */
    @Test
    void addressRule_takesANumericHost_andRefusesForeignNamesAndPages() {
        Access access = byAddress("192.168");
        assertThat(allowed(access, Action.ADMIN, from("192.168.1.5", false).with("Host", "192.168.1.1:8000")))
                .isTrue();
        assertThat(allowed(access, Action.ADMIN, from("192.168.1.5", false).with("Host", "[fd00::1]:8000")))
                .isTrue();
        assertThat(allowed(access, Action.ADMIN, from("192.168.1.5", false).with("Host", "evil.example")))
                .isFalse();
        assertThat(allowed(
                        access,
                        Action.ADMIN,
                        from("192.168.1.5", false).with("Host", "192.168.1.1").with("Origin", "http://evil.example")))
                .isFalse();
    }

    /** Who shows a credential may come from anywhere and by any name, but a foreign page may not show it for its reader. */
    @Test
    void credential_isEnough_butNotFromAForeignPage() {
        Rule rule = Rule.LOOPBACK.or(request -> request.header("Authorization").isPresent(), "a password");
        Access access = new Access(Rules.all(rule), NO_OPINION, Set.of(), Set.of());
        Ask knows = Ask.get("/").with("Host", "stars.example").with("Authorization", "Basic x");
        assertThat(allowed(access, Action.PUBLISH, knows)).isTrue();
        assertThat(allowed(access, Action.PUBLISH, Ask.get("/").with("Host", "stars.example")))
                .isFalse();
        assertThat(allowed(access, Action.PUBLISH, knows.with("Sec-Fetch-Site", "cross-site")))
                .isFalse();
    }

    @Test
    void anyonesRule_letsForeignPagesWrite_whichItsDialectLivesOn() {
        Access access = new Access(Rules.all(Rule.ANYONE), NO_OPINION, Set.of(), Set.of());
        assertThat(allowed(
                        access,
                        Action.PUBLISH,
                        Ask.get("/").with("Host", "a.example").with("Sec-Fetch-Site", "cross-site")))
                .isTrue();
    }

    // ---- how fast

    /** Who pays for a message: whose bucket is empty cannot publish, from wherever. */
    @Test
    void publishes_areCountedBySubject_orPrincipal_orAddress() {
        Access access = access(Mount.PUBLIC, NO_OPINION).withPace(new Pace(1, 1, new ManualScheduler()::nanoTime));
        Ask stranger = Ask.get("/");
        Ask other = Ask.get("/").from(caller("203.0.113.10", Optional.empty(), Optional.empty()));
        Ask ann = Ask.get("/").from(caller("203.0.113.9", Optional.of("ann"), Optional.empty()));
        Ask annElsewhere = Ask.get("/").from(caller("203.0.113.11", Optional.of("ann"), Optional.empty()));
        Ask bearer = Ask.get("/").from(caller("203.0.113.9", Optional.of("ann"), Optional.of(subject("ann"))));
        Ask bearerElsewhere = Ask.get("/").from(caller("203.0.113.12", Optional.empty(), Optional.of(subject("ann"))));
        for (Ask first : List.of(stranger, other, ann, bearer)) {
            assertThat(mayPublish(access, first)).isTrue();
        }
        for (Ask second : List.of(stranger, other, ann, annElsewhere, bearer, bearerElsewhere)) {
            assertThat(mayPublish(access, second)).isFalse();
        }
    }

    @Test
    void thisMachine_publishesAsFastAsItCan() {
        Access access = access(Mount.LOOPBACK, NO_OPINION).withPace(new Pace(1, 1, new ManualScheduler()::nanoTime));
        for (int i = 0; i < 10; i++) {
            assertThat(mayPublish(access, local())).isTrue();
        }
    }

    /** Else a page of another site could use up what its reader may publish, or publish endlessly on its reader's machine. */
    @Test
    void foreignPages_spendNothingOfTheirReaders_andAreNotThisMachine() {
        Access access = access(Mount.PUBLIC, NO_OPINION).withPace(new Pace(1, 1, new ManualScheduler()::nanoTime));
        Caller ann = caller("203.0.113.9", Optional.of("ann"), Optional.empty());
        assertThat(mayPublish(access, Ask.get("/").from(ann).with("Sec-Fetch-Site", "cross-site")))
                .isTrue();
        assertThat(mayPublish(access, Ask.get("/").from(ann))).isTrue();
        assertThat(mayPublish(access, local().with("Sec-Fetch-Site", "cross-site")))
                .isTrue();
        assertThat(mayPublish(access, local().with("Sec-Fetch-Site", "cross-site")))
                .isFalse();
    }

    private static boolean mayPublish(Access access, Ask ask) {
        try {
            access.countPublish(1, ask.request());
            return true;
        } catch (RefusedException e) {
            assertThat(e.refusal()).isEqualTo(Refusal.TOO_MANY_MESSAGES);
            return false;
        }
    }

    private static Caller caller(String address, Optional<String> principal, Optional<Grant> grant) {
        return new Caller(address, false, principal.map(name -> () -> name), grant);
    }

    private static Grant subject(String subject) {
        return new Grant() {
            @Override
            public String subject() {
                return subject;
            }

            @Override
            public boolean allows(Action action, String channel) {
                return true;
            }
        };
    }
}
