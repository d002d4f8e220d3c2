package dev.comet;

/** The hub's "no": which one, and in words what would be right. */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Refusal refusal;
    private final boolean counted;

    /** A refusal, with a text that a caller may be shown: it says what is wrong and what would be right. */
    public RefusedException(Refusal refusal, String detail) {
        this(refusal, detail, false);
    }

    RefusedException(Refusal refusal, String detail, boolean counted) {
        super(detail, null, false, false); // no stack trace: a refusal is an answer, and hostile clients cause many
        this.refusal = refusal;
        this.counted = counted;
    }

    /** Whether the hub's statistics have it already. */
    boolean isCounted() {
        return counted;
    }

    /** Which refusal. */
    public Refusal refusal() {
        return refusal;
    }

    /** What is wrong and what would be right. */
    public String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
