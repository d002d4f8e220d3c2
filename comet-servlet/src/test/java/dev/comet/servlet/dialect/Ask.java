package dev.comet.servlet.dialect;

import dev.comet.Caller;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A request for tests, as the container's side would hand it to a dialect. */
public final class Ask {
    /** Somebody from elsewhere. */
    public static final Caller STRANGER = new Caller("203.0.113.9", false, Optional.empty(), Optional.empty());

    /** Somebody on this machine. */
    public static final Caller LOCAL = new Caller("127.0.0.1", true, Optional.empty(), Optional.empty());

    private final String method;
    private final String path;
    private final String query;
    private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private Caller caller = STRANGER;
    private byte[] body = {};
    private Optional<Bearers> bearers = Optional.empty();

    private Ask(String method, String path, String query) {
        this.method = method;
        this.path = path;
        this.query = query;
    }

    /** A path that is decoded, and a query that is not. */
    public static Ask of(String method, String path, String query) {
        return new Ask(method, path, query);
    }

    /** A path without a question mark in it, and perhaps a query. */
    public static Ask of(String method, String target) {
        int mark = target.indexOf('?');
        return mark < 0 ? of(method, target, "") : of(method, target.substring(0, mark), target.substring(mark + 1));
    }

    /** A GET. */
    public static Ask get(String target) {
        return of("GET", target);
    }

    /** A POST of a form. */
    public static Ask form(String path, String form) {
        return of("POST", path, "")
                .with("Content-Type", "application/x-www-form-urlencoded")
                .body(form);
    }

    /** A publish. */
    public static Ask publish(String channel, String contentType, String body) {
        return of("POST", "/channels/" + channel, "")
                .with("Content-Type", contentType)
                .body(body);
    }

    /** One header line more. */
    public Ask with(String name, String value) {
        headers.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        return this;
    }

    /** Who asks. */
    public Ask from(Caller by) {
        caller = by;
        return this;
    }

    /** Who finds its token, if it shows one. */
    public Ask identifiedBy(Bearers by) {
        bearers = Optional.of(by);
        return this;
    }

    /** The body, in UTF-8. */
    public Ask body(String text) {
        return body(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The body. */
    public Ask body(byte[] bytes) {
        body = bytes.clone();
        return this;
    }

    /** The request, with its body, and with its token where the head shows one. */
    public Request request() {
        return identified(head()).withBody(body);
    }

    Request head() {
        return new Request(
                method,
                path,
                query,
                new Request.Headers() {
                    @Override
                    public List<String> all(String name) {
                        return headers.getOrDefault(name, List.of());
                    }

                    @Override
                    public List<String> names() {
                        return List.copyOf(headers.keySet());
                    }
                },
                caller,
                new byte[0]);
    }

    Request identified(Request head) {
        return bearers.map(b -> b.identify(head)).orElse(head);
    }

    Request identifiedByForm(Request whole) {
        return bearers.map(b -> b.identifyByForm(whole)).orElse(whole);
    }

    byte[] body() {
        return body;
    }
}
