package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer.Decision;
import dev.comet.Caller;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * design.md, "Who may do what, by default", as docs/security.md has it: every mount, everything that can be asked of it, and
 * everyone who may ask. {@link #ROWS} has a group of requests for each cell of that table; a cell without requests fails, and so does an
 * endpoint without any. The columns of marks are {@link Who}'s, in their order; {@code +} is let, {@code -} is refused.
 */
final class WhoMayDoWhatTest {
    private static final Path PAGE = Path.of("../docs/security.md");

    /** Who asks, and how a browser says which page made it ask. */
    private enum Who {
        // where from, by no token: a client, and pages in browsers, elsewhere and on this machine
        STRANGER,
        STRANGER_CROSS_SITE,
        STRANGER_REBOUND,
        STRANGER_FORWARDED,
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
        TOKEN_IN_URL_CROSS_SITE,
        TICKET_CROSS_SITE,
        TOKEN_FOR_ELSE,
        COOKIE_SAME_ORIGIN,
        COOKIE_CROSS_SITE,
        COOKIE_SILENT,

        // the application's word: everyone, those who have logged in, or this machine, and nobody else
        ALLOWED,
        ALLOWED_CROSS_SITE,
        MEMBER_SAME_ORIGIN,
        MEMBER_CROSS_SITE,
        MEMBER_BY_COOKIE_SILENT,
        MEMBER_BY_PASSWORD_SILENT,
        MEMBER_BY_PASSWORD_CROSS_SITE,
        HERE_ALLOWED,
        HERE_ALLOWED_CROSS_SITE,
        HERE_DENIED,

        // a mount where what anyone may do takes a token
        REQUIRED_STRANGER,
        REQUIRED_TOKEN
    }

    /** Where a group of marks begins. */
    private static final Set<Who> STARTS = Set.of(Who.PASSWORD, Who.TOKEN, Who.ALLOWED, Who.REQUIRED_STRANGER);

    /** A cell (a mount, and what of it), the settings of the mount, and the requests of the cell with their marks. */
    private static final String ROWS = """
            native | subscribe
                GET /events?channel=news&as=poll&wait=0                  | ++++++++++ ++ ++++-+++ +++-++-+-- -+
                FORM /events channel=news&as=poll&wait=0                 | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /channels/news                                       | ++++++++++ ++ ++++-+++ +++-++-+-- -+
            native | publish
                POST /channels/news hello                                | ---------- -- ++++-+-- +-+--+-+-- -+
            native | the rest: presence
                GET /events?channel=news&as=poll&wait=0&presence=ann     | ++++++++++ ++ ++++-+++ +++-++-+-- -+
                GET /events?channel=news&as=poll&wait=0&members=true     | ++++++++++ ++ ++++-+++ +++-++-+-- -+
                GET /channels/news/members                               | ++++++++++ ++ ++++-+++ +++-++-+-- -+
            native | the rest: list
                GET /channels                                            | ---------- -- ++++-+-+ +-+-++-+-- -+
            native | the rest: remove
                DELETE /channels/news                                    | ---------- -- ++++-+-- +-+--+-+-- -+
            native | the rest: statistics
                GET /stats                                               | ---------- -- ++++-+-+ +-+-++-+-- -+
            native | the rest: tickets
                FORM /tickets x                                          | ---------- -- +++-++-- ---------- -+
            native | the rest: renewal
                FORM /token connection=c1                                | ---------- -- ++++-+-- ---------- -+
            native admin | subscribe
                GET /events?channel=news&as=poll&wait=0                  | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
                FORM /events channel=news&as=poll&wait=0                 | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /channels/news                                       | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
            native admin | publish
                POST /channels/news hello                                | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            native admin | the rest
                GET /events?channel=news&as=poll&wait=0&presence=ann     | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
                GET /channels/news/members                               | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
                GET /channels                                            | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
                DELETE /channels/news                                    | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /stats                                               | ----+-+--- -- ++++-+-+ +-+-++-+-- -+
            native admin | the rest: tickets
                FORM /tickets x                                          | ---------- -- +++-++-- ---------- -+
            native admin | the rest: renewal
                FORM /token connection=c1                                | ---------- -- ++++-+-- ---------- -+
            iComet front | subscribe
                GET /poll?cname=news&seq=0                               | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /sub?cname=news&seq=0&cb=f                           | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /stream?cname=news&seq=0                             | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /iframe?cname=news&seq=0                             | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /sse?cname=news&seq=0                                | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            iComet front | subscribe: auth=token | auth=token
                GET /poll?cname=news&seq=0                               | ---------- -- -------- ---------- --
                GET /poll?cname=news&seq=0&token=RIGHT                   | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            iComet front | the rest: /ping
                GET /ping                                                | ++++++++++ ++ ++++++++ ++++++++++ ++
            iComet admin | publish
                GET /push?cname=news&content=x                           | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                FORM /push cname=news&content=x                          | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /pub?cname=news&content=x&cb=f                       | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                FORM /pub cname=news&content=x                           | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /broadcast?content=x                                 | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            iComet admin | publish: admin_allow | admin_allow=203.0.113
                GET /push?cname=news&content=x                           | +--------- +- ++++++-+ +-+--+-+-- ++
                FORM /pub cname=news&content=x                           | +--------- +- ++++++-+ +-+--+-+-- ++
            iComet admin | the rest
                GET /psub                                                | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /sign?cname=news&cb=f                                | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /close?cname=news                                    | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /clear?cname=news                                    | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /info                                                | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                GET /check?cname=news                                    | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            iComet admin | the rest: admin_allow | admin_allow=203.0.113
                GET /sign?cname=news&cb=f                                | +--------- +- ++++++-+ +-+--+-+-- ++
            Simple-Comet | subscribe
                GET /channels/news.json?since=0                          | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /channels/news.jsonp?since=0                         | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            Simple-Comet | subscribe: channels with sessions
                GET /channels/private.json?since=0                       | ---------- -- -------- ---------- --
                GET /channels/private.json?since=0&client_id=bob         | ---------- -- -------- ---------- --
                GET /channels/private.json?since=0&client_id=ann         | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            Simple-Comet | publish
                FORM /channels/news.json content=x                       | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            Simple-Comet | the rest: register
                FORM /channels.json channel_id=fresh                     | ----+-+--- -- ++++-+-- +-+--+-+-- -+
                FORM /clients.json client_id=fresh                       | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            Simple-Comet | the rest: delete
                DELETE /channels/news.json                               | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            Simple-Comet | the rest: status | enable-status=1
                GET /status.json                                         | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /stats.jsonp                                         | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            Stardust | subscribe
                GET /channel/news                                        | ++++++++++ ++ ++++-+++ +++--+-+-- -+
                GET /channel/news/stream/0.5                             | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            Stardust | publish
                FORM /channel/news m={}                                  | ----+-+--- -- ++++-+-- +-+--+-+-- -+
            Stardust | publish: allow_from | allow_from=203.0.113
                FORM /channel/news m={}                                  | +--------- +- ++++++-+ +-+--+-+-- ++
            Stardust | publish: auth_user | auth_user=me auth_pass=pass
                FORM /channel/news m={}                                  | ----+-+--- +- ++++-+-- +-+--+-+-- -+
            Stardust | the rest: /
                GET /                                                    | ++++++++++ ++ ++++++++ ++++++++++ ++
            Stardust | the rest: lists
                GET /channel                                             | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            CComet | subscribe
                GET /subscribe?channel=news&sname=ann&seqid=0&callback=f | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            CComet | publish
                GET /publish?channel=news&sname=ann&msg=x&callback=f     | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            CComet | the rest: sign
                GET /sign?channel=news&sname=ann&callback=f              | ++++++++++ ++ ++++-+++ +++--+-+-- -+
            """;

    /** How those stand in the first group of whom the page has these words for. */
    private static final Map<String, String> WORDS =
            Map.of("anyone", "++++++++++", "this machine", "----+-+---", "nobody", "----------");

    /** Simple-Comet has no words for what there is. */
    private static final String SIMPLE_COMET =
            "there is /channels.json, /channels/{name}.json, /channels/{name}.jsonp, /clients.json, /status.json, /stats.jsonp here";

    private record Row(String cell, String settings, String asked, String marks) {
        String mount() {
            return cell.substring(0, cell.indexOf(" | "));
        }

        String path() {
            return asked.split("[ ?]", -1)[1];
        }

        @Override
        public String toString() {
            return cell + " " + settings + " " + asked;
        }
    }

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        String cell = "";
        String settings = "";
        for (String line : ROWS.lines().toList()) {
            String[] parts = line.strip().split(" +\\| ", -1);
            if (line.startsWith(" ")) {
                rows.add(new Row(cell, settings, parts[0], parts[1]));
            } else {
                cell = parts[0] + " | " + parts[1];
                settings = parts.length > 2 ? parts[2] : "";
            }
        }
        return rows;
    }

    static Stream<String> mounts() {
        return rows().stream().map(Row::mount).distinct();
    }

    /** The cells of the page's table, and who it says may. A cell may have several: "register, delete: this machine; status: anyone". */
    private static Map<String, String> cells() throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        int head = lines.indexOf("| mount | subscribe | publish | the rest |");
        assertThat(head).isPositive();
        Map<String, String> cells = new LinkedHashMap<>();
        lines.stream().skip(head + 2).takeWhile(line -> line.startsWith("|")).forEach(line -> {
            String[] columns = line.replace("`", "").split(" ?\\| ?", -1);
            for (int i = 2; i <= 4; i++) {
                String column = columns[1] + " | "
                        + List.of("subscribe", "publish", "the rest").get(i - 2);
                for (String clause : columns[i].equals("–") ? new String[0] : columns[i].split("; ")) {
                    int colon = clause.indexOf(": ");
                    if (colon < 0) {
                        cells.put(column, clause);
                        continue;
                    }
                    for (String what : clause.substring(0, colon).split(", ", -1)) {
                        cells.put(column + ": " + what, clause.substring(colon + 2));
                    }
                }
            }
        });
        return cells;
    }

    // ---- that nothing is missing

    @Test
    void everyCellOfThePage_hasItsRequests() throws IOException {
        assertThat(rows().stream().map(Row::cell).distinct()).containsExactlyInAnyOrderElementsOf(cells().keySet());
    }

    /** A mount that is asked for what it does not have says what it has. */
    @ParameterizedTest
    @MethodSource("mounts")
    void everyEndpoint_hasItsRequests(String mount) {
        CometConfig config = CometConfig.defaults();
        String words = SIMPLE_COMET;
        if (!mount.equals("Simple-Comet")) {
            try (Talk talk = new Talk(
                    Comet.builder(), comet -> mount(mount, "", comet, config).dialect(comet, config))) {
                Held held = talk.ask(Ask.get("/nowhere").from(Ask.LOCAL));
                assertThat(held.status()).isEqualTo(404);
                words = held.text();
            }
        }
        List<String> endpoints = Pattern.compile("/[a-z{}/.]*(?=[, ])")
                .matcher(words.substring(words.indexOf("there is ")))
                .results()
                .map(MatchResult::group)
                .toList();
        assertThat(endpoints).isNotEmpty().allSatisfy(endpoint -> {
            String path = endpoint.replaceAll("\\{[a-z]+}", "[^/]+").replace(".", "\\.");
            assertThat(rows()).anySatisfy(row -> {
                assertThat(row.mount()).isEqualTo(mount);
                assertThat(row.path()).matches(path);
            });
        });
    }

    // ---- the table

    @ParameterizedTest
    @MethodSource("rows")
    void everyCell(Row row) throws IOException {
        StringBuilder marks = new StringBuilder();
        Map<Who, Character> each = new LinkedHashMap<>();
        for (Who who : Who.values()) {
            char mark = isLet(row, who) ? '+' : '-';
            each.put(who, mark);
            marks.append(STARTS.contains(who) ? " " : "").append(mark);
        }
        assertThat(marks.toString()).as("%s: %s", row, each).isEqualTo(row.marks);
        String says = cells().getOrDefault(row.cell, "nothing");
        WORDS.forEach((words, whom) -> {
            if (says.startsWith(words)) {
                assertThat(row.marks).as("%s: %s", row.cell, says).startsWith(whom);
            }
        });
    }

    /** Whatever the mount, the token and the authorizer: nobody follows them but by Simple-Comet's rows. */
    @ParameterizedTest
    @CsvSource({
        "native, GET /events?channel=private",
        "native, FORM /events channel=news&channel=private",
        "native admin, GET /events?channel=private&as=poll",
        "iComet front, GET /poll?cname=private&seq=1",
        "Stardust, GET /channel/private",
        "Stardust, GET /channel/private/stream/0.5",
        "CComet, GET /subscribe?channel=private&sname=ann&seqid=0&callback=f"
    })
    void channelsWithSessions_areFollowedOnNoOtherMount(String mount, String asked) {
        for (Who who : Who.values()) {
            Row row = new Row(mount + " | channels with sessions", "", asked, "");
            assertThat(isLet(row, who)).as("%s by %s", row, who).isFalse();
        }
    }

    private static boolean isLet(Row row, Who who) {
        Tokens tokens = Tokens.builder().key("k1", new byte[32]).build();
        CometConfig config = CometConfig.builder()
                .tokens(tokens)
                .authorizer(question -> decide(who, question.caller()))
                .allowedHosts(Set.of("push.example"))
                .requireToken(who.name().startsWith("REQUIRED"))
                .build();
        try (Talk talk = new Talk(Comet.builder(), comet -> mount(row.mount(), row.settings, comet, config)
                .dialect(comet, config))) {
            prepare(talk, tokens, row);
            String asked =
                    row.asked.replace("RIGHT", talk.comet().channel("news").token());
            Held held = talk.ask(by(who, asked, tokens));
            boolean denied = talk.comet().stats().refusals().getOrDefault("denied", 0L) > 0;
            if (held.framing() != null) {
                held.leave();
                return !denied;
            }
            if (denied
                    || held.status() == 401
                    || held.status() == 403
                    || held.text().contains("\"return_code\":-")) {
                return false;
            }
            assertThat(held.status()).as("%s by %s", row, who).isBetween(200, 299);
            return true;
        }
    }

    /** What the requests ask for: two channels, one of them for registered clients, such a client, and a connection to renew. */
    private static void prepare(Talk talk, Tokens tokens, Row row) {
        Comet comet = talk.comet();
        comet.publish("news", "x");
        comet.create("private", comet.settings().channels().withSessionsOnly(true));
        comet.publish("private", "x");
        if (row.mount().equals("Simple-Comet")) {
            Held registered =
                    talk.ask(Ask.form("/clients.json", "client_id=ann").from(PREPARES));
            assertThat(registered.text()).contains("\"return_code\":1");
        }
        Bearers bearers = tokens.bearers();
        Ask ann = Ask.get("/").with("Authorization", "Bearer " + everything(tokens));
        talk.hold(bearers, bearers.identify(ann.request()).token().orElseThrow(), "c1", "news");
    }

    private static final Caller PREPARES = new Caller("127.0.0.2", true, Optional.empty(), Optional.empty());

    private static Decision decide(Who who, Caller caller) {
        if (caller.equals(PREPARES)) {
            return Decision.ALLOW;
        }
        return switch (who) {
            case ALLOWED, ALLOWED_CROSS_SITE -> Decision.ALLOW;
            case MEMBER_SAME_ORIGIN,
                    MEMBER_CROSS_SITE,
                    MEMBER_BY_COOKIE_SILENT,
                    MEMBER_BY_PASSWORD_SILENT,
                    MEMBER_BY_PASSWORD_CROSS_SITE -> caller.principal().isPresent() ? Decision.ALLOW : Decision.DENY;
            case HERE_ALLOWED, HERE_ALLOWED_CROSS_SITE -> caller.loopback() ? Decision.ALLOW : Decision.DENY;
            case HERE_DENIED -> Decision.DENY;
            default -> Decision.UNKNOWN;
        };
    }

    private static EndpointServlet mount(String name, String settings, Comet comet, CometConfig config) {
        Map<String, String> values = Stream.of(settings.split(" "))
                .filter(setting -> !setting.isEmpty())
                .map(setting -> setting.split("="))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
        return switch (name) {
            case "native" -> new CometServlet(comet, config);
            case "native admin" -> new CometAdminServlet(comet, config);
            case "iComet front" -> new IcometServlet(comet, config, values);
            case "iComet admin" -> new IcometAdminServlet(comet, config, values);
            case "Simple-Comet" -> new SimpleCometServlet(comet, config, values);
            case "Stardust" -> new StardustServlet(comet, config, values);
            case "CComet" -> new CCometServlet(comet, config, values);
            default -> throw new AssertionError(name);
        };
    }

    private static Ask ask(String asked, String parameter) {
        String[] parts = asked.split(" ", 3);
        String target = parts[1] + (parameter.isEmpty() ? "" : (parts[1].contains("?") ? "&" : "?") + parameter);
        return switch (parts[0]) {
            case "FORM" ->
                Ask.of("POST", target)
                        .with("Content-Type", "application/x-www-form-urlencoded")
                        .body(parts[2]);
            case "POST" ->
                Ask.of("POST", target).with("Content-Type", "text/plain").body(parts[2]);
            default -> Ask.of(parts[0], target);
        };
    }

    private static Ask by(Who who, String asked, Tokens tokens) {
        String parameter =
                switch (who) {
                    case TOKEN_IN_URL_CROSS_SITE -> "access_token=" + everything(tokens);
                    case TICKET_CROSS_SITE -> "ticket=" + ticket(tokens);
                    default -> "";
                };
        Ask ask = ask(asked, parameter).identifiedBy(tokens.bearers()).from(caller(who));
        String name = who.name().toLowerCase(Locale.ROOT).replace('_', '-');
        boolean local = name.startsWith("here") || who == Who.FORWARDED;
        boolean rebound = name.endsWith("rebound");
        ask.with("Host", rebound ? "evil.example" : local ? "localhost:8080" : "push.example");
        for (String site : List.of("same-site", "cross-site", "same-origin")) {
            if (name.endsWith(site)) {
                ask.with("Sec-Fetch-Site", site);
            }
        }
        if (rebound || who == Who.HERE_FOREIGN_ORIGIN) {
            ask.with("Origin", "http://evil.example");
        }
        if (name.contains("password")) {
            ask.with("Authorization", "Basic bWU6cGFzcw==").with("Cookie", "theme=dark"); // me:pass
        } else if (name.startsWith("member")) {
            ask.with("Cookie", "JSESSIONID=1");
        } else if (name.startsWith("cookie")) {
            ask.with("Cookie", "comet_token=" + everything(tokens));
        }
        return switch (who) {
            case TOKEN, TOKEN_CROSS_SITE, REQUIRED_TOKEN -> ask.with("Authorization", "Bearer " + everything(tokens));
            case TOKEN_FOR_ELSE -> ask.with("Authorization", "Bearer " + somethingElse(tokens));
            default -> ask;
        };
    }

    private static Caller caller(Who who) {
        String name = who.name();
        boolean here = name.startsWith("HERE");
        boolean forwarded = name.endsWith("FORWARDED");
        Optional<Principal> principal = name.startsWith("MEMBER") ? Optional.of(() -> "me") : Optional.empty();
        String address = here || who == Who.FORWARDED ? "127.0.0.1" : "203.0.113.9";
        return new Caller(address, here, forwarded, principal, Optional.empty());
    }

    private static String everything(Tokens tokens) {
        return tokens.mint("ann", Duration.ofMinutes(1))
                .subscribe("*")
                .publish("*")
                .presence("*")
                .admin()
                .sign();
    }

    private static String somethingElse(Tokens tokens) {
        return tokens.mint("ann", Duration.ofMinutes(1))
                .subscribe("else")
                .publish("else")
                .presence("else")
                .sign();
    }

    private static String ticket(Tokens tokens) {
        Bearers bearers = tokens.bearers();
        Ask ann = Ask.get("/").with("Authorization", "Bearer " + everything(tokens));
        return bearers.ticket(bearers.identify(ann.request()).token().orElseThrow())
                .text();
    }
}
