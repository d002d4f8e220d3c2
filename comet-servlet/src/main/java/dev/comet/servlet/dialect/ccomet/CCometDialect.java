package dev.comet.servlet.dialect.ccomet;

import dev.comet.Action;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.From;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Session;
import dev.comet.Sessions;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Digest;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Parameters;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Rule;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Script;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** CComet's protocol: docs/dialects/ccomet.md. Everything is a GET, and a call of the client's function. <i>Thread-safe.</i> */
public final class CCometDialect implements Dialect {
    /** Everything is for anyone: its chat needs it. */
    public static final Rules RULES = Rules.all(Rule.ANYONE);

    /** The attribute that a publisher's name is. */
    static final String SENDER = "sender";

    /** The name that its subscribers are counted under. */
    static final String SOURCE = "ccomet-poll";

    private static final List<Header> SCRIPT = List.of(
            new Header("Content-Type", "text/javascript; charset=utf-8"),
            new Header("Cache-Control", "no-store"),
            new Header("X-Content-Type-Options", "nosniff"));

    private static final List<Header> PLAIN =
            List.of(new Header("Content-Type", "text/plain; charset=utf-8"), new Header("Cache-Control", "no-store"));

    private final Comet comet;
    private final CCometSettings settings;
    private final Access access;
    private final ChannelOptions channels;

    /** Who waits, by channel and name, for the same name replaces itself. Nobody is registered by that. */
    private final Sessions waiting;

    /** The endpoint of a hub. */
    public CCometDialect(Comet comet, CCometSettings settings, Access access) {
        this.comet = comet;
        this.settings = settings;
        this.access = access;
        this.channels = comet.settings()
                .channels()
                .withHistoryMessages(settings.history())
                .withIdleTimeout(settings.channelTimeout());
        this.waiting = comet.sessions(settings.timeout());
    }

    @Override
    public Reply answer(Request request) {
        return switch (request.method() + " " + request.path()) {
            case "GET /sign" -> sign(request, Asked.of(request));
            case "GET /publish" -> publish(request, Asked.of(request));
            case "GET /subscribe" -> subscribe(request, Asked.of(request));
            default -> throw new Problem(404, "there is GET /sign, /publish and /subscribe here");
        };
    }

    /** What every request has. */
    private record Asked(Parameters query, String callback, String channel, String name) {
        static Asked of(Request request) {
            Parameters query = request.query();
            return new Asked(query, function(query), named(query, "channel"), named(query, "sname"));
        }

        private static String named(Parameters query, String parameter) {
            return query.first(parameter).orElse("");
        }

        boolean isWhole() {
            return !channel.isEmpty() && !name.isEmpty();
        }
    }

    private static String function(Parameters query) {
        String callback = query.first("callback").orElse("");
        if (!Script.isCallback(callback)) {
            throw new Problem(400, "callback: must be the name of a JavaScript function, as in a.b");
        }
        return callback;
    }

    // ---- sign, publish

    private Reply sign(Request request, Asked asked) {
        if (!asked.isWhole()) {
            return wrongParameters(asked);
        }
        access.checkMember(asked.name(), asked.channel(), request);
        comet.channel(asked.channel(), channels).sign(asked.name());
        return call(asked.callback(), Items.ofType("sign in"));
    }

    private Reply publish(Request request, Asked asked) {
        Optional<String> text = asked.query().first("msg");
        if (!asked.isWhole() || text.isEmpty()) {
            return wrongParameters(asked);
        }
        access.check(Action.PUBLISH, asked.channel(), request);
        access.checkMember(asked.name(), asked.channel(), request); // others see the name as the sender's
        access.countPublish(1, request);
        Draft draft = Draft.text(text.get()).withAttribute(SENDER, asked.name());
        comet.publish(asked.channel(), channels, draft);
        return call(asked.callback(), Items.ofType("publish"));
    }

    // ---- subscribe

    private Reply subscribe(Request request, Asked asked) {
        String seqid = asked.query().first("seqid").orElse("").strip();
        if (!asked.isWhole() || !seqid.matches("-?\\d+")) {
            return wrongParameters(asked);
        }
        access.check(Action.SUBSCRIBE, asked.channel(), request);
        access.checkMember(asked.name(), asked.channel(), request);
        SubscribeOptions options = SubscribeOptions.of(asked.channel())
                .withFrom(From.seq(seq(seqid)))
                .withChannelOptions(channels)
                .withMember(asked.name())
                .withMembers(true)
                .withSource(SOURCE)
                .withAddress(request.network());
        String key = key(asked.channel(), asked.name());
        return new Reply.Hold(
                options,
                new Poll(SCRIPT, settings.timeout(), asked.callback()),
                (hub, follows, wake) -> poll(key, follows, wake));
    }

    /** A poll in place of the one that waits by this name. One that is refused leaves no session behind. */
    private Subscriber poll(String key, SubscribeOptions follows, Runnable wake) {
        boolean known = waiting.find(key).isPresent();
        Session session = session(key);
        try {
            return session.poll(follows, wake);
        } catch (RefusedException e) {
            if (!known) {
                session.close();
            }
            throw e;
        }
    }

    /** Ours count from 1; what is less than 0 is not beyond the end, and what is too long to count certainly is. */
    private static long seq(String seqid) {
        if (seqid.startsWith("-")) {
            return 1;
        }
        return seqid.length() > 18 ? Long.MAX_VALUE : Long.parseLong(seqid) + 1;
    }

    /**
     * The session of whoever waits by this name, found or opened. Another request of the same name may open it first: then it is
     * found. One that runs out just now ends the poll at once, which answers with an empty array, and the client asks again.
     */
    private Session session(String key) {
        while (true) {
            Optional<Session> known = waiting.find(key);
            if (known.isPresent()) {
                return known.get();
            }
            try {
                return waiting.open(key);
            } catch (RefusedException e) {
                if (e.refusal() != Refusal.EXISTS) {
                    throw e;
                }
            }
        }
    }

    /**
     * Channel and name together may be longer than a session's id. Neither can have a NUL when the hub takes it, so the text
     * between stands for one pair only, and nobody can make up another with the same digest.
     */
    private static String key(String channel, String name) {
        return Digest.of(channel + '\0' + name);
    }

    // ---- outcomes

    private static Reply wrongParameters(Asked asked) {
        return call(asked.callback(), Items.wrong("error params"));
    }

    private static Reply call(String callback, String item) {
        return new Reply.Now(200, SCRIPT, Items.call(callback, item).getBytes(StandardCharsets.UTF_8));
    }

    /** Its only error that has a reason. The request has been read as far as its callback. */
    @Override
    public Reply refused(Request request, RefusedException e) {
        comet.countRefusal(e);
        return call(function(request.query()), Items.wrong(e.detail()));
    }

    /** What cannot be told to a callback is told to whoever reads the response. */
    @Override
    public Reply refused(Request request, Problem problem) {
        return new Reply.Now(problem.status(), PLAIN, (problem.detail() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
