package dev.comet.servlet.dialect.simplecomet;

import dev.comet.servlet.dialect.Values;
import java.time.Duration;

/**
 * The switches: docs/dialects/simple-comet.md, "Settings". <i>Immutable.</i>
 *
 * @param httpTimeout how long a read is held
 * @param sessionTimeout how long a registered client may go without a read before it is forgotten
 * @param inactiveChannelTimeout how long a channel that nobody uses lives on
 * @param messagesPerChannel how many messages a channel keeps that is created without {@code max_messages}
 * @param quoteJson whether JSON bodies stand in a comment
 * @param enableStatus whether {@code /status.json} answers
 */
public record SimpleCometSettings(
        Duration httpTimeout,
        Duration sessionTimeout,
        Duration inactiveChannelTimeout,
        int messagesPerChannel,
        boolean quoteJson,
        boolean enableStatus) {

    /** How these settings are called, as a prefix. */
    public static final String NAME = "simple-comet";

    /** Reads them by their names. */
    public static SimpleCometSettings read(Values values) {
        return new SimpleCometSettings(
                values.seconds("http-timeout", 30),
                values.seconds("session-timeout", 60),
                values.seconds("inactive-channel-timeout", 90),
                values.number("messages-per-channel", 100, 1, Integer.MAX_VALUE),
                values.flag("quote-json"),
                values.flag("enable-status"));
    }

    /**
     * How long a client may be silent before it is forgotten: longer than a read is held, for a client is silent while it waits,
     * and must have the time to come back.
     */
    Duration silence() {
        Duration least = httpTimeout.plusSeconds(1);
        return sessionTimeout.compareTo(least) < 0 ? least : sessionTimeout;
    }
}
