package dev.comet.servlet.dialect.icomet;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import java.util.ArrayList;
import java.util.List;

/** Answers in words, a line each. The original calls them HTML; a channel's name in them would then be markup. */
final class Texts {
    private Texts() {}

    static Reply line(int status, String text) {
        return line(status, text, List.of());
    }

    private static Reply line(int status, String text, List<Header> more) {
        List<Header> headers = new ArrayList<>(Envelope.headers("text/plain"));
        headers.addAll(more);
        return new Reply.Now(status, headers, Json.bytes(text + "\n"));
    }

    static Reply refused(Problem problem) {
        return line(problem.status(), problem.detail(), problem.headers());
    }

    static Reply refused(RefusedException e) {
        return line(status(e.refusal()), e.detail());
    }

    private static int status(Refusal refusal) {
        return switch (refusal) {
            case BAD_CHANNEL,
                    BAD_TYPE,
                    BAD_ATTRIBUTE,
                    BAD_JSON,
                    BAD_CURSOR,
                    BAD_NAME,
                    TOO_MANY_CHANNELS_ASKED,
                    EXISTS -> 400;
            case DENIED -> 403;
            case UNKNOWN_CHANNEL -> 404;
            case MESSAGE_TOO_LARGE -> 413;
            case TOO_MANY_CHANNELS,
                    TOO_MANY_SUBSCRIBERS,
                    TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                    TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
                    TOO_MANY_MEMBERS,
                    TOO_MANY_SESSIONS -> 429;
            case SHUTTING_DOWN -> 503;
        };
    }
}
