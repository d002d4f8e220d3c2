package dev.comet;

import java.time.Duration;

/**
 * What a channel keeps, and how long it lives. Given by whoever creates it; the hub's limits cap all. <i>Immutable.</i>
 *
 * @param historyMessages how many of the last messages a newcomer can be replayed, 0 or more
 * @param historyBytes how many bytes of payload and attributes (as UTF-8) are kept at most, at least 1; the newest message is
 *     kept whatever its size
 * @param historyAge how long messages are kept; a channel looks at most every such period
 * @param idleTimeout how long a channel that nobody subscribes or publishes to lives on; zero: for ever
 * @param sessionsOnly whether only the registered may follow it: subscribers {@linkplain SubscribeOptions#withSession in a session}
 */
public record ChannelOptions(
        int historyMessages, long historyBytes, Duration historyAge, Duration idleTimeout, boolean sessionsOnly) {

    /** 100 messages, 1 MiB, 10 minutes; gone after 90 idle seconds. */
    public static final ChannelOptions DEFAULT =
            new ChannelOptions(100, 1 << 20, Duration.ofMinutes(10), Duration.ofSeconds(90), false);

    /** For {@link #withHistoryAge}: messages go by their number and size only. A hundred years. */
    public static final Duration ANY_AGE = Duration.ofDays(36_500);

    /** Checks the ranges. */
    public ChannelOptions {
        Checks.atLeast("history-messages", historyMessages, 0);
        Checks.atLeast("history-bytes", historyBytes, 1);
        Checks.positive("history-age", historyAge);
        Checks.notNegative("idle-timeout", idleTimeout);
    }

    /** The same with another number of messages. */
    public ChannelOptions withHistoryMessages(int messages) {
        return new ChannelOptions(messages, historyBytes, historyAge, idleTimeout, sessionsOnly);
    }

    /** The same with another number of bytes. */
    public ChannelOptions withHistoryBytes(long bytes) {
        return new ChannelOptions(historyMessages, bytes, historyAge, idleTimeout, sessionsOnly);
    }

    /** The same with another age. */
    public ChannelOptions withHistoryAge(Duration age) {
        return new ChannelOptions(historyMessages, historyBytes, age, idleTimeout, sessionsOnly);
    }

    /** The same with another idle time-out; zero: the channel stays until it is removed. */
    public ChannelOptions withIdleTimeout(Duration timeout) {
        return new ChannelOptions(historyMessages, historyBytes, historyAge, timeout, sessionsOnly);
    }

    /** The same for the registered only. */
    public ChannelOptions withSessionsOnly(boolean only) {
        return new ChannelOptions(historyMessages, historyBytes, historyAge, idleTimeout, only);
    }

    /** The same, but never more than these keep. */
    ChannelOptions cappedBy(int mostMessages, long mostBytes) {
        return new ChannelOptions(
                Math.min(historyMessages, mostMessages),
                Math.min(historyBytes, mostBytes),
                historyAge,
                idleTimeout,
                sessionsOnly);
    }
}
