package dev.comet.servlet.dialect.stardust;

import dev.comet.Action;
import dev.comet.Channel;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Session;
import dev.comet.Sessions;
import dev.comet.SubscribeOptions;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Digest;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Script;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** Stardust: docs/dialects/stardust.md. <i>Thread-safe.</i> */
public final class StardustDialect implements Dialect {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]{1,200}");
    private static final Pattern ID = Pattern.compile("[.0-9]{1,100}");

    private static final String CHANNEL = "/channel";
    private static final String STREAM = "/stream/";

    /** A percent-encoded byte is three. */
    private static final int ENCODED = 3;

    /** The most bytes of messages that an answer about channels has; the older ones are left out. */
    private static final int INFO_BYTES = 1 << 20;

    private static final String SOURCE = "stardust";
    private static final List<Header> JSON = List.of(
            new Header("Content-Type", "application/json;charset=utf-8"), new Header("Cache-Control", "no-store"));
    private static final List<Header> TEXT = List.of(new Header("Content-Type", "text/plain;charset=utf-8"));

    private final Comet comet;
    private final StardustSettings settings;
    private final Access access;
    private final Sessions sessions;
    private final ChannelOptions options;

    /** The endpoint of a hub. Its sessions are forgotten when they have not polled for two time-outs. */
    public StardustDialect(Comet comet, StardustSettings settings, Access access) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.sessions = comet.sessions("stardust", settings.timeout().multipliedBy(2));
        this.options = comet.settings()
                .channels()
                .withHistoryMessages(settings.channelLength())
                .withHistoryAge(ChannelOptions.ANY_AGE);
    }

    @Override
    public Reply answer(Request request) {
        String path = path(request);
        if (path.isEmpty() || path.equals("/")) {
            requireGet(request);
            return new Reply.Now(
                    200, TEXT, utf8("{\"name\":\"Stardust COMET Server\",\"language\":\"Java\",\"version\":1}\n"));
        }
        if (path.equals(CHANNEL)) {
            requireGet(request);
            access.check(Action.SUBSCRIBE, "", request);
            return json(names());
        }
        if (!path.startsWith(CHANNEL + "/")) {
            throw new Problem(404, "there is /, /channel, /channel/{names} and /channel/{names}/stream/{id} here");
        }
        String rest = path.substring(CHANNEL.length() + 1);
        int stream = rest.indexOf(STREAM);
        if (stream >= 0) {
            requireGet(request);
            return stream(request, channels(rest.substring(0, stream)), rest.substring(stream + STREAM.length()));
        }
        List<String> channels = channels(rest);
        return switch (request.method()) {
            case "GET" -> info(request, channels);
            case "POST" -> post(request, channels);
            default -> throw new Problem(405, "GET or POST", new Header("Allow", "GET, POST"));
        };
    }

    /** The path below {@code base}. */
    private String path(Request request) {
        String path = request.path();
        String base = settings.base();
        if (base.isEmpty()) {
            return path;
        }
        if (path.equals(base) || path.startsWith(base + "/")) {
            return path.substring(base.length());
        }
        throw new Problem(404, "everything here is below " + base);
    }

    private static void requireGet(Request request) {
        if (!request.method().equals("GET")) {
            throw new Problem(405, "GET only", new Header("Allow", "GET"));
        }
    }

    /** {@code a+b}, each name once. */
    private List<String> channels(String joined) {
        LinkedHashSet<String> names = new LinkedHashSet<>();
        for (String name : joined.split("\\+", -1)) {
            if (!NAME.matcher(name).matches()) {
                throw new Problem(404, "a channel's name is letters, digits and _; several are joined by +");
            }
            names.add(name);
        }
        int most = comet.settings().maxChannelsPerRequest();
        if (names.size() > most) {
            throw new RefusedException(
                    Refusal.TOO_MANY_CHANNELS_ASKED,
                    names.size() + " channels: at most " + most + " (max-channels-per-request)");
        }
        return List.copyOf(names);
    }

    private void check(Action action, List<String> channels, Request request) {
        channels.forEach(channel -> access.check(action, channel, request));
    }

    // ---- what there is

    /** Those whose names this dialect can spell. */
    private String names() {
        StringJoiner names = new StringJoiner(",", "[", "]\n");
        comet.channelNames().stream().filter(NAME.asMatchPredicate()).forEach(name -> names.add(Script.quoted(name)));
        return names.toString();
    }

    private Reply info(Request request, List<String> channels) {
        check(Action.SUBSCRIBE, channels, request);
        for (String name : channels) {
            if (comet.find(name).filter(c -> c.options().sessionsOnly()).isPresent()) {
                throw new RefusedException(Refusal.DENIED, "channel '" + name + "' is for clients that are registered");
            }
        }
        int[] room = {INFO_BYTES};
        StringJoiner infos = new StringJoiner(",", "[", "]\n");
        channels.forEach(name -> infos.add(info(name, room)));
        return json(infos.toString());
    }

    /** One that nobody has posted or listened to looks like one that has just sprung into life. */
    private String info(String name, int[] room) {
        Optional<Channel> channel = comet.find(name);
        int size = channel.map(c -> c.options().historyMessages()).orElse(options.historyMessages());
        long position = size == 0 ? 0 : (channel.map(Channel::nextSeq).orElse(1L) - 1) % size;
        StringJoiner messages = new StringJoiner(",", "[", "]");
        newest(channel.map(Channel::history).orElse(List.of()), room).forEach(messages::add);
        // Who they are is nobody's business: an id is all that it takes to get their messages.
        StringJoiner subscribers = new StringJoiner(",", "[", "]");
        for (int i = 1; i <= channel.map(Channel::sessions).orElse(0); i++) {
            subscribers.add(Integer.toString(i));
        }
        return "{\"name\":" + Script.quoted(name) + ",\"i\":" + position + ",\"size\":" + size + ",\"messages\":"
                + messages + ",\"subscribers\":" + subscribers + "}";
    }

    /** The newest of them that there is room for in the answer, which anyone may ask for, oldest first. */
    private static Deque<String> newest(List<Message> history, int[] room) {
        Deque<String> objects = new ArrayDeque<>();
        for (int i = history.size() - 1; i >= 0; i--) {
            byte[] object = history.get(i).encoded(Stars.OBJECT);
            room[0] -= object.length;
            if (room[0] < 0) {
                break;
            }
            objects.addFirst(new String(object, StandardCharsets.UTF_8));
        }
        return objects;
    }

    // ---- post

    private Reply post(Request head, List<String> channels) {
        check(Action.PUBLISH, channels, head);
        head.requireForm();
        access.checkPace(channels.size(), head);
        return new Reply.Read(
                (long) ENCODED * comet.settings().maxMessageBytes(), request -> posted(request, channels));
    }

    /** All or nothing: what could be refused is, before the first is published. */
    private Reply posted(Request request, List<String> channels) {
        List<String> objects = request.form().all("m");
        if (objects.isEmpty()) {
            throw new Problem(400, "no m: post m=<a JSON object>, once or several times");
        }
        List<Draft> drafts = new ArrayList<>();
        for (String object : objects) {
            Draft draft = Draft.json(object);
            if (!Stars.isObject(object)) {
                throw new Problem(400, "m must be a JSON object, as in m={\"type\":\"hello\"}");
            }
            int most = comet.settings().maxMessageBytes();
            if (draft.bytes() > most) {
                throw new RefusedException(
                        Refusal.MESSAGE_TOO_LARGE,
                        "a message of " + draft.bytes() + " bytes: at most " + most + " (max-message-bytes)");
            }
            drafts.add(draft);
        }
        access.countPublish((long) drafts.size() * channels.size(), request);
        List<Channel> all =
                channels.stream().map(name -> comet.channel(name, options)).toList();
        drafts.forEach(draft -> all.forEach(channel -> channel.publish(draft)));
        return new Reply.Now(200, TEXT);
    }

    // ---- stream

    private Reply stream(Request request, List<String> channels, String id) {
        if (!ID.matcher(id).matches()) {
            throw new Problem(404, "an id is 1 to 100 digits and dots, as Math.random() makes them");
        }
        check(Action.SUBSCRIBE, channels, request);
        SubscribeOptions follows = SubscribeOptions.of(channels)
                .withChannelOptions(options)
                .withSource(SOURCE)
                .withAddress(request.network());
        String key = key(id, channels);
        Optional<Session> session = sessions.find(key);
        if (session.isEmpty()) {
            return opened(key, follows);
        }
        return new Reply.Hold(
                follows,
                new StardustPoll(JSON, settings.timeout(), session.get()),
                (hub, options, wake) -> session.get().poll(options, wake));
    }

    private Reply opened(String key, SubscribeOptions follows) {
        try {
            sessions.open(key, follows);
        } catch (RefusedException e) {
            if (e.refusal() != Refusal.EXISTS) { // the same client's other request was first: that is as good
                throw e;
            }
        }
        return json("[]");
    }

    /** A page may use one id in several loops, over other channels each: those are sessions of their own. */
    private static String key(String id, List<String> channels) {
        return id + "/" + Digest.of(String.join("+", channels));
    }

    // ---- replies

    private static Reply json(String text) {
        return new Reply.Now(200, JSON, utf8(text));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Reply refused(Request request, RefusedException refusal) {
        comet.countRefusal(refusal);
        if (refusal.refusal() == Refusal.DENIED && request.method().equals("POST") && settings.challenges(request)) {
            return refused(
                    request,
                    new Problem(401, refusal.detail(), new Header("WWW-Authenticate", "Basic realm=\"Stardust\"")));
        }
        return refused(request, new Problem(Problem.status(refusal.refusal()), refusal.detail()));
    }

    @Override
    public Reply refused(Request request, Problem problem) {
        List<Header> headers = new ArrayList<>(TEXT);
        headers.addAll(problem.headers());
        return new Reply.Now(problem.status(), headers, utf8(problem.detail() + "\n"));
    }
}
