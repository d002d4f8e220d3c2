package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Caller;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Stats;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Token;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One request as it might stand on the wire (a line {@code GET /path?query}, headers, an empty line, the body) put to a dialect, by a
 * stranger, by somebody on this machine, and by a stranger where everything takes a token. Whatever it says, the dialect answers, in a
 * shape that its clients understand; nothing that was published breaks out of it; and who shows no token that was minted, to the letter,
 * gets and changes nothing where one is needed. <i>Owned by one thread.</i>
 */
final class Conversation {
    /** A mount to be. */
    @FunctionalInterface
    interface Mount {
        EndpointServlet of(Comet comet, CometConfig config);
    }

    private static final InstantSource NOW = InstantSource.fixed(Instant.ofEpochSecond(1_800_000_000));

    /** What stands in an input for the token, and for a ticket. */
    private static final String TOKEN_HERE = "@TOKEN@";

    private static final String TICKET_HERE = "@TICKET@";
    private static final String TOKEN = tokens().mint("ann", Duration.ofHours(1))
            .id("1")
            .subscribe("*")
            .publish("*")
            .presence("*")
            .admin()
            .sign();

    /** How many ways there are to {@linkplain #withChangedToken change} it. */
    static final int CHANGES = 3 * TOKEN.length();

    /** Of a token, in the order of what they stand for: of the last one of a signature, two bits stand for nothing. */
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    private static final Token GRANT = tokens().bearers()
            .identify(Ask.get("/?access_token=" + TOKEN).request())
            .token()
            .orElseThrow();

    private static final Pattern FIELD = Pattern.compile("(?s)|:.*|(id|event|data|retry):.*");
    private static final Pattern FRAME = Pattern.compile("<script>parent\\.(.*)</script>");
    private static final String FRAMES = "<body>\n";
    private static final Pattern ESCAPE = Pattern.compile("%([0-9a-fA-F]{2})");

    /** What anyone may ask for where a token is needed: what the mount is, not what is in it. */
    private static final Pattern OPEN = Pattern.compile("(?s)OPTIONS .*|GET (/ping|/?)(\\?.*)?");

    /** How refusals look that have the status 200. */
    private static final Pattern REFUSED =
            Pattern.compile("\"return_code\":-|\"type\":\"4\\d\\d\"|\"type\" : \"400\"|^/\\*");

    private final Mount mount;
    private final Caller caller;
    private final boolean tokenNeeded;

    private Conversation(Mount mount, Caller caller, boolean tokenNeeded) {
        this.mount = mount;
        this.caller = caller;
        this.tokenNeeded = tokenNeeded;
    }

    static void on(byte[] bytes, Mount mount) {
        new Conversation(mount, Ask.STRANGER, false).isLetIn(bytes);
        new Conversation(mount, Ask.LOCAL, false).isLetIn(bytes);
        if (letsIn(bytes, mount)) {
            letsIn(withChangedToken(bytes, Math.floorMod(Arrays.hashCode(bytes), CHANGES)), mount);
        }
    }

    /** Whether somebody from elsewhere gets what he asks for where everything takes a token. */
    static boolean letsIn(byte[] bytes, Mount mount) {
        return new Conversation(mount, Ask.STRANGER, true).isLetIn(bytes);
    }

