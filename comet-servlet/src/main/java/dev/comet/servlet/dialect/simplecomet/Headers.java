package dev.comet.servlet.dialect.simplecomet;

import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Request;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** The headers that matter: the page's "Reply headers on a read" and "Cross-origin". */
final class Headers {
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private static final List<Header> NOT_CACHED =
            List.of(new Header("Cache-Control", "no-store"), new Header("X-Content-Type-Options", "nosniff"));

    private static final int MAX_ORIGIN = 300;

    private Headers() {}

    /** A read may be cached for a second from when it was asked. */
    static List<Header> cached(long nowMillis) {
        return List.of(
                new Header("Cache-Control", "private, must-revalidate, proxy-revalidate, max-age=1"),
                new Header("Expires", HTTP_DATE.format(Instant.ofEpochMilli(nowMillis + 1000))),
                new Header("X-Content-Type-Options", "nosniff"));
    }

    static List<Header> notCached() {
        return NOT_CACHED;
    }

    /** What its front proxy adds to every answer, for the origins that are configured. */
    static List<Header> cors(Set<String> origins, Request request) {
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        if (origins.contains("*")) {
            return allowed("*");
        }
        if (origins.isEmpty()) {
            return List.of();
        }
        Header vary = new Header("Vary", "Origin");
        return origin.length() <= MAX_ORIGIN && origins.contains(origin)
                ? and(allowed(origin), List.of(vary))
                : List.of(vary);
    }

    private static List<Header> allowed(String origin) {
        return List.of(
                new Header("Access-Control-Allow-Origin", origin),
                new Header("Access-Control-Allow-Methods", "GET, OPTIONS"),
                new Header("Access-Control-Allow-Headers", "X-Requested-With, Accept, If-Modified-Since, ETag"),
                new Header("Access-Control-Max-Age", "1728000"));
    }

    static List<Header> and(List<Header> some, List<Header> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }
}
