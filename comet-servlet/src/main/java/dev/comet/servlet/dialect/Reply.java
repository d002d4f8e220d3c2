package dev.comet.servlet.dialect;

import dev.comet.Comet;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What a dialect answers: something now, a response that is held, or that it wants to see the body first. <i>Immutable.</i> */
public sealed interface Reply {

    /** An answer that is whole. The body must never change. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares replies
    record Now(int status, List<Header> headers, byte[] body) implements Reply {
        /** Without a body. */
        public Now(int status, List<Header> headers) {
            this(status, headers, new byte[0]);
        }

        /** The same, with the time to come back where it is refused for now only: 429 and 503. */
        public Now withRetryAfter(Duration retry) {
            if (status != 429 && status != 503) {
                return this;
            }
            List<Header> more = new ArrayList<>(headers);
            more.add(new Header("Retry-After", Long.toString(Spread.retryAfter(retry))));
            return new Now(status, more, body);
        }
    }

    /**
     * The body is wanted: nothing in the head speaks against the request.
     *
     * @param limit the most bytes that the body may have
     * @param mayShowToken whether the body is a form of parameters, where a token may stand as in the query
     * @param then answers the request with its body, as {@link Dialect#answer} does, and wants no other
     */
    record Read(long limit, boolean mayShowToken, Function<Request, Reply> then) implements Reply {
        /** A body that is what it is. */
        public Read(long limit, Function<Request, Reply> then) {
            this(limit, false, then);
        }
    }

    /** A response that follows channels. */
    record Hold(SubscribeOptions options, Framing framing, Follow follow) implements Reply {
        /** A response that follows channels, of a client that is not known by an id. */
        public Hold(SubscribeOptions options, Framing framing) {
            this(options, framing, Comet::attach);
        }

        /** See {@link Comet#attach}. */
        public Subscriber attach(Comet comet, Runnable wake) {
            return follow.attach(comet, options, wake);
        }
    }

    /** How a response follows its channels: by itself, or as a poll of a session. */
    @FunctionalInterface
    interface Follow {
        /** See {@link Comet#attach}, and {@link dev.comet.Session#poll}. */
        Subscriber attach(Comet comet, SubscribeOptions options, Runnable wake);
    }
}
