package dev.comet.servlet.dialect.simplecomet;

import dev.comet.Action;
import dev.comet.Channel;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.From;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Session;
import dev.comet.Sessions;
import dev.comet.SubscribeOptions;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Parameters;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Rule;
import dev.comet.servlet.dialect.Rules;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Simple-Comet-Server's protocol: docs/dialects/simple-comet.md. The status is 200 throughout; the outcome is {@code
 * return_code}. <i>Thread-safe.</i>
 */
public final class SimpleCometDialect implements Dialect {
    /**
     * Reading is for anyone, and so is the status where it is enabled ({@link Action#PRESENCE}). To publish, to register and to
     * delete is the server-side application's, on this machine.
     */
    public static final Rules RULES = new Rules(Rule.ANYONE, Rule.LOOPBACK, Rule.ANYONE, Rule.LOOPBACK);

    /** The name that its reads are counted under. */
    static final String SOURCE = "simple-comet-poll";

    private static final String CHANNELS = "/channels";
    private static final String CLIENTS = "/clients";

    /** The longest name, percent-encoded, and what else a registration says. */
    private static final int SMALL_FORM = 4096;

    /** A JavaScript client must be able to count so far. */
    private static final long LARGEST = (1L << 53) - 1;

    private final Comet comet;
    private final SimpleCometSettings settings;
    private final Access access;
    private final Set<String> corsOrigins;
    private final Sessions clients;

