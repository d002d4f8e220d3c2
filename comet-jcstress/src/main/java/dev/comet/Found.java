package dev.comet;

/** What a reader without a lock finds of one message in a ring. */
enum Found {
    /** It had not been published when the reader looked. */
    NOT_YET,
    /** The message, with all its fields. */
    WHOLE,
    /** It is no longer there, and the ring says so: its oldest is beyond. */
    GONE,
    /** It had been published, it is not there, and the ring does not say that it was evicted. */
    LOST,
    /** Another message in its place. */
    OTHER,
    /** The message, but with fields that are not its own. */
    TORN;

    static Found in(Ring ring, long seq) {
        boolean published = ring.next() > seq;
        Message m = ring.get(seq);
        if (m == null) {
            if (!published) {
                return NOT_YET;
            }
            return ring.oldest() > seq ? GONE : LOST;
        }
        if (m.seq() != seq) {
            return OTHER;
        }
        return isWhole(m) ? WHOLE : TORN;
    }

    /** A message whose fields all follow from its seq. */
    static Message message(long seq) {
        String text = Long.toString(seq);
        return new Message(text, (int) seq, seq, seq * 10, seq * 100, Message.Kind.BROADCAST, Draft.text(text));
    }

    /** A ring that holds as many of these messages, and has room for no more than {@code capacity}. */
    static Ring ring(int capacity, int messages) {
        Ring ring = new Ring(capacity, Long.MAX_VALUE, HistoryBudget.unlimited());
        for (int seq = 1; seq <= messages; seq++) {
            ring.append(message(seq));
        }
        return ring;
    }

    private static boolean isWhole(Message m) {
        String text = Long.toString(m.seq());
        return text.equals(m.channel())
                && m.epoch() == m.seq()
                && m.id() == m.seq() * 10
                && m.timeMillis() == m.seq() * 100
                && m.kind() == Message.Kind.BROADCAST
                && text.equals(m.payload());
    }
}
