package dev.comet.servlet.dialect.icomet;

import dev.comet.Action;
import dev.comet.Channel;
import dev.comet.Comet;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Spread;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;

/** iComet's front, for the public: protocol page, "Front endpoints". <i>Thread-safe.</i> */
public final class IcometDialect implements Dialect {
    private final Comet comet;
    private final IcometSettings settings;
    private final Access access;
    private final Duration maxAge;
    private final Channels channels;

    /** The front of a hub, whose streams live no longer than {@code maxAge}. */
    public IcometDialect(Comet comet, IcometSettings settings, Access access, Duration maxAge) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.maxAge = maxAge;
        this.channels = new Channels(comet, settings);
    }

    @Override
    public Reply answer(Request request) {
        if (!request.method().equals("GET")) {
            throw new Problem(405, "only GET is for this", new Header("Allow", "GET"));
        }
        return request.path().equals("/ping") ? ping(request) : subscribe(request);
    }

    private Reply ping(Request request) {
        return envelope(request)
                .answer(Json.bytes("{\"type\":\"ping\",\"sub_timeout\":" + settings.pollingSeconds() + "}"));
    }

    private static Envelope envelope(Request request) {
        return switch (request.path()) {
            case "/poll", "/ping" -> Envelope.call(Query.of(request).callback("icomet_cb"));
            case "/sub" -> Envelope.call(Query.of(request).callback(""));
            case "/stream" -> Envelope.stream();
            case "/iframe" -> Envelope.iframe();
            case "/sse" -> Envelope.sse();
            default -> throw new Problem(404, "there is /poll, /sub, /stream, /iframe, /sse and /ping here");
        };
    }

    // ---- subscribe

    private Reply subscribe(Request request) {
        Envelope envelope = envelope(request);
        Query query = Query.of(request);
        Wanted wanted = Wanted.of(query);
        if (settings.tokens()) {
            requireToken(wanted.cname(), query.text("token"));
        }
        access.check(Action.SUBSCRIBE, wanted.cname(), request);
        channels.requireRoom(wanted.cname());
        return new Reply.Hold(options(request, wanted), framing(request, envelope, wanted));
    }

    private void requireToken(String cname, String token) {
        boolean right = channels.find(cname)
                .map(Channel::token)
                .filter(t -> MessageDigest.isEqual(bytes(t), bytes(token))) // so that no time tells how far it is right
                .isPresent();
        if (!right) {
            throw new RefusedException(Refusal.DENIED, "Token error");
        }
    }

    private static byte[] bytes(String token) {
        return token.getBytes(StandardCharsets.UTF_8);
    }

    private SubscribeOptions options(Request request, Wanted wanted) {
        SubscribeOptions options = SubscribeOptions.of(wanted.cname())
                .withFrom(wanted.from())
                .withSource("icomet-" + request.path().substring(1))
                .withAddress(request.network())
                .withMaxSubscribersPerChannel(settings.maxSubscribersPerChannel());
        return settings.tokens() ? options.withExistingOnly() : options.withChannelOptions(channels.options());
    }

    private Framing framing(Request request, Envelope envelope, Wanted wanted) {
        return switch (request.path()) {
            case "/poll", "/sub" -> new Poll(envelope, wanted, settings.pollingTimeout());
            default -> new Stream(envelope, wanted, settings.pollingTimeout(), Spread.age(maxAge));
        };
    }

    // ---- refusals

    /** Protocol page: "401 and 429 arrive with HTTP 200, as a message of that type with seq 0". */
    @Override
    public Reply refused(Request request, RefusedException e) {
        comet.countRefusal(e);
        return switch (e.refusal()) {
            case DENIED, UNKNOWN_CHANNEL -> told(request, "401", "Token error");
            case BAD_CHANNEL -> told(request, "401", "Bad channel name");
            case TOO_MANY_CHANNELS -> told(request, "429", "Too many channels");
            case TOO_MANY_SUBSCRIBERS, TOO_MANY_SUBSCRIBERS_ON_CHANNEL, TOO_MANY_SUBSCRIBERS_FROM_ADDRESS ->
                told(request, "429", "Too many subscribers");
            default -> Texts.refused(e);
        };
    }

    private static Reply told(Request request, String type, String content) {
        return envelope(request).answer(Json.message(type, Query.of(request).cname(), 0, content));
    }

    @Override
    public Reply refused(Request request, Problem problem) {
        return Texts.refused(problem);
    }
}
