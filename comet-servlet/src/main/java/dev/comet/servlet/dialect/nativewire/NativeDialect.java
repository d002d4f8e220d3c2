package dev.comet.servlet.dialect.nativewire;

import dev.comet.Action;
import dev.comet.Channel;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Stats;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Lease;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Token;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The native endpoint: docs/native.md. <i>Thread-safe.</i> */
public final class NativeDialect implements Dialect {
    /** What an attribute's header begins with, in lower case. */
    static final String ATTRIBUTE = "x-comet-attribute-";

    /** A form with the most channels of the longest names, percent-encoded, and a cursor. */
    private static final int FORM_LIMIT = 64 * 1024;

    private final Comet comet;
    private final NativeSettings settings;
    private final Access access;
    private final Events events;

    /** The endpoint of a hub. */
    public NativeDialect(Comet comet, NativeSettings settings, Access access) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.events = new Events(settings, access, comet.settings().maxChannelsPerRequest());
    }

    @Override
    public Reply answer(Request request) {
        if (request.method().equals("OPTIONS")) {
            return new Reply.Now(204, Cors.preflight(settings, request));
        }
        String path = request.path();
        if (path.indexOf('\uFFFD') >= 0) {
            throw new Problem(400, "the path is not UTF-8");
        }
        if (path.equals("/events")) {
            return switch (request.method()) {
                case "GET" -> events.hold(request, request.query());
                case "POST" -> form(request);
                default -> throw notAllowed(request, "GET, POST, OPTIONS");
            };
        }
        if (path.equals("/token")) {
            return only("POST", request, () -> renewal(request));
        }
        if (path.equals("/tickets")) {
            return only("POST", request, () -> ticket(request));
        }
        if (path.equals("/stats")) {
            return only("GET", request, () -> stats(request));
        }
        if (path.equals("/channels")) {
            return only("GET", request, () -> list(request));
        }
        if (path.startsWith("/channels/")) {
            return channel(request, path.substring("/channels/".length()));
        }
        throw new Problem(
                404,
                "there is /events, /channels, /channels/{name}, /channels/{name}/members, /token, /tickets and /stats here");
    }

    private Reply form(Request head) {
        head.requireForm();
        return new Reply.Read(FORM_LIMIT, true, request -> events.hold(request, request.form()));
    }

    private Reply channel(Request request, String rest) {
        int slash = rest.indexOf('/');
        if (slash >= 0) {
            if (!rest.substring(slash).equals("/members")) {
                throw new Problem(404, "a channel has only /members below it; its name has no '/'");
            }
            return only("GET", request, () -> members(request, rest.substring(0, slash)));
        }
        return switch (request.method()) {
            case "GET" -> describe(request, rest);
            case "POST" -> publish(request, rest);
            case "DELETE" -> remove(request, rest);
            default -> throw notAllowed(request, "GET, POST, DELETE, OPTIONS");
        };
    }

    private interface Answer {
        Reply give();
    }

    private static Reply only(String method, Request request, Answer answer) {
        if (!request.method().equals(method)) {
            throw notAllowed(request, method + ", OPTIONS");
        }
        return answer.give();
    }

    private static Problem notAllowed(Request request, String allowed) {
        String method = request.method().length() > 16 ? "this method" : request.method();
        return new Problem(405, method + " is not for this; " + allowed + " is", new Header("Allow", allowed));
    }

    // ---- publish

    private Reply publish(Request head, String name) {
        access.check(Action.PUBLISH, name, head);
        head.requireUtf8();
        access.countPublish(1, head);
        return new Reply.Read(comet.settings().maxMessageBytes(), request -> published(request, name));
    }

    private Reply published(Request request, String name) {
        Message m = comet.publish(name, draft(request));
        return json(201, request, Json.object(json -> {
            json.writeStringField("channel", m.channel());
            json.writeNumberField("seq", m.seq());
            json.writeNumberField("id", m.id());
            json.writeNumberField("time", m.timeMillis());
        }));
    }

    private static Draft draft(Request request) {
        String text = request.text();
        Draft draft = request.contentType().equals("application/json") ? Draft.json(text) : Draft.text(text);
        String type = request.header("X-Comet-Type").orElse("");
        if (!type.isEmpty()) {
            draft = draft.withType(type);
        }
        for (String header : request.headers().names()) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith(ATTRIBUTE)) {
                draft = draft.withAttribute(lower.substring(ATTRIBUTE.length()), value(request, header));
            }
        }
        return draft;
    }

    /** Containers read headers as Latin-1; senders mean UTF-8. What is not that stays as it was read. */
    private static String value(Request request, String header) {
        String raw = request.header(header).orElse("");
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(StandardCharsets.ISO_8859_1.newEncoder().encode(CharBuffer.wrap(raw)))
                    .toString();
        } catch (CharacterCodingException e) {
            return raw;
        }
    }

    // ---- tokens

    private Bearers bearers() {
        return access.bearers().orElseThrow(() -> new Problem(404, "there are no tokens here (token-keys)"));
    }

    private Reply renewal(Request head) {
        Bearers bearers = bearers();
        head.requireForm();
        return new Reply.Read(FORM_LIMIT, true, request -> renewed(bearers, request));
    }

    /** Whose connection it is nobody learns who is not its subject: to all others there is none. */
    private Reply renewed(Bearers bearers, Request request) {
        Token token = access.requireToken(request);
        String connection = request.form()
                .first("connection")
                .orElseThrow(() -> new Problem(400, "no connection: say which, as the stream does"));
        Lease lease = bearers.lease(connection)
                .filter(held -> held.token().subject().equals(token.subject()))
                .orElseThrow(
                        () -> new Problem(404, "there is no such connection, of this token's subject, that is held"));
        events.check(lease.follows(), request);
        lease.renew(token);
        return new Reply.Now(204, Cors.headers(settings, request));
    }

    private Reply ticket(Request request) {
        Bearers bearers = bearers();
        if (!request.query().all("ticket").isEmpty()) { // it would be good for ever, were it good for the next one
            throw new Problem(403, "a ticket is not exchanged for another: show the token");
        }
        Bearers.Ticket ticket = bearers.ticket(access.requireToken(request));
        return json(201, request, Json.object(json -> {
            json.writeStringField("ticket", ticket.text());
            json.writeNumberField("time", ticket.endMillis());
        }));
    }

    // ---- look, and remove

    private Reply describe(Request request, String name) {
        access.check(Action.SUBSCRIBE, name, request);
        Channel channel = find(name);
        return json(200, request, Json.object(json -> {
            json.writeStringField("channel", channel.name());
            json.writeStringField("epoch", String.format("%08x", channel.epoch()));
            json.writeNumberField("next", channel.nextSeq());
            json.writeNumberField("oldest", channel.oldestSeq());
            json.writeNumberField("subscribers", channel.subscribers());
        }));
    }

    private Reply members(Request request, String name) {
        access.check(Action.PRESENCE, name, request);
        List<String> members = find(name).members();
        return json(200, request, Json.object(json -> {
            json.writeStringField("channel", name);
            json.writeArrayFieldStart("members");
            for (String member : members) {
                json.writeString(member);
            }
            json.writeEndArray();
        }));
    }

    private Reply remove(Request request, String name) {
        access.check(Action.ADMIN, name, request);
        if (!comet.remove(name)) {
            throw unknown();
        }
        return new Reply.Now(204, Cors.headers(settings, request));
    }

    private Reply list(Request request) {
        access.check(Action.ADMIN, "", request);
        List<String> names = comet.channelNames();
        return json(200, request, Json.object(json -> {
            json.writeArrayFieldStart("channels");
            for (String name : names) {
                json.writeString(name);
            }
            json.writeEndArray();
        }));
    }

    private Reply stats(Request request) {
        access.check(Action.ADMIN, "", request);
        Stats stats = comet.stats();
        Map<String, Stats> nodes = comet.nodes();
        Optional<String> own = comet.node();
        Optional<String> unreachable = comet.unreachable();
        return json(200, request, Json.object(json -> {
            if (own.isPresent()) {
                json.writeStringField("node", own.get());
                json.writeBooleanField("reachable", unreachable.isEmpty());
            }
            if (unreachable.isPresent()) {
                json.writeStringField("unreachable", unreachable.get());
            }
            figures(json, stats);
            if (!nodes.isEmpty()) {
                json.writeObjectFieldStart("nodes");
                for (Map.Entry<String, Stats> node : nodes.entrySet()) {
                    json.writeObjectFieldStart(node.getKey());
                    figures(json, node.getValue());
                    json.writeEndObject();
                }
                json.writeEndObject();
            }
        }));
    }

    private static void figures(com.fasterxml.jackson.core.JsonGenerator json, Stats stats) throws java.io.IOException {
        json.writeNumberField("time", stats.time());
        json.writeNumberField("channels", stats.channels());
        json.writeNumberField("subscribers", stats.subscribers());
        counts(json, "subscribersBySource", stats.subscribersBySource());
        json.writeNumberField("sessions", stats.sessions());
        json.writeNumberField("historyBytes", stats.historyBytes());
        json.writeNumberField("published", stats.published());
        json.writeNumberField("delivered", stats.delivered());
        json.writeNumberField("gaps", stats.gaps());
        json.writeNumberField("lost", stats.lost());
        json.writeNumberField("resets", stats.resets());
        counts(json, "refusals", stats.refusals());
        counts(json, "closes", stats.closes());
    }

    private static void counts(
            com.fasterxml.jackson.core.JsonGenerator json, String name, Map<String, ? extends Number> counts)
            throws java.io.IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, ? extends Number> count : counts.entrySet()) {
            json.writeNumberField(count.getKey(), count.getValue().longValue());
        }
        json.writeEndObject();
    }

    private Channel find(String name) {
        return comet.find(name).orElseThrow(NativeDialect::unknown);
    }

    private static RefusedException unknown() {
        return new RefusedException(
                Refusal.UNKNOWN_CHANNEL, "there is no such channel now; the first publish or subscribe creates it");
    }

    private Reply json(int status, Request request, byte[] body) {
        List<Header> headers = new ArrayList<>(Cors.headers(settings, request));
        headers.add(new Header("Content-Type", "application/json"));
        headers.add(new Header("Cache-Control", "no-store"));
        return new Reply.Now(status, headers, body);
    }

    // ---- refusals

    @Override
    public Reply refused(Request request, RefusedException e) {
        comet.countRefusal(e);
        return Problems.reply(settings, request, e);
    }

    @Override
    public Reply refused(Request request, Problem problem) {
        return Problems.reply(settings, request, problem);
    }
}
