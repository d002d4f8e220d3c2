package dev.comet;

/**
 * What a subscriber is handed: a message, or the news that some are gone. In order, per channel.
 */
public sealed interface Event permits Message, Gap {
    /** The name of the channel it belongs to. */
    String channel();
}
