package dev.comet.servlet.dialect.nativewire;

import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Which pages of other origins may read the answers: docs/native.md, "CORS". */
final class Cors {
    /** One name of a comma-separated list, when it is that of an attribute. */
    private static final Pattern ATTRIBUTE =
            Pattern.compile("\\s*(" + NativeDialect.ATTRIBUTE + "[a-z][a-z0-9._-]{0,63})\\s*");

    /** What a message may have. */
    private static final int MAX_ATTRIBUTES = 16;

    private Cors() {}

    static List<Header> headers(NativeSettings settings, Request request) {
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        if (settings.corsOrigins().isEmpty() || origin.isEmpty() || origin.length() > 300) {
            return List.of();
        }
        if (settings.corsOrigins().contains("*")) {
            return List.of(
                    new Header("Access-Control-Allow-Origin", "*"),
                    new Header("Access-Control-Expose-Headers", "Retry-After"));
        }
        if (!settings.corsOrigins().contains(origin)) {
            return List.of(new Header("Vary", "Origin"));
        }
        return List.of(
                new Header("Access-Control-Allow-Origin", origin),
                new Header("Access-Control-Allow-Credentials", "true"),
                new Header("Access-Control-Expose-Headers", "Retry-After"),
                new Header("Vary", "Origin"));
    }

    static List<Header> preflight(NativeSettings settings, Request request) {
        List<Header> headers = new ArrayList<>(headers(settings, request));
        headers.add(new Header("Allow", "GET, POST, DELETE, OPTIONS"));
        if (headers.stream().anyMatch(h -> h.name().equals("Access-Control-Allow-Origin"))) {
            headers.add(new Header("Access-Control-Allow-Methods", "GET, POST, DELETE"));
            headers.add(new Header("Access-Control-Allow-Headers", allowed(request)));
            headers.add(new Header("Access-Control-Max-Age", "7200"));
        }
        return headers;
    }

    /** Attributes have names of the page's own choice, so those that it asks for are allowed. */
    private static String allowed(Request request) {
        String asked = String.join(",", request.headers().all("Access-Control-Request-Headers"));
        return Stream.concat(
                        Stream.of("Last-Event-ID, Authorization, Content-Type, X-Comet-Type"),
                        Pattern.compile(",")
                                .splitAsStream(asked.toLowerCase(Locale.ROOT))
                                .map(ATTRIBUTE::matcher)
                                .filter(Matcher::matches)
                                .map(m -> m.group(1))
                                .distinct()
                                .limit(MAX_ATTRIBUTES))
                .collect(Collectors.joining(", "));
    }
}
