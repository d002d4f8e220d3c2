package dev.comet.servlet.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A hub and a dialect of it, without a server and in virtual time: what the container's side does with replies is done here in
 * few lines, with sockets that take everything. <i>Owned by the test's thread.</i>
 */
public final class Talk implements AutoCloseable {
    /** {@code retry}. */
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final ManualScheduler time = new ManualScheduler();
    private final Comet comet;
    private final Dialect dialect;

    /** A hub, and what is to be tested of it. */
    public Talk(Comet.Builder hub, Function<Comet, Dialect> dialect) {
        comet = hub.scheduler(time).build();
        this.dialect = dialect.apply(comet);
    }

    /** The hub. */
    public Comet comet() {
        return comet;
    }

    @Override
    public void close() {
        comet.close();
    }

    /** Lets time pass: the hub's timers, and those of the held responses given. */
    public void pass(Duration by, Held... held) {
        time.advance(by);
        for (Held h : held) {
            h.look(time.elapsed());
        }
    }

    /** Asks. The dialect sees the body only when it wants it. */
    public Held ask(Ask ask) {
        Request request = ask.head();
        try {
            request = ask.identified(request);
            Reply reply = dialect.answer(request);
            if (reply instanceof Reply.Read read) {
                if (ask.body().length > read.limit()) {
                    throw new Problem(413, "too large");
                }
                request = request.withBody(ask.body());
                request = read.mayShowToken() ? ask.identifiedByForm(request) : request;
                reply = read.then().apply(request);
            }
            return reply instanceof Reply.Hold hold ? new Held(hold) : new Held((Reply.Now) reply);
        } catch (RefusedException e) {
            return new Held((Reply.Now) dialect.refused(request, e));
        } catch (Problem e) {
            return new Held((Reply.Now) dialect.refused(request, e));
        }
    }

    /** A subscriber that is held by a token, which can be renewed by the connection's id. */
    public Subscriber hold(Bearers bearers, Token token, String connection, String channel) {
        SubscribeOptions follows = SubscribeOptions.of(channel);
        Subscriber subscriber = comet.attach(follows, () -> {});
        bearers.open(token, connection, follows, subscriber, Duration.ZERO);
        return subscriber;
    }

    /** The reply to what the container's side found. */
    public Held problem(Ask ask, Problem problem) {
        return new Held((Reply.Now) dialect.refused(ask.request(), problem));
    }

    /** For a query or a form. */
    public static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /** A response, held or whole. */
    public final class Held {
        private final int status;
        private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final Framing framing;
        private final Subscriber from;
        private final long began = time.elapsed();
        private boolean complete;
        private boolean begun;

        private Held(Reply.Now said) {
            Reply.Now now = said.withRetryAfter(RETRY);
            status = now.status();
            keep(now.headers());
            body.writeBytes(now.body());
            framing = null;
            from = null;
            complete = true;
        }

        private Held(Reply.Hold hold) {
            status = 200;
            framing = hold.framing();
            from = hold.attach(comet, () -> {});
            keep(framing.headers());
        }

        private void keep(List<Header> all) {
            all.forEach(h ->
                    headers.computeIfAbsent(h.name(), n -> new ArrayList<>()).add(h.value()));
        }

        private void look(long now) {
            drain();
            if (!complete && now - began >= framing.holdFor().toNanos()) {
                from.end(framing.expiry());
                drain();
            }
        }

        private void drain() {
            Frames out = new Frames();
            while (!complete) {
                out.clear();
                boolean more = true;
                if (!begun) {
                    begun = true;
                    more = framing.begin(from, out);
                }
                Subscriber.Read read = !more
                        ? Subscriber.Read.MORE
                        : from.read(event -> framing.event(event, from, out) && !out.isFull());
                boolean over = read == Subscriber.Read.CLOSED || framing.isDone();
                CloseReason why =
                        read == Subscriber.Read.CLOSED ? from.ending().orElse(CloseReason.CLOSED) : CloseReason.DONE;
                if (over) {
                    framing.end(why, from, out);
                    framing.written(from);
                    from.close(why);
                    complete = true;
                }
                body.write(out.bytes(), 0, out.size());
                if (!over && out.size() == 0) {
                    return;
                }
            }
        }

        /** The status. */
        public int status() {
            return status;
        }

        /** The values of a header. */
        public List<String> header(String name) {
            return headers.getOrDefault(name, List.of());
        }

        /** All headers, by their names. */
        public Map<String, List<String>> headers() {
            return headers;
        }

        /** Whether it has come to its end. */
        public boolean isComplete() {
            drain();
            return complete;
        }

        /** Whether it waits, with nothing written. */
        public boolean isHeld() {
            drain();
            return !complete && body.size() == 0;
        }

        /** Everything, once it is complete; strictly UTF-8. */
        public String text() {
            drain();
            if (!complete) {
                throw new AssertionError("the response is held");
            }
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(body.toByteArray()))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new AssertionError("not UTF-8", e);
            }
        }

        /** Its client leaves. */
        public void leave() {
            from.close(CloseReason.DISCONNECTED);
            complete = true;
        }

        /** The framing of a held response. */
        public Framing framing() {
            return framing;
        }
    }

    // ---- JSON as a client reads it: exactly one value, no name twice; objects become maps, integers longs

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** The value of a JSON text. */
    public static Object json(String text) {
        try (JsonParser json = FACTORY.createParser(text)) {
            json.nextToken();
            Object value = value(json);
            if (json.nextToken() != null) {
                throw new AssertionError("more than one value: " + text);
            }
            return value;
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    private static Object value(JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> map = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                map.put(name, value(json));
            }
            return map;
        }
        if (token == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                list.add(value(json));
            }
            return list;
        }
        return switch (token) {
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT -> json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDecimalValue();
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw new AssertionError("unexpected " + token);
        };
    }

    // ---- hostile texts

    /** Texts that break careless envelopes, as they may be published; a lone surrogate becomes U+FFFD. */
    public static final List<String> HOSTILE = List.of(
            "",
            " ",
            "\n",
            "\r\n",
            "'",
            "\"",
            "\\",
            "\\'",
            "\\\\'",
            "');alert(1);('",
            "\");alert(1);(\"",
            "\"}]});alert(1)//",
            "]')",
            "*/alert(1)/*",
            "**//",
            "/*-secure- */",
            "</script><script>alert(1)</script>",
            "<!-- <b>&amp;",
            "\u2028x\u2029",
            "\u0000nul\u0000",
            "\u0001\b\f\t\u000b\u001b\u001f\u007f\u0080\u0085",
            "\uFEFFbom",
            "\uFFFD\uFFFE\uFFFF",
            "\uD83D\uDE00 \u00e4\u4f60",
            "\uD800",
            "x\uDC00y",
            "\\u0027 \\x27 \\n",
            "%27%0d%0a +&=;",
            "${x} `y`",
            "{\"type\":\"403\"}");

    /** What a published text becomes. */
    public static String mended(String text) {
        StringBuilder b = new StringBuilder();
        text.codePoints().forEach(c -> b.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
        return b.toString();
    }
}
