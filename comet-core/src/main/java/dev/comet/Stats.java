package dev.comet;

import java.util.Map;

/**
 * What the hub has counted since it began, and what it has now. The figures are read one after the other, while others go on.
 * <i>Immutable.</i>
 *
 * @param time when they were read, by the clock of the node that has them, in milliseconds since the Unix epoch
 * @param channels channels, now
 * @param subscribers subscribers, now
 * @param subscribersBySource the same by dialect and transport ({@code native-sse}, {@code in-process}, …)
 * @param sessions sessions, now
 * @param historyBytes bytes that the channels hold, 128 a message beside payload and attributes, now
 * @param published messages stored
 * @param delivered messages handed to subscribers
 * @param gaps gaps told: how often a subscriber was behind what the history holds
 * @param lost messages in those gaps, where their number is known
 * @param resets how often a subscriber came with a cursor of another epoch
 * @param refusals refusals by reason ({@code too-many-subscribers}, …); those that never happened are left out
 * @param closes ends of subscribers by reason ({@code stalled}, {@code disconnected}, …); likewise
 */
public record Stats(
        long time,
        int channels,
        int subscribers,
        Map<String, Integer> subscribersBySource,
        int sessions,
        long historyBytes,
        long published,
        long delivered,
        long gaps,
        long lost,
        long resets,
        Map<String, Long> refusals,
        Map<String, Long> closes) {}
