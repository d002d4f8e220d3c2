package dev.comet;

import java.util.Locale;

/** Why a subscriber ended. */
public enum CloseReason {
    /** The subscriber itself was done: a poll that was answered, a subscription that the application closed. */
    DONE,
    /** Its channel was closed or removed. */
    CLOSED,
    /** The hub shuts down. */
    SHUTDOWN,
    /** Its token or its session ran out. */
    EXPIRED,
    /** A stream reached its maximum age; its client is to come back. */
    MAX_AGE,
    /** A newer request of the same client took its place. */
    REPLACED,
    /** Its socket took nothing for the stall limit. */
    STALLED,
    /** Its client left, or its connection broke. */
    DISCONNECTED,
    /** A listener of the application threw. */
    FAILED;

    /** The word on the wire: {@code closed}, {@code max-age}, … */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