    /** The endpoint of a hub. */
    public SimpleCometDialect(Comet comet, SimpleCometSettings settings, Access access, Set<String> corsOrigins) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.corsOrigins = Set.copyOf(corsOrigins);
        this.clients = comet.sessions("simple-comet", settings.silence());
    }

    @Override
    public Reply answer(Request request) {
        if (request.method().equals("OPTIONS")) {
            return new Reply.Now(200, Headers.and(Headers.notCached(), Headers.cors(corsOrigins, request)));
        }
        Output output = output(request);
        if (!output.callable()) {
            return failure(request, -1, ""); // the body says it
        }
        if (!output.known()) {
            return failure(request, -1, "Unknown output format");
        }
        if (request.path().indexOf('\uFFFD') >= 0) {
            throw new Problem(400, "the path is not UTF-8");
        }
        String resource = request.path().substring(0, request.path().lastIndexOf('.'));
        String asked = request.method() + " " + resource;
        if (resource.startsWith(CHANNELS + "/")) {
            return channel(request, resource.substring(CHANNELS.length() + 1));
        }
        return switch (asked) {
            case "POST " + CHANNELS -> register(request, this::create);
            case "POST " + CLIENTS -> register(request, this::enrol);
            case "GET " + CHANNELS -> failure(request, -2, "No channels");
            case "GET /status", "GET /stats" -> status(request);
            default -> failure(request, -1, "No such resource, or not with this method");
        };
    }

    private Reply channel(Request request, String name) {
        return switch (request.method()) {
            case "GET" -> read(request, name);
            case "POST" -> publish(request, name);
            case "DELETE" -> delete(request, name);
            default -> failure(request, -1, "A channel can be read (GET), published to (POST) and removed (DELETE)");
        };
    }

    // ---- register

    private interface Form {
        Reply answer(Request request, Parameters form);
    }

    private Reply register(Request head, Form then) {
        access.check(Action.ADMIN, "", head);
        head.requireForm();
        return new Reply.Read(SMALL_FORM, request -> then.answer(request, request.form()));
    }

    private Reply create(Request request, Parameters form) {
        String name = form.first("channel_id").orElse("");
        if (name.isEmpty()) {
            return failure(request, -1, "Missing channel id");
        }
        Optional<Integer> most = form.first("max_messages").map(SimpleCometDialect::maxMessages);
        if (most.filter(n -> n < 1).isPresent()) {
            return failure(request, -1, "Invalid max messages value");
        }
        String sessions = form.first("use_sessions").orElse("");
        ChannelOptions options = comet.settings()
                .channels()
                .withHistoryMessages(most.orElse(settings.messagesPerChannel()))
                .withIdleTimeout(settings.inactiveChannelTimeout())
                .withHistoryAge(ChannelOptions.ANY_AGE)
                .withSessionsOnly(!sessions.isEmpty() && !sessions.equals("0"));
        comet.create(name, options);
        return success(request, new Json().text("channel_id", name));
    }

    /** The number, which the hub's limit caps; 0 when it is none. */
    private static int maxMessages(String text) {
        String number = text.strip();
        if (!number.matches("\\d+")) {
            return 0;
        }
        return number.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(number);
    }

    private Reply enrol(Request request, Parameters form) {
        String id = form.first("client_id").orElse("");
        if (id.isEmpty()) {
            return failure(request, -1, "Missing client id");
        }
        clients.open(id);
        return success(request, new Json().text("client_id", id));
    }

    // ---- publish, delete

    private Reply publish(Request head, String name) {
        access.check(Action.PUBLISH, name, head);
        head.requireForm();
        access.countPublish(1, head);
        long percentEncoded = 3L * comet.settings().maxMessageBytes();
        return new Reply.Read(percentEncoded + SMALL_FORM, request -> published(request, name));
    }

    private Reply published(Request request, String name) {
        Optional<Channel> channel = comet.find(name);
        if (channel.isEmpty()) {
            return failure(request, -2, "Nonexistent channel");
        }
        Optional<String> content = request.form().first("content");
        if (content.isEmpty()) {
            return failure(request, -1, "Missing content");
        }
        long id = channel.get().publish(content.get()).id();
        return success(request, new Json().number("message_id", id));
    }

    private Reply delete(Request request, String name) {
        access.check(Action.ADMIN, name, request);
        boolean removed = comet.remove(name);
        Json json = new Json().text("channel_id", name).flag("removed", removed);
        return now(request, json.outcome(removed ? 2 : 1, ""));
    }

    // ---- read

    private Reply read(Request request, String names) {
        Set<String> asked = new LinkedHashSet<>(List.of(names.split("\\|", -1)));
        asked.remove("");
        if (asked.isEmpty()) {
            return failure(request, -2, "No channels");
        }
        requireFew(asked); // before the authorizer is asked about each: it may block
        asked.forEach(name -> access.check(Action.SUBSCRIBE, name, request));
        Parameters query = request.query();
        Optional<String> id = query.first("client_id");
        if (id.filter(String::isEmpty).isPresent()) {
            return failure(request, -1, "Missing client_id");
        }
        Optional<Session> client = id.flatMap(clients::find);
        if (id.isPresent() && client.isEmpty()) {
            return failure(request, -3, "Unregistered client_id");
        }
        client.ifPresent(Session::touch);
        Set<String> permitted = permitted(asked, client.isPresent());
        if (permitted.isEmpty()) {
            return failure(request, -2, "No valid channels");
        }
        return hold(request, permitted, since(query), client);
    }

    private void requireFew(Set<String> channels) {
        int most = comet.settings().maxChannelsPerRequest();
        if (channels.size() > most) {
            throw new RefusedException(
                    Refusal.TOO_MANY_CHANNELS_ASKED,
                    channels.size() + " channels: at most " + most + " (max-channels-per-request)");
        }
    }

    /** Those that there are, and those for registered clients only for one. */
    private Set<String> permitted(Set<String> asked, boolean registered) {
        Set<String> permitted = new LinkedHashSet<>();
        for (String name : asked) {
            Optional<Channel> channel = comet.find(name);
            if (channel.isPresent() && (registered || !channel.get().options().sessionsOnly())) {
                permitted.add(name);
            }
        }
        return permitted;
    }

    private static long since(Parameters query) {
        String text = query.first("since").orElse("").strip();
        if (!text.matches("\\d+")) {
            return 0;
        }
        return text.length() > 16 ? LARGEST : Math.min(LARGEST, Long.parseLong(text));
    }

    private Reply hold(Request request, Set<String> channels, long since, Optional<Session> client) {
        SubscribeOptions options = SubscribeOptions.of(channels)
                .withExistingOnly()
                .withFrom(From.afterId(since))
                .withSource(SOURCE)
                .withAddress(request.network());
        if (client.isPresent()) {
            options = options.withSession();
        }
        Output output = output(request);
        Poll poll = new Poll(
                output,
                Headers.and(
                        Headers.and(List.of(output.contentType()), Headers.cached(comet.currentTimeMillis())),
                        Headers.cors(corsOrigins, request)),
                settings.httpTimeout(),
                channels,
                since,
                () -> client.ifPresent(Session::touch));
        return new Reply.Hold(options, poll);
    }

    // ---- status

    private Reply status(Request request) {
        if (!settings.enableStatus()) {
            return failure(request, -1, "Status is not enabled");
        }
        access.check(Action.PRESENCE, "", request);
        int held = comet.stats().subscribersBySource().getOrDefault(SOURCE, 0);
        Json status = new Json()
                .texts("channels", comet.channelNames())
                .texts("clients", clients.ids())
                .number("held_connections_count", held);
        return success(request, new Json().raw("status", status.toString()));
    }

    // ---- outcomes

    private Output output(Request request) {
        return Output.of(request, settings.quoteJson());
    }

    private Reply success(Request request, Json json) {
        return now(request, json.outcome(1, ""));
    }

    private Reply failure(Request request, int returnCode, String message) {
        return now(request, new Json().outcome(returnCode, message));
    }

    private Reply now(Request request, Json json) {
        Output output = output(request);
        return new Reply.Now(
                200,
                Headers.and(
                        Headers.and(List.of(output.contentType()), Headers.notCached()),
                        Headers.cors(corsOrigins, request)),
                output.body(json).getBytes(StandardCharsets.UTF_8));
    }

    /** The hub's words, with the code that comes nearest; where the page has words of its own, those. */
    @Override
    public Reply refused(Request request, RefusedException e) {
        comet.countRefusal(e);
        return switch (e.refusal()) {
            case EXISTS ->
                failure(
                        request,
                        -2,
                        request.path().startsWith(CLIENTS) ? "Client already exists" : "Channel already exists");
            case UNKNOWN_CHANNEL -> failure(request, -2, "No valid channels"); // it went while it was being read
            case DENIED -> failure(request, -4, e.detail());
            case TOO_MANY_MESSAGES,
                    HISTORY_FULL,
                    TOO_MANY_CHANNELS,
                    TOO_MANY_SUBSCRIBERS,
                    TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                    TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
                    TOO_MANY_MEMBERS,
                    TOO_MANY_SESSIONS,
                    SHUTTING_DOWN,
                    UNAVAILABLE -> failure(request, -5, e.detail());
            case BAD_CHANNEL,
                    BAD_TYPE,
                    BAD_ATTRIBUTE,
                    BAD_JSON,
                    BAD_CURSOR,
                    BAD_NAME,
                    MESSAGE_TOO_LARGE,
                    TOO_MANY_CHANNELS_ASKED -> failure(request, -1, e.detail());
        };
    }

    @Override
    public Reply refused(Request request, Problem problem) {
        int code = problem.status() >= 500 ? -5 : problem.status() == 401 ? -4 : -1;
        return failure(request, code, problem.detail());
    }
}
