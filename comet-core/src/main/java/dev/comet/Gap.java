package dev.comet;

/**
 * What a subscriber did not see: told in band, before the first message that follows it. <i>Immutable.</i>
 *
 * @param channel the channel's name
 * @param reason why
 * @param from the first seq that is gone; 0 where it cannot be known ({@link Reason#RESET}, and a reader that came back
 *     with a hub-wide id)
 * @param to the last seq that is gone; delivery goes on at {@code to + 1}. 0: nothing of the present epoch is gone
 */
public record Gap(String channel, Reason reason, long from, long to) implements Event {

    /** Why messages are missing. */
    public enum Reason {
        /** The channel's history no longer holds them: the reader was too slow, or away too long. */
        LAPPED,
        /** The cursor belongs to an earlier life of the channel: what was published in between is unknown. */
        RESET,
        /** News of members or of channels was missed; their list tells who is there now. No messages are gone. */
        PRESENCE
    }

    /** How many messages of the present epoch are known to be gone; 0 where that is not known. */
    public long lost() {
        return from == 0 ? 0 : to - from + 1;
    }
}
