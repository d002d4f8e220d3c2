package dev.comet.servlet.dialect.ccomet;

import dev.comet.servlet.dialect.Values;
import java.time.Duration;

/**
 * The settings: docs/dialects/ccomet.md, "Settings". <i>Immutable.</i>
 *
 * @param timeout how long a subscribe is held
 * @param history how many messages a channel keeps that is created here
 * @param channelTimeout how long a channel that nobody uses lives on
 */
public record CCometSettings(Duration timeout, int history, Duration channelTimeout) {
    /** How these settings are called, as a prefix. */
    public static final String NAME = "ccomet";

    /** Reads them by their names. */
    public static CCometSettings read(Values values) {
        return new CCometSettings(
                values.seconds("timeout", 30),
                values.number("history", 1000, 1, Integer.MAX_VALUE),
                values.seconds("channel-timeout", 90));
    }
}
