package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer;
import dev.comet.Authorizer.Decision;
import dev.comet.Caller;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import java.security.Principal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * design.md, "Who may do what, by default": every mount, everything that can be asked of it, and everyone who may ask. The columns
 * are {@link Who}'s, in their order; {@code +} is let, {@code -} is refused.
 */
final class WhoMayDoWhatTest {
    /** Who asks, and how a browser says which page made it ask. */
    private enum Who {
        // where from, by no token: a client, and pages in browsers on this machine
        STRANGER,
        HERE,
        FORWARDED,
        HERE_SAME_SITE,
        HERE_CROSS_SITE,
        HERE_FOREIGN_ORIGIN,
        HERE_REBOUND,

        // strangers by the password of Stardust's settings
        PASSWORD,
        PASSWORD_CROSS_SITE,

        // strangers by tokens, which grant everything, or only something else
        TOKEN,
        TOKEN_CROSS_SITE,
        TOKEN_FOR_ELSE,
        COOKIE_SAME_ORIGIN,
        COOKIE_CROSS_SITE,
        COOKIE_SILENT,

        // the application's word: everyone, or those who have logged in, and nobody else
        ALLOWED,
        ALLOWED_CROSS_SITE,
        MEMBER_SAME_ORIGIN,
        MEMBER_CROSS_SITE,
        MEMBER_BY_COOKIE_SILENT,
        MEMBER_BY_PASSWORD_SILENT,
        HERE_DENIED,

        // a mount where what anyone may do takes a token
        REQUIRED_STRANGER,
        REQUIRED_TOKEN
    }

    /** Where a group of marks begins. */
    private static final Set<Who> STARTS = Set.of(Who.PASSWORD, Who.TOKEN, Who.ALLOWED, Who.REQUIRED_STRANGER);

    private static final Tokens TOKENS =
            Tokens.builder().key("k1", new byte[32]).build();

    private record Row(String mount, String asked, String marks) {
        @Override
        public String toString() {
            return mount + " " + asked;
        }
    }

    static Stream<Row> rows() {
        return ROWS.lines().filter(line -> !line.isBlank()).map(line -> {
            String[] cells = line.split("\\|", -1);
            return new Row(cells[0].strip(), cells[1].strip(), cells[2].strip());
        });
    }

