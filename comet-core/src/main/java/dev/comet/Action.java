package dev.comet;

/** What a caller from the network wants to do. */
public enum Action {
    /** Read a channel's messages. */
    SUBSCRIBE,
    /** Publish to a channel. */
    PUBLISH,
    /** Be a named member of a channel, or see who is: {@link Authorizer.Question#member}. */
    PRESENCE,
    /** Create, list, clear, close or remove channels, sign, register clients, read the statistics. */
    ADMIN
}
