package dev.comet;

/** Why the hub said no. Each dialect maps it to its own wire form in one switch. */
public enum Refusal {
    /** A channel name that is not 1 to 200 UTF-8 bytes, or has a control character, {@code /}, {@code \} or {@code %}. */
    BAD_CHANNEL,
    /** A type that does not match {@code [A-Za-z][A-Za-z0-9._-]{0,63}}, or is reserved. */
    BAD_TYPE,
    /** An attribute whose name does not match {@code [A-Za-z][A-Za-z0-9._-]{0,63}}, or more than 16 of them. */
    BAD_ATTRIBUTE,
    /** A payload that is not exactly one RFC 8259 value. */
    BAD_JSON,
    /** A cursor that cannot be parsed. */
    BAD_CURSOR,
    /** A member's or a session's name that is empty, too long, or has a control character. */
    BAD_NAME,
    /** A message larger than the hub takes. */
    MESSAGE_TOO_LARGE,
    /** The caller publishes faster than one may. */
    TOO_MANY_MESSAGES,
    /** All channels together hold the most bytes that they may. */
    HISTORY_FULL,
    /** The hub has its maximum of channels. */
    TOO_MANY_CHANNELS,
    /** One subscriber asked for more channels than one may. */
    TOO_MANY_CHANNELS_ASKED,
    /** The hub has its maximum of subscribers. */
    TOO_MANY_SUBSCRIBERS,
    /** The channel has its maximum of subscribers. */
    TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
    /** The caller's address has its maximum of subscribers. */
    TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
    /** The channel has its maximum of named members. */
    TOO_MANY_MEMBERS,
    /** The hub has its maximum of sessions. */
    TOO_MANY_SESSIONS,
    /** There is no such channel, and this request may not create it. */
    UNKNOWN_CHANNEL,
    /** There is such a channel or session already. */
    EXISTS,
    /** The authorizer, or the mount's default, does not allow it. */
    DENIED,
    /** The hub is draining or closed. */
    SHUTTING_DOWN,
    /**
     * The log that hubs share cannot be reached, or has not answered in time. What was published may be stored all the same where
     * the text says so.
     */
    UNAVAILABLE
}
