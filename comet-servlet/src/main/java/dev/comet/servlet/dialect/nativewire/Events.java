package dev.comet.servlet.dialect.nativewire;

import dev.comet.Action;
import dev.comet.Cursor;
import dev.comet.From;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Parameters;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code /events}: what a subscribe asks for. docs/native.md, "Subscribe". */
final class Events {
    private static final int MAX_WAIT_SECONDS = 120;

    private enum As {
        SSE("text/event-stream;charset=utf-8"),
        NDJSON("application/x-ndjson"),
        POLL("application/json");

        @SuppressWarnings("ImmutableEnumChecker") // List.of() is
        private final List<Header> headers;

        /** In the statistics. */
        private final String source = "native-" + name().toLowerCase(Locale.ROOT);

        As(String contentType) {
            headers = List.of(
                    new Header("Content-Type", contentType),
                    new Header("Cache-Control", "no-cache, no-transform"),
                    new Header("X-Accel-Buffering", "no"));
        }
    }

    private final NativeSettings settings;
    private final Access access;
    private final int maxChannels;

    Events(NativeSettings settings, Access access, int maxChannels) {
        this.settings = settings;
        this.access = access;
        this.maxChannels = maxChannels;
    }

    Reply hold(Request request, Parameters parameters) {
        List<String> channels = parameters.all("channel");
        if (channels.isEmpty()) {
            throw new RefusedException(Refusal.BAD_CHANNEL, "no channel: name at least one, as in channel=news");
        }
        As as = as(request, parameters);
        boolean members = flag(parameters, "members");
        Optional<String> member = parameters.first("presence");
        SubscribeOptions options = SubscribeOptions.of(channels)
                .withFrom(from(request, parameters))
                .withSource(as.source)
                .withAddress(request.network())
                .withMembers(members);
        if (member.isPresent()) {
            options = options.withMember(member.get());
        }
        if (options.channels().size() > maxChannels) { // before the authorizer is asked about each: it may block
            throw new RefusedException(
                    Refusal.TOO_MANY_CHANNELS_ASKED,
                    options.channels().size() + " channels: at most " + maxChannels + " (max-channels-per-request)");
        }
        check(options, request);
        return new Reply.Hold(
                options, framing(as, request, parameters, options.channels().size() > 1));
    }

    /** Whether the caller may follow all that. */
    void check(SubscribeOptions options, Request request) {
        for (String channel : options.channels()) {
            access.check(Action.SUBSCRIBE, channel, request);
            options.member().ifPresent(member -> access.checkMember(member, channel, request));
            if (options.members()) {
                access.check(Action.PRESENCE, channel, request);
            }
        }
    }

    private Framing framing(As as, Request request, Parameters parameters, boolean several) {
        List<Header> headers = headers(request, as);
        return switch (as) {
            case SSE -> new Sse(settings, headers, several, flag(parameters, "envelope"));
            case NDJSON -> new Ndjson(settings, headers, several);
            case POLL -> new Poll(headers, wait(parameters), several);
        };
    }

    /** The same list for all that are held, but for those of other origins: an idle subscriber has none of its own. */
    private List<Header> headers(Request request, As as) {
        List<Header> cors = Cors.headers(settings, request);
        if (cors.isEmpty()) {
            return as.headers;
        }
        List<Header> headers = new ArrayList<>(cors);
        headers.addAll(as.headers);
        return headers;
    }

    private static As as(Request request, Parameters parameters) {
        Optional<String> as = parameters.first("as");
        if (as.isPresent()) {
            return switch (as.get()) {
                case "sse" -> As.SSE;
                case "ndjson" -> As.NDJSON;
                case "poll" -> As.POLL;
                default -> throw new Problem(400, "as: must be sse, ndjson or poll");
            };
        }
        String accept = String.join(",", request.headers().all("Accept"));
        for (String range : (accept.isBlank() ? "*/*" : accept).split(",", -1)) {
            int end = range.indexOf(';');
            switch ((end < 0 ? range : range.substring(0, end)).strip().toLowerCase(Locale.ROOT)) {
                case "text/event-stream", "text/*", "*/*" -> {
                    return As.SSE;
                }
                case "application/x-ndjson" -> {
                    return As.NDJSON;
                }
                case "application/json", "application/*" -> {
                    return As.POLL;
                }
                default -> {
                    // The next one may be.
                }
            }
        }
        throw new Problem(
                406,
                "Accept: there is text/event-stream, application/x-ndjson and application/json here; or say as=sse|ndjson|poll");
    }

    private static From from(Request request, Parameters parameters) {
        From otherwise = start(parameters.first("from").orElse("latest"));
        Optional<String> cursor = parameters.first("cursor").or(() -> request.header("Last-Event-ID"));
        return cursor.filter(c -> !c.isEmpty())
                .map(c -> From.cursor(Cursor.parse(c), otherwise))
                .orElse(otherwise);
    }

    private static From start(String from) {
        if (from.equals("latest")) {
            return From.latest();
        }
        if (from.equals("oldest")) {
            return From.oldest();
        }
        return From.last(number("from", from, Integer.MAX_VALUE, "latest, oldest or a number of messages"));
    }

    private Duration wait(Parameters parameters) {
        return parameters
                .first("wait")
                .map(w -> Duration.ofSeconds(number("wait", w, MAX_WAIT_SECONDS, "0 to 120 seconds")))
                .orElse(settings.pollWait());
    }

    private static int number(String parameter, String value, int most, String right) {
        if (value.matches("\\d{1,10}") && Long.parseLong(value) <= most) {
            return Integer.parseInt(value);
        }
        throw new Problem(400, parameter + ": must be " + right);
    }

    private static boolean flag(Parameters parameters, String name) {
        return switch (parameters.first(name).orElse("false")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new Problem(400, name + ": must be true or false");
        };
    }
}