    /** An input with the token that is meant, but for one letter, which is another, or is not there, or is there twice. */
    static byte[] withChangedToken(byte[] bytes, int change) {
        int at = change % TOKEN.length();
        String letter = TOKEN.substring(at, at + 1);
        String other = LETTERS.substring((LETTERS.indexOf(letter) + 1) % LETTERS.length())
                .substring(0, 1);
        String instead = List.of(other, "", letter + letter).get(change / TOKEN.length());
        return with(TOKEN.substring(0, at) + instead + TOKEN.substring(at + 1), bytes)
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String with(String token, byte[] bytes) {
        return text(bytes).replace(TOKEN_HERE, token);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static Tokens tokens() {
        return Tokens.builder().key("k1", new byte[32]).clock(NOW).build();
    }

    private boolean isLetIn(byte[] bytes) {
        Tokens tokens = tokens();
        Bearers bearers = tokens.bearers();
        CometConfig config = CometConfig.builder()
                .retry(Duration.ofSeconds(2))
                .corsOrigins(Set.of("https://app.example"))
                .tokens(tokens)
                .requireToken(tokenNeeded)
                .build();
        try (Talk talk =
                new Talk(Comet.builder(), comet -> mount.of(comet, config).dialect(comet, config))) {
            for (String text : Talk.HOSTILE.subList(10, 20)) {
                talk.comet().publish("a", text);
            }
            Subscriber renewable = talk.hold(bearers, GRANT, "c1", "a");
            String ticket = bearers.ticket(GRANT).text();
            String request = with(TOKEN, bytes).replace(TICKET_HERE, ticket);
            Stats before = talk.comet().stats();
            Held held = talk.ask(ask(request).identifiedBy(bearers));
            assertThat(held.status()).isBetween(200, 599);
            held.headers().forEach(Conversation::requireHeader);
            boolean let = isLet(held) && !OPEN.matcher(line(request)).matches();
            if (tokenNeeded && !shows(request, TOKEN) && !shows(request, ticket)) {
                assertThat(let).as("was let in: %s", request).isFalse();
                Stats after = talk.comet().stats();
                assertThat(List.of(after.published(), after.channels(), after.sessions(), after.subscribers()))
                        .isEqualTo(List.of(
                                before.published(), before.channels(), before.sessions(), before.subscribers()));
            }
            if (!held.isComplete()) {
                talk.comet().publish("a", "</script>\r\n\r\nid: 1\n\u2028'\"\\");
                talk.pass(Duration.ofHours(1), held);
            }
            assertThat(held.isComplete()).as("a response of an hour's time").isTrue();
            requireShape(held, request);
            renewable.close(CloseReason.DISCONNECTED);
            talk.pass(Duration.ofHours(1));
            assertThat(talk.comet().stats().subscribers()).isZero();
            assertThat(talk.comet().stats().sessions()).isZero();
            return let;
        }
    }

    private Ask ask(String text) {
        int end = text.indexOf("\n\n");
        String[] head = (end < 0 ? text : text.substring(0, end)).split("\n", -1);
        String[] line = line(text).split(" ", 2);
        Ask ask = Ask.of(line[0], line[1]);
        for (String header : Arrays.asList(head).subList(1, head.length)) {
            int colon = header.indexOf(':');
            if (colon > 0) {
                ask.with(
                        header.substring(0, colon).strip(),
                        header.substring(colon + 1).strip());
            }
        }
        String body = end < 0 ? "" : text.substring(end + 2);
        return ask.body(body.getBytes(StandardCharsets.ISO_8859_1)).from(caller);
    }

    /** The method and the target: a target alone is one to get. */
    private static String line(String text) {
        String line = text.split("\n", 2)[0];
        return line.contains(" ") ? line : "GET " + line;
    }

    // ---- who is let

    private static boolean isLet(Held held) {
        return held.framing() != null
                || (held.status() < 300 && !REFUSED.matcher(held.text()).find());
    }

    /** Whether a request has this word, as it is or percent-encoded, with nothing else of a token's letters around it. */
    private static boolean shows(String request, String word) {
        Pattern alone = Pattern.compile("(?<![A-Za-z0-9._-])" + Pattern.quote(word) + "(?![A-Za-z0-9._-])");
        return alone.matcher(request).find() || alone.matcher(decoded(request)).find();
    }

    private static String decoded(String request) {
        return ESCAPE.matcher(request)
                .replaceAll(
                        escape -> Matcher.quoteReplacement(Character.toString(Integer.parseInt(escape.group(1), 16))));
    }

    // ---- shapes

    private static void requireHeader(String name, List<String> values) {
        assertThat(name).matches("[A-Za-z-]+");
        for (String value : values) {
            assertThat(value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c <= 0xff && c != 0x7f)))
                    .as("%s: %s", name, value)
                    .isTrue();
        }
    }

    private static void requireShape(Held held, String request) {
        String text = held.text(); // strictly UTF-8
        List<String> types = held.header("Content-Type");
        assertThat(types.size()).isLessThanOrEqualTo(1);
        String type = types.isEmpty() ? "" : types.get(0).split(";", 2)[0];
        switch (type) {
            case "application/json", "application/problem+json", "application/x-ndjson" -> {
                // iComet's streams, too, are lines of JSON.
                if (held.framing() == null && !text.isEmpty()) {
                    Talk.json(text);
                } else {
                    text.lines().filter(line -> !line.isEmpty()).forEach(Talk::json);
                }
            }
            case "text/event-stream" ->
                text.lines().forEach(line -> assertThat(line).matches(FIELD));
            case "text/javascript", "application/javascript" -> requireScript(text, request);
            case "text/html" -> requireFrames(text);
            case "text/plain" -> {}
            case "" -> assertThat(text).isEmpty();
            default -> throw new AssertionError("nobody knows the type " + type);
        }
    }

    /** A call of the function that was asked for; or what nothing is done with, in words that are known. */
    private static void requireScript(String text, String request) {
        boolean idle = text.equals("{\"type\":\"ok\"}\n") // iComet's /push and /pub, without a callback
                || text.equals("/* incomplete JSONP callback name */") // Simple-Comet's
                || text.equals("/* invalid JSONP callback name */");
        if (!idle) {
            String function = Called.parse(text).function();
            boolean wanted = function.equals("icomet_cb")
                    || function.equals("_JSONP_comet_cb")
                    || decoded(request).contains("=" + function);
            assertThat(wanted).as("asked to call %s: %s", function, request).isTrue();
        }
    }

    /** iComet's page in a frame: a head that is always the same, and calls of its parent's function, a line each. */
    private static void requireFrames(String text) {
        int frames = text.indexOf(FRAMES);
        assertThat(frames).isPositive();
        for (String line : text.substring(frames + FRAMES.length()).split("\n", -1)) {
            Matcher frame = FRAME.matcher(line);
            assertThat(line.isEmpty() || frame.matches()).as(line).isTrue();
            if (!line.isEmpty()) {
                assertThat(Called.parse(frame.group(1)).function()).isEqualTo("icomet_cb");
            }
        }
    }
}
