package dev.comet;

/** Where a subscriber begins. <i>Immutable.</i> */
public sealed interface From {

    /** From now on: the next message that is published. */
    static From latest() {
        return new Last(0);
    }

    /** From the oldest message that the channel's history holds. */
    static From oldest() {
        return new Last(Integer.MAX_VALUE);
    }

    /** From the n-th last message of each channel, or the oldest kept; 0 is {@link #latest()}. */
    static From last(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("from the last " + n + ": must be 0 or more");
        }
        return new Last(n);
    }

    /** From where a cursor points; channels that it does not name from now on. */
    static From cursor(Cursor cursor) {
        return new At(cursor, new Last(0));
    }

    /** From where a cursor points; channels that it does not name from {@code otherwise}. */
    static From cursor(Cursor cursor, From otherwise) {
        if (otherwise instanceof Last last) {
            return new At(cursor, last);
        }
        throw new IllegalArgumentException("channels that the cursor does not name: latest, oldest or last(n)");
    }

    /**
     * From the first message whose hub-wide {@linkplain Message#id() id} is greater: the single-number cursor over any number
     * of channels. 0 is {@link #oldest()}.
     */
    static From afterId(long id) {
        if (id < 0) {
            throw new IllegalArgumentException("from after id " + id + ": must be 0 or more");
        }
        return id == 0 ? oldest() : new After(id);
    }

    /**
     * From the message with this seq, on the one channel that is asked for: for wires that carry no epoch. What the history no
     * longer holds is told as a gap; where the channel has not come so far, that is a {@link Gap.Reason#RESET}, and delivery goes
     * on at the next message.
     */
    static From seq(long seq) {
        if (seq < 1) {
            throw new IllegalArgumentException("from seq " + seq + ": must be 1 or more");
        }
        return new Seq(seq);
    }

    /** See {@link #last}. */
    record Last(int n) implements From {}

    /** See {@link #cursor(Cursor, From)}. */
    record At(Cursor cursor, Last otherwise) implements From {}

    /** See {@link #seq}. */
    record Seq(long seq) implements From {}

    /** See {@link #afterId}. */
    record After(long id) implements From {}
}
