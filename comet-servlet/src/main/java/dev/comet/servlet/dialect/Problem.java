package dev.comet.servlet.dialect;

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
}
