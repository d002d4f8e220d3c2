package dev.comet.servlet.dialect.icomet;

import dev.comet.Action;
import dev.comet.Channel;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Script;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** iComet's admin endpoints, for the inside: protocol page, "Admin endpoints". <i>Thread-safe.</i> */
public final class IcometAdminDialect implements Dialect {
    /** The iComet whose wire this is. */
    private static final String VERSION = "0.2.5";

    private static final long MAX_EXPIRES = 1_000_000_000;

    /** Of a form besides its content: the longest name, percent-encoded, and a callback. */
    private static final int FORM_REST = 4096;

    private final Comet comet;
    private final IcometSettings settings;
    private final Access access;
    private final Duration maxAge;
    private final LongSupplier millis;
    private final Channels channels;

    /**
     * The admin endpoints of a hub.
     *
     * @param maxAge how long {@code /psub} lives at most
     * @param millis the hub's wall clock
     */
    public IcometAdminDialect(
            Comet comet, IcometSettings settings, Access access, Duration maxAge, LongSupplier millis) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.maxAge = maxAge;
        this.millis = millis;
        this.channels = new Channels(comet, settings);
    }

    @Override
    public Reply answer(Request request) {
        return switch (request.path()) {
            case "/push" -> publish(request, text -> text);
            case "/pub" -> publish(request, Json::unescaped);
            case "/broadcast" -> ofAll(Action.PUBLISH, request, query -> broadcast(request, query));
            case "/sign" -> get(Action.ADMIN, request, this::sign);
            case "/close" -> get(Action.ADMIN, request, this::close);
            case "/clear" -> get(Action.ADMIN, request, this::clear);
            case "/info" -> get(Action.ADMIN, request, this::info);
            case "/check" -> get(Action.ADMIN, request, this::check);
            case "/psub" -> ofAll(Action.ADMIN, request, query -> psub(request));
            default ->
                throw new Problem(
                        404, "there is /sign, /push, /pub, /broadcast, /close, /clear, /info, /check and /psub here");
        };
    }

    /** What concerns the channel that is named. */
    private Reply get(Action action, Request request, Function<Query, Reply> then) {
        return get(action, request, Query::cname, then);
    }

    /** What concerns all channels, whichever is named: to have the right to one is not enough. */
    private Reply ofAll(Action action, Request request, Function<Query, Reply> then) {
        return get(action, request, query -> "", then);
    }

    private Reply get(Action action, Request request, Function<Query, String> channel, Function<Query, Reply> then) {
        if (!request.method().equals("GET")) {
            throw new Problem(405, "only GET is for this", new Header("Allow", "GET"));
        }
        Query query = Query.of(request);
        access.check(action, channel.apply(query), request);
        return then.apply(query);
    }

    // ---- publish

    /** A form must be read before anyone can say whether its sender may publish: the channel's name stands in it. */
    private Reply publish(Request request, UnaryOperator<String> text) {
        return switch (request.method()) {
            case "GET" -> published(request, Query.of(request), text);
            case "POST" -> {
                access.checkBeforeBody(Action.PUBLISH, request);
                request.requireForm();
                access.checkPace(1, request);
                long most = 3L * comet.settings().maxMessageBytes() + FORM_REST; // percent-encoded
                yield new Reply.Read(most, whole -> published(whole, Query.ofForm(whole), text));
            }
            default -> throw new Problem(405, "only GET and POST are for this", new Header("Allow", "GET, POST"));
        };
    }

    private Reply published(Request request, Query query, UnaryOperator<String> text) {
        access.check(Action.PUBLISH, query.cname(), request);
        Envelope envelope = Envelope.script(query.callback(""));
        Draft draft = Draft.text(text.apply(query.text("content")));
        access.countPublish(1, request);
        channels.publish(query.cname(), draft);
        return envelope.answer(Json.bytes("{\"type\":\"ok\"}"));
    }

    /** One message, however many channels get it. */
    private Reply broadcast(Request request, Query query) {
        access.countPublish(1, request);
        comet.broadcast(Draft.text(query.text("content")));
        return Texts.line(200, "ok");
    }

    // ---- channels

    private Reply sign(Query query) {
        Envelope envelope = Envelope.call(query.callback(""));
        long asked = query.number("expires");
        Duration expires = asked <= 0 ? settings.channelTimeout() : Duration.ofSeconds(Math.min(asked, MAX_EXPIRES));
        Channel channel = channels.open(query.cname());
        Duration own = channel.options().idleTimeout();
        if (!own.isZero()) { // else its creator wants it to stay
            channel.expireAfter(asked <= 0 && own.compareTo(expires) > 0 ? own : expires);
        }
        return envelope.answer(Json.bytes("{\"type\":\"sign\",\"cname\":" + Script.quoted(channel.name()) + ",\"seq\":"
                + channel.oldestSeq() + ",\"token\":\"" + channel.token() + "\",\"expires\":" + expires.toSeconds()
                + ",\"sub_timeout\":" + settings.pollingSeconds() + "}"));
    }

    private Reply close(Query query) {
        // After its end nothing is appended, so the number is the last word.
        return channels.find(query.cname())
                .filter(Channel::remove)
                .map(IcometAdminDialect::ok)
                .orElseGet(() -> notConnected(query));
    }

    private Reply clear(Query query) {
        Optional<Channel> channel = channels.find(query.cname());
        channel.ifPresent(Channel::clear);
        return channel.map(IcometAdminDialect::ok).orElseGet(() -> notConnected(query));
    }

    private static Reply ok(Channel channel) {
        return Texts.line(200, "ok " + channel.nextSeq());
    }

    private static Reply notConnected(Query query) {
        return Texts.line(404, "channel[" + query.cname().replaceAll("\\p{Cntrl}", "?") + "] not connected");
    }

    // ---- look

    private Reply info(Query query) {
        String cname = query.cname();
        if (cname.isEmpty()) {
            return json("{\"version\": \"" + VERSION + "\", \"channels\": " + comet.channelCount()
                    + ", \"subscribers\": "
                    + comet.channels().stream().mapToInt(Channel::subscribers).sum() + "}");
        }
        int subscribers = channels.find(cname).map(Channel::subscribers).orElse(0);
        return json("{\"cname\": " + Script.quoted(cname) + ", \"subscribers\": " + subscribers + "}");
    }

    private Reply check(Query query) {
        String cname = query.cname();
        return json(channels.find(cname).isPresent() ? "{" + Script.quoted(cname) + ": 1}" : "{}");
    }

    private static Reply json(String object) {
        return Envelope.call("").answer(Json.bytes(object));
    }

    private Reply psub(Request request) {
        SubscribeOptions options =
                SubscribeOptions.ofChannelEvents().withSource("icomet-psub").withAddress(request.network());
        return new Reply.Hold(options, new ChannelEvents(comet, millis, settings.channelTimeout(), maxAge));
    }

    // ---- refusals

    @Override
    public Reply refused(Request request, RefusedException e) {
        comet.countRefusal(e);
        return Texts.refused(e);
    }

    @Override
    public Reply refused(Request request, Problem problem) {
        return Texts.refused(problem);
    }
}
