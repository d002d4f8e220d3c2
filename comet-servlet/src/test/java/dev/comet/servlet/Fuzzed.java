package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Cursor;
import dev.comet.Draft;
import dev.comet.Event;
import dev.comet.From;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Parameters;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Script;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What the network reaches, a target each: given any bytes it must do right, and says so by what it compares with. {@link FuzzTest}
 * gives it those that are kept, and has Jazzer make up others. <i>Immutable.</i>
 */
enum Fuzzed {
    /** Queries and forms, against the JDK's decoder, which is laxer: what it cannot do we refuse, and else we agree. */
    PARAMETERS {
        private static final Pattern SIGNED = Pattern.compile("%[+-]");

        @Override
        void take(byte[] bytes) {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            Parameters parameters;
            try {
                parameters = Parameters.parse(text);
            } catch (Problem e) {
                refused(e, 400);
                boolean jdkAgrees = SIGNED.matcher(text).find()
                        || text.chars().anyMatch(c -> c > 0x7f)
                        || decoded(text).map(t -> t.indexOf('\ufffd') >= 0).orElse(true);
                assertThat(jdkAgrees).as("refused: %s", e.detail()).isTrue();
                return;
            }
            if (text.chars().anyMatch(c -> c > 0x7f)) {
                return; // which the JDK's takes for characters, not for bytes
            }
            Map<String, List<String>> expected = new HashMap<>();
            for (String pair : text.split("&", -1)) {
                if (!pair.isEmpty()) {
                    String[] parts = pair.split("=", 2);
                    expected.computeIfAbsent(decoded(parts[0]).orElseThrow(), name -> new ArrayList<>())
                            .add(decoded(parts.length == 1 ? "" : parts[1]).orElseThrow());
                }
            }
            StringBuilder again = new StringBuilder();
            expected.forEach((name, values) -> {
                assertThat(parameters.all(name)).isEqualTo(values);
                values.forEach(value ->
                        again.append('&').append(Talk.encoded(name)).append('=').append(Talk.encoded(value)));
            });
            Parameters reread = Parameters.parse(again.toString());
            expected.forEach((name, values) -> assertThat(reread.all(name)).isEqualTo(values));
        }

        private Optional<String> decoded(String text) {
            try {
                return Optional.of(URLDecoder.decode(text, StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    },

    /** Cursors: forged or not, a reader that comes with one is told of every message or of its loss, and leaves with another. */
    CURSOR {
        private static final int A = 9;
        private static final int B = 5;

        @Override
        void take(byte[] bytes) {
            Cursor cursor;
            try {
                cursor = Cursor.parse(text(bytes));
            } catch (RefusedException e) {
                assertThat(e.refusal().name()).isEqualTo("BAD_CURSOR");
                assertPrintable(e.detail());
                return;
            }
            assertThat(cursor.toString().length()).isLessThanOrEqualTo(1536);
            assertThat(Cursor.parse(cursor.toString())).isEqualTo(cursor);
            try (Talk talk = new Talk(Comet.builder().historyMessages(3).liveWindow(3), CURSOR::nobody)) {
                Comet comet = talk.comet();
                publish(comet, "a", A);
                publish(comet, "b", B);
                follow(comet, cursor, Map.of("a", (long) A));
                follow(comet, cursor, Map.of("a", (long) A, "b", (long) B));
            }
        }

        private void follow(Comet comet, Cursor cursor, Map<String, Long> last) {
            SubscribeOptions options =
                    SubscribeOptions.of(List.copyOf(last.keySet())).withFrom(From.cursor(cursor, From.oldest()));
            Subscriber subscriber = comet.attach(options, () -> {});
            Map<String, Long> seen = new HashMap<>();
            List<Event> events = new ArrayList<>();
            while (subscriber.read(event -> events.add(event)) == Subscriber.Read.MORE) {}
            for (Event event : events) {
                if (event instanceof Message m) {
                    assertThat(m.seq()).isGreaterThan(seen.getOrDefault(m.channel(), 0L));
                    seen.put(m.channel(), m.seq());
                } else if (event instanceof Gap gap) {
                    assertThat(seen).doesNotContainKey(gap.channel());
                }
            }
            // Whatever was claimed, the next message is the next one for everybody.
            last.forEach((channel, seq) -> comet.publish(channel, "next"));
            events.clear();
            while (subscriber.read(event -> events.add(event)) == Subscriber.Read.MORE) {}
            assertThat(events).hasSize(last.size()).allSatisfy(e -> assertThat(((Message) e).seq())
                    .isEqualTo(last.get(((Message) e).channel()) + 1));
            Cursor left = subscriber.cursor();
            assertThat(Cursor.parse(left.toString())).isEqualTo(left);
            subscriber.close(CloseReason.DONE);
            last.keySet().forEach(channel -> {
                comet.remove(channel);
                publish(comet, channel, (int) (long) last.get(channel));
            });
        }

        private void publish(Comet comet, String channel, int n) {
            for (int i = 0; i < n; i++) {
                comet.publish(channel, "x");
            }
        }
    },

    /**
     * Tokens: what was not signed here is never one; what was is read as it says. An input of two lines is a header and claims,
     * which are signed; any other is what a client shows.
     */
    TOKEN {
        private static final byte[] KEY = new byte[32];

        @Override
        void take(byte[] bytes) {
            String text = text(bytes);
            int line = text.indexOf('\n');
            boolean signed = line >= 0;
            String shown = signed ? signed(text.substring(0, line), text.substring(line + 1)) : text;
            Tokens tokens = Tokens.builder().key("k1", KEY).build();
            Ask ask = Ask.get("/events?access_token=" + Talk.encoded(shown))
                    .with("Authorization", "Bearer " + shown)
                    .with("Cookie", "a=b; comet_token=" + shown);
            Request request;
            try {
                request = tokens.bearers().identify(ask.request());
            } catch (Problem e) {
                assertThat(e.status()).isIn(400, 401);
                refused(e, e.status());
                assertThat(e.detail()).as("nothing of the token").doesNotContain("\"", "{", "\\");
                return;
            }
            // Without a key nobody can make one up, not even Jazzer.
            assertThat(request.token().isPresent()).as("a token was made up").isEqualTo(signed);
            Object subject = ((Map<?, ?>) Talk.json(text.substring(line + 1))).get("sub");
            assertThat(request.token().orElseThrow().subject()).isEqualTo(subject);
        }

        private String signed(String header, String claims) {
            String content = encoded(header.getBytes(StandardCharsets.UTF_8)) + "."
                    + encoded(claims.getBytes(StandardCharsets.UTF_8));
            try {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
                return content + "." + encoded(mac.doFinal(content.getBytes(StandardCharsets.US_ASCII)));
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }

        private String encoded(byte[] bytes) {
            return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        }
    },

    /** JSON bodies, against jackson. */
    JSON {
        private static final JsonFactory JACKSON = JsonFactory.builder()
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(512)
                        .maxNumberLength(Integer.MAX_VALUE)
                        .maxStringLength(Integer.MAX_VALUE)
                        .maxNameLength(Integer.MAX_VALUE)
                        .build())
                .build();

        /** Of the digits of an escape jackson looks at the low eight bits only. */
        private static final Pattern ODD_ESCAPE = Pattern.compile("\\\\(?:u.{0,3})?[^\\x00-\\xff]");

        @Override
        void take(byte[] bytes) {
            String text = text(bytes);
            boolean taken = true;
            try {
                Draft.json(text);
            } catch (RefusedException e) {
                assertPrintable(e.detail());
                taken = false;
            }
            if (!ODD_ESCAPE.matcher(text).find()) {
                assertThat(taken).isEqualTo(jacksonTakes(text));
            }
            if (taken) {
                String safe = Script.safe(text);
                assertThat(safe).doesNotContain("<", "\u2028", "\u2029", "\n", "\r");
                assertThat(jacksonTakes(safe)).isTrue();
            }
        }

        private boolean jacksonTakes(String text) {
            int values = 0;
            try (JsonParser parser = JACKSON.createParser(text)) {
                while (parser.nextToken() != null) {
                    parser.finishToken();
                    values += parser.getParsingContext().inRoot() ? 1 : 0;
                }
            } catch (JsonProcessingException e) {
                return false;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return values == 1;
        }
    },

    /** What browsers are made to run: callbacks, and texts in scripts. */
    SCRIPT {
        @Override
        void take(byte[] bytes) {
            String text = text(bytes);
            if (Script.isCallback(text)) {
                assertThat(text).hasSizeBetween(1, 128);
                assertThat(text.chars()
                                .allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || "._$".indexOf(c) >= 0)))
                        .isTrue();
                for (String name : text.split("\\.", -1)) {
                    assertThat(name).isNotEmpty();
                    assertThat(Character.isDigit(name.charAt(0))).isFalse();
                }
            }
            String quoted = Script.quoted(text);
            assertThat(quoted.substring(1, quoted.length() - 1).chars().anyMatch(c -> c < ' ' || c == '<'))
                    .isFalse();
            assertThat(quoted).doesNotContain("\u2028", "\u2029");
            assertThat(Talk.json(quoted)).isEqualTo(text);
        }
    },

    /** Names of channels. */
    NAME {
        @Override
        void take(byte[] bytes) {
            String name = text(bytes);
            try (Talk talk = new Talk(Comet.builder(), NAME::nobody)) {
                Comet comet = talk.comet();
                comet.publish(name, "x");
                assertThat(comet.find(name).orElseThrow().name()).isEqualTo(name);
                assertThat(name.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(1, 200);
                assertThat(name.chars().anyMatch(c -> Character.isISOControl(c) || "/\\%".indexOf(c) >= 0))
                        .isFalse();
            } catch (RefusedException e) {
                assertThat(e.refusal().name()).isEqualTo("BAD_CHANNEL");
                assertPrintable(e.detail());
            }
        }
    },

    /** X-Forwarded-For and Forwarded: whatever a client sends, what the proxy has added after it is what counts. */
    FORWARDED {
        private static final String CLIENT = "203.0.113.9";

        @Override
        void take(byte[] bytes) {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            List<String> chain = Addresses.forwardedFor(List.of(text, CLIENT));
            assertThat(chain.get(chain.size() - 1)).isEqualTo(CLIENT);
            chain = Addresses.forwardedFor(List.of(text + ", " + CLIENT));
            assertThat(chain.get(chain.size() - 1)).isEqualTo(CLIENT);
            chain = Addresses.forwarded(List.of(text, "for=" + CLIENT));
            assertThat(chain.get(chain.size() - 1)).isEqualTo(CLIENT);
            chain = Addresses.forwarded(List.of(text + ", for=" + CLIENT));
            assertThat(chain.get(chain.size() - 1))
                    .as("a quote that is left open: nobody")
                    .isIn(CLIENT, "unknown");
            for (String hop : Addresses.forwarded(List.of(text))) {
                if (Addresses.parse(hop).isPresent()) {
                    assertThat(Addresses.plain(hop)).as("one spelling").isEqualTo(hop);
                }
            }
            try {
                assertThat(Addresses.Block.parse(text).holds("not an address")).isFalse();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).contains("is no block of addresses");
            }
        }
    },

    /** Settings of a dialect. */
    SETTING {
        @Override
        void take(byte[] bytes) {
            String text = text(bytes);
            try {
                Values values = new Values("d", Map.of("n", text));
                assertThat(values.number("n", 1, 0, 1000)).isBetween(0, 1000);
                assertThat(values.seconds("n", 1)).isPositive();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).startsWith("d.n=");
            }
            assertThat(new Values("d", Map.of("n", text)).list("n", ""))
                    .allSatisfy(element -> assertThat(element).isNotBlank());
        }
    },

    /** Whole requests to the native endpoints. */
    NATIVE(CometServlet::new, CometAdminServlet::new),

    /** Whole requests to iComet's. */
    ICOMET(
            (comet, config) -> new IcometServlet(comet, config, Map.of()),
            (comet, config) -> new IcometAdminServlet(comet, config, Map.of())),

    /** Whole requests to Simple-Comet's. */
    SIMPLE_COMET((comet, config) -> new SimpleCometServlet(comet, config, Map.of())),

    /** Whole requests to Stardust's. */
    STARDUST((comet, config) -> new StardustServlet(comet, config, Map.of())),

    /** Whole requests to CComet's. */
    CCOMET((comet, config) -> new CCometServlet(comet, config, Map.of()));

    @SuppressWarnings("ImmutableEnumChecker") // List.of() is
    private final List<Conversation.Mount> mounts;

    Fuzzed(Conversation.Mount... mounts) {
        this.mounts = List.of(mounts);
    }

    /** Does what it is for with these bytes, and throws when something is not right. */
    void take(byte[] bytes) {
        mounts.forEach(mount -> Conversation.on(bytes, mount));
    }

    /** Whether one of the mounts lets this request in where a token is needed. */
    boolean letsIn(byte[] bytes) {
        return mounts.stream().anyMatch(mount -> Conversation.letsIn(bytes, mount));
    }

    private static final List<Fuzzed> ALL = List.of(values());

    /** What Jazzer calls: the first byte, a letter, chooses the target, so that one process has all of them. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        if (bytes.length > 0) {
            ALL.get(Math.floorMod(bytes[0] - 'a', ALL.size())).take(Arrays.copyOfRange(bytes, 1, bytes.length));
        }
    }

    /** An input of this target, for {@link #fuzzerTestOneInput}. */
    byte[] chosen(byte[] bytes) {
        byte[] all = new byte[bytes.length + 1];
        all[0] = (byte) ('a' + ALL.indexOf(this));
        System.arraycopy(bytes, 0, all, 1, bytes.length);
        return all;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    dev.comet.servlet.dialect.Dialect nobody(Comet comet) {
        return new CometServlet(comet, CometConfig.defaults()).dialect(comet, CometConfig.defaults());
    }

    static void assertPrintable(String text) {
        assertThat(text.chars().anyMatch(Character::isISOControl)).as(text).isFalse();
    }

    private static void refused(Problem problem, int status) {
        assertThat(problem.status()).isEqualTo(status);
        assertPrintable(problem.detail());
    }
}
