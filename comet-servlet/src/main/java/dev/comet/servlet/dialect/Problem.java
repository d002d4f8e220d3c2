package dev.comet.servlet.dialect;

import dev.comet.Refusal;
import java.util.List;

/** A request that is not one: an HTTP status, and in words what would be right. */
public final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final transient List<Header> headers;

    /** A problem; the detail may be shown to the caller. */
    public Problem(int status, String detail, Header... headers) {
        super(detail, null, false, false); // no stack trace: it is an answer, and hostile clients cause many
        this.status = status;
        this.headers = List.of(headers);
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** What is wrong, and what would be right. */
    public String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }

    /** Headers that go with it. */
    public List<Header> headers() {
        return headers;
    }

    /** The HTTP status that says the same as a refusal of the hub, where a dialect has no word of its own for it. */
    public static int status(Refusal refusal) {
        return switch (refusal) {
            case BAD_CHANNEL, BAD_TYPE, BAD_ATTRIBUTE, BAD_JSON, BAD_CURSOR, BAD_NAME, TOO_MANY_CHANNELS_ASKED -> 400;
            case DENIED -> 403;
            case UNKNOWN_CHANNEL -> 404;
            case EXISTS -> 409;
            case MESSAGE_TOO_LARGE -> 413;
            case TOO_MANY_SUBSCRIBERS_FROM_ADDRESS, TOO_MANY_MESSAGES -> 429;
            case HISTORY_FULL,
                    TOO_MANY_CHANNELS,
                    TOO_MANY_SUBSCRIBERS,
                    TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                    TOO_MANY_MEMBERS,
                    TOO_MANY_SESSIONS,
                    SHUTTING_DOWN,
                    UNAVAILABLE -> 503;
        };
    }
}
