package dev.comet.servlet.dialect;

import dev.comet.SubscribeOptions;
import java.util.List;

/** What a dialect answers: something now, or a response that is held. <i>Immutable.</i> */
public sealed interface Reply {

    /** An answer that is whole. The body must never change. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares replies
    record Now(int status, List<Header> headers, byte[] body) implements Reply {
        /** Without a body. */
        public Now(int status, List<Header> headers) {
            this(status, headers, new byte[0]);
        }
    }

    /** A response that follows channels. */
    record Hold(SubscribeOptions options, Framing framing) implements Reply {}
}