    private static final String ROWS = """
            native       | GET /events?channel=news&as=poll&wait=0                  | +++++++ ++ ++-+++ +++-++- -+
            native       | GET /channels/news                                       | +++++++ ++ ++-+++ +++-++- -+
            native       | GET /events?channel=news&as=poll&wait=0&presence=ann     | +++++++ ++ ++-+++ +++-++- -+
            native       | GET /events?channel=news&as=poll&wait=0&members=true     | +++++++ ++ ++-+++ +++-++- -+
            native       | GET /channels/news/members                               | +++++++ ++ ++-+++ +++-++- -+
            native       | POST /channels/news hello                                | ------- -- ++-+-- +-+--+- -+
            native       | GET /channels                                            | ------- -- ++-+-+ +-+-++- -+
            native       | GET /stats                                               | ------- -- ++-+-+ +-+-++- -+
            native       | DELETE /channels/news                                    | ------- -- ++-+-- +-+--+- -+
            native-admin | GET /events?channel=news&as=poll&wait=0                  | -+-+--- -- ++-+-+ +-+-++- -+
            native-admin | GET /channels/news/members                               | -+-+--- -- ++-+-+ +-+-++- -+
            native-admin | POST /channels/news hello                                | -+-+--- -- ++-+-- +-+--+- -+
            native-admin | GET /channels                                            | -+-+--- -- ++-+-+ +-+-++- -+
            native-admin | GET /stats                                               | -+-+--- -- ++-+-+ +-+-++- -+
            native-admin | DELETE /channels/news                                    | -+-+--- -- ++-+-- +-+--+- -+
            icomet       | GET /poll?cname=news&seq=0                               | +++++++ ++ ++-+++ +++--+- -+
            icomet       | GET /sse?cname=news&seq=0                                | +++++++ ++ ++-+++ +++--+- -+
            icomet       | GET /ping                                                | +++++++ ++ ++++++ +++++++ ++
            icomet-auth  | GET /poll?cname=news&seq=0                               | ------- -- ------ ------- --
            icomet-auth  | GET /poll?cname=news&seq=0&token=RIGHT                   | +++++++ ++ ++-+++ +++--+- -+
            icomet-admin | GET /push?cname=news&content=x                           | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | FORM /push cname=news&content=x                          | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /broadcast?content=x                                 | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /sign?cname=news                                     | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /close?cname=news                                    | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /clear?cname=news                                    | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /info                                                | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /check?cname=news                                    | -+-+--- -- ++-+-- +-+--+- -+
            icomet-admin | GET /psub                                                | -+-+--- -- ++-+-- +-+--+- -+
            simple-comet | GET /channels/news.json?since=0                          | +++++++ ++ ++-+++ +++--+- -+
            simple-comet | FORM /channels/news.json content=x                       | -+-+--- -- ++-+-- +-+--+- -+
            simple-comet | FORM /channels.json channel_id=fresh                     | -+-+--- -- ++-+-- +-+--+- -+
            simple-comet | FORM /clients.json client_id=fresh                       | -+-+--- -- ++-+-- +-+--+- -+
            simple-comet | DELETE /channels/news.json                               | -+-+--- -- ++-+-- +-+--+- -+
            simple-comet | GET /status.json                                         | +++++++ ++ ++-+++ +++--+- -+
            stardust     | GET /channel                                             | +++++++ ++ ++-+++ +++--+- -+
            stardust     | GET /channel/news                                        | +++++++ ++ ++-+++ +++--+- -+
            stardust     | GET /channel/news/stream/0.5                             | +++++++ ++ ++-+++ +++--+- -+
            stardust     | FORM /channel/news m={}                                  | -+-+--- -- ++-+-- +-+--+- -+
            stardust-pw  | FORM /channel/news m={}                                  | -+-+--- +- ++-+-- +-+--+- -+
            ccomet       | GET /subscribe?channel=news&sname=ann&seqid=0&callback=f | +++++++ ++ ++-+++ +++--+- -+
            ccomet       | GET /publish?channel=news&sname=ann&msg=x&callback=f     | +++++++ ++ ++-+++ +++--+- -+
            ccomet       | GET /sign?channel=news&sname=ann&callback=f              | +++++++ ++ ++-+++ +++--+- -+
            """;

    @ParameterizedTest
    @MethodSource("rows")
    void everyCell(Row row) {
        StringBuilder marks = new StringBuilder();
        Map<Who, Character> each = new LinkedHashMap<>();
        for (Who who : Who.values()) {
            char mark = isLet(row, who) ? '+' : '-';
            each.put(who, mark);
            marks.append(STARTS.contains(who) ? " " : "").append(mark);
        }
        assertThat(marks.toString()).as("%s: %s", row, each).isEqualTo(row.marks);
    }

    private static boolean isLet(Row row, Who who) {
        Authorizer authorizer = question -> decide(who, question.caller());
        CometConfig config = CometConfig.builder()
                .tokens(TOKENS)
                .authorizer(authorizer)
                .allowedHosts(Set.of("push.example"))
                .requireToken(who.name().startsWith("REQUIRED"))
                .build();
        BiFunction<Comet, CometConfig, EndpointServlet> mount = mount(row.mount);
        try (Talk talk =
                new Talk(Comet.builder(), comet -> mount.apply(comet, config).dialect(comet, config))) {
            talk.comet().channel("news");
            Held held = talk.ask(by(
                    who,
                    ask(row.asked.replace("RIGHT", talk.comet().channel("news").token()))));
            boolean denied = talk.comet().stats().refusals().getOrDefault("denied", 0L) > 0;
            if (held.framing() != null) {
                held.leave();
            }
            assertThat(held.status()).as("%s by %s", row, who).isNotIn(404, 405, 415, 500);
            return !denied
                    && held.status() != 401
                    && !(held.framing() == null && held.text().contains("\"return_code\":-4"));
        }
    }

