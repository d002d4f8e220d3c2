package dev.comet.servlet.dialect;

import dev.comet.Caller;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request as a dialect sees it: no container behind it. <i>Immutable.</i> */
public final class Request {

    /** Where headers come from. */
    @FunctionalInterface
    public interface Headers {
        /** All values of a header, by its name in any case. */
        List<String> all(String name);

        /** The names of all headers. */
        default List<String> names() {
            return List.of();
        }
    }

    private final String method;
    private final String path;
    private final String rawQuery;
    private final Headers headers;
    private final Caller caller;
    private final byte[] body;
    private final @Nullable Token token;
    private final boolean tokenIsAmbient;

    /**
     * A request.
     *
     * @param path below the mount, decoded, beginning with {@code /}, or empty
     * @param rawQuery without the question mark, as it was sent; empty when there is none
     */
    public Request(String method, String path, String rawQuery, Headers headers, Caller caller, byte[] body) {
        this(method, path, rawQuery, headers, caller, body, null, false);
    }

    private Request(
            String method,
            String path,
            String rawQuery,
            Headers headers,
            Caller caller,
            byte[] body,
            @Nullable Token token,
            boolean tokenIsAmbient) {
        this.method = method;
        this.path = path;
        this.rawQuery = rawQuery;
        this.headers = headers;
        this.caller = caller;
        this.body = body;
        this.token = token;
        this.tokenIsAmbient = tokenIsAmbient;
    }

    /** The same with its body. */
    public Request withBody(byte[] bytes) {
        return new Request(method, path, rawQuery, headers, caller, bytes, token, tokenIsAmbient);
    }

    /**
     * The same with its token, whose grant is the caller's.
     *
     * @param ambient whether a browser adds it without being asked, so that any page can make it do so
     */
    public Request withToken(Token shown, boolean ambient) {
        Caller bearer = new Caller(
                caller.address(), caller.loopback(), caller.forwarded(), caller.principal(), Optional.of(shown));
        return new Request(method, path, rawQuery, headers, bearer, body, shown, ambient);
    }

    /** GET, POST, … */
    public String method() {
        return method;
    }

    /** The path below the mount, decoded. */
    public String path() {
        return path;
    }

    /**
     * Where it comes from, as far as limits count by that: the address, or of IPv6 the network of 64 bits, for whoever has one
     * of its addresses has them all.
     */
    public String network() {
        String address = caller.address();
        if (address.indexOf(':') < 0) {
            return address;
        }
        String[] groups = address.split(":", -1);
        return groups.length == 8 ? String.join(":", Arrays.copyOf(groups, 4)) + "::" : address;
    }

    /** Who asks. */
    public Caller caller() {
        return caller;
    }

    /** The token that it shows. */
    public Optional<Token> token() {
        return Optional.ofNullable(token);
    }

    /** Whether it shows a token that its sender has put there on purpose: no page can make another's browser do that. */
    public boolean showsToken() {
        return token != null && !tokenIsAmbient;
    }

    /** Whether its token came with a cookie. */
    public boolean isTokenAmbient() {
        return tokenIsAmbient;
    }

    /** The headers. */
    public Headers headers() {
        return headers;
    }

    /** The first value of a header. */
    public Optional<String> header(String name) {
        List<String> all = headers.all(name);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(0));
    }

    /**
     * The query's parameters.
     *
     * @throws Problem 400, as {@link Parameters#parse}
     */
    public Parameters query() {
        return Parameters.parse(rawQuery);
    }

    /** The content type without its parameters, in lower case; empty when there is none. */
    public String contentType() {
        String value = header("Content-Type").orElse("");
        int end = value.indexOf(';');
        return (end < 0 ? value : value.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    /** The body's bytes. */
    public byte[] body() {
        return body;
    }

    /**
     * Looks whether the body can be a text, before it is read.
     *
     * @throws Problem 415, when the content type says that it is not UTF-8
     */
    public void requireUtf8() {
        String type = header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
        int at = type.indexOf("charset=");
        if (at >= 0) {
            String charset =
                    type.substring(at + "charset=".length()).replace("\"", "").split("[;\\s]", 2)[0];
            if (!charset.equals("utf-8") && !charset.equals("utf8") && !charset.equals("us-ascii")) {
                throw new Problem(415, "the body's charset must be utf-8");
            }
        }
    }

    /**
     * The body as text.
     *
     * @throws Problem 415, as {@link #requireUtf8}; 400, when it is not UTF-8
     */
    public String text() {
        requireUtf8();
        return Parameters.utf8(ByteBuffer.wrap(body));
    }

    /**
     * Looks whether the body can be a form, before it is read.
     *
     * @throws Problem 415, when the content type is not application/x-www-form-urlencoded
     */
    public void requireForm() {
        if (!contentType().equals("application/x-www-form-urlencoded")) {
            throw new Problem(415, "the body must be application/x-www-form-urlencoded");
        }
    }

    /**
     * The parameters of the body, a form.
     *
     * @throws Problem 415, as {@link #requireForm}; 400, as {@link Parameters#parse}
     */
    public Parameters form() {
        requireForm();
        return Parameters.parse(new String(body, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
}
