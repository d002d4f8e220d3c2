package dev.comet.servlet.dialect.nativewire;

import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Errors as RFC 9457 has them: application/problem+json. */
final class Problems {
    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad request"),
            Map.entry(401, "Unauthorized"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "Not found"),
            Map.entry(405, "Method not allowed"),
            Map.entry(406, "Not acceptable"),
            Map.entry(408, "Request timeout"),
            Map.entry(409, "Conflict"),
            Map.entry(413, "Content too large"),
            Map.entry(415, "Unsupported media type"),
            Map.entry(429, "Too many requests"),
            Map.entry(500, "Internal server error"),
            Map.entry(503, "Service unavailable"));

    private Problems() {}

    static Reply reply(NativeSettings settings, Request request, RefusedException e) {
        String type = "urn:comet:" + e.refusal().name().toLowerCase(Locale.ROOT).replace('_', '-');
        return reply(settings, request, Problem.status(e.refusal()), type, e.detail(), List.of());
    }

    static Reply reply(NativeSettings settings, Request request, Problem problem) {
        return reply(settings, request, problem.status(), "about:blank", problem.detail(), problem.headers());
    }

    private static Reply reply(
            NativeSettings settings, Request request, int status, String type, String detail, List<Header> more) {
        List<Header> headers = new ArrayList<>(Cors.headers(settings, request));
        headers.addAll(more);
        headers.add(new Header("Content-Type", "application/problem+json"));
        headers.add(new Header("Cache-Control", "no-store"));
        byte[] body = Json.object(json -> {
            json.writeStringField("type", type);
            json.writeStringField("title", TITLES.getOrDefault(status, "Error"));
            json.writeNumberField("status", status);
            json.writeStringField("detail", detail);
        });
        return new Reply.Now(status, headers, body);
    }
}