    private static Decision decide(Who who, Caller caller) {
        String name = who.name();
        boolean member = name.startsWith("MEMBER");
        boolean allow =
                name.startsWith("ALLOWED") || (member && caller.principal().isPresent());
        return allow ? Decision.ALLOW : member || who == Who.HERE_DENIED ? Decision.DENY : Decision.UNKNOWN;
    }

    private static BiFunction<Comet, CometConfig, EndpointServlet> mount(String name) {
        return switch (name) {
            case "native" -> CometServlet::new;
            case "native-admin" -> CometAdminServlet::new;
            case "icomet" -> (comet, config) -> new IcometServlet(comet, config, Map.of());
            case "icomet-auth" -> (comet, config) -> new IcometServlet(comet, config, Map.of("auth", "token"));
            case "icomet-admin" -> (comet, config) -> new IcometAdminServlet(comet, config, Map.of());
            case "simple-comet" ->
                (comet, config) -> new SimpleCometServlet(comet, config, Map.of("enable-status", "1"));
            case "stardust" -> (comet, config) -> new StardustServlet(comet, config, Map.of());
            case "stardust-pw" ->
                (comet, config) -> new StardustServlet(comet, config, Map.of("auth_user", "me", "auth_pass", "pass"));
            case "ccomet" -> (comet, config) -> new CCometServlet(comet, config, Map.of());
            default -> throw new AssertionError(name);
        };
    }

    private static Ask ask(String asked) {
        String[] parts = asked.split(" ", 3);
        return switch (parts[0]) {
            case "FORM" -> Ask.form(parts[1], parts[2]);
            case "POST" ->
                Ask.of("POST", parts[1]).with("Content-Type", "text/plain").body(parts[2]);
            default -> Ask.of(parts[0], parts[1]);
        };
    }

    private static Ask by(Who who, Ask ask) {
        ask.identifiedBy(TOKENS.bearers()::identify);
        boolean here = who.name().startsWith("HERE");
        String host = here || who == Who.FORWARDED ? "localhost:8080" : "push.example";
        ask.from(caller(who)).with("Host", who == Who.HERE_REBOUND ? "evil.example" : host);
        String name = who.name().toLowerCase(Locale.ROOT).replace('_', '-');
        for (String site : List.of("same-site", "cross-site", "same-origin")) {
            if (name.endsWith(site)) {
                ask.with("Sec-Fetch-Site", site);
            }
        }
        if (who == Who.HERE_FOREIGN_ORIGIN || who == Who.HERE_REBOUND) {
            ask.with("Origin", "http://evil.example");
        }
        if (name.contains("password")) {
            ask.with("Authorization", "Basic bWU6cGFzcw==").with("Cookie", "theme=dark"); // me:pass
        } else if (name.startsWith("member")) {
            ask.with("Cookie", "JSESSIONID=1");
        } else if (name.startsWith("cookie")) {
            ask.with("Cookie", "comet_token=" + everything());
        } else if (who == Who.TOKEN || who == Who.TOKEN_CROSS_SITE || who == Who.REQUIRED_TOKEN) {
            ask.with("Authorization", "Bearer " + everything());
        } else if (who == Who.TOKEN_FOR_ELSE) {
            ask.with(
                    "Authorization",
                    "Bearer "
                            + TOKENS.mint("ann", Duration.ofMinutes(1))
                                    .subscribe("else")
                                    .publish("else")
                                    .presence("else")
                                    .sign());
        }
        return ask;
    }

    private static Caller caller(Who who) {
        if (who.name().startsWith("HERE")) {
            return Ask.LOCAL;
        }
        if (who == Who.FORWARDED) {
            return new Caller("127.0.0.1", false, true, Optional.empty(), Optional.empty());
        }
        boolean member = who.name().startsWith("MEMBER");
        return new Caller(
                "203.0.113.9",
                false,
                member ? Optional.of((Principal) () -> "me") : Optional.empty(),
                Optional.empty());
    }

    private static String everything() {
        return TOKENS.mint("ann", Duration.ofMinutes(1))
                .subscribe("*")
                .publish("*")
                .presence("*")
                .admin()
                .sign();
    }
}
