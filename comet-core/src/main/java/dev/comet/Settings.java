package dev.comet;

import java.time.Duration;

/**
 * The hub's settings, made by {@link Comet.Builder}, where each is explained. <i>Immutable.</i>
 *
 * @param channels what a channel keeps that is created without options
 * @param liveWindow the least messages that a ring holds, for subscribers that are behind
 */
public record Settings(
        ChannelOptions channels,
        int liveWindow,
        int maxHistoryMessages,
        long maxHistoryBytes,
        long maxHistoryBytesTotal,
        int maxChannels,
        int maxSubscribers,
        int maxSubscribersPerChannel,
        int maxSubscribersPerAddress,
        int maxChannelsPerRequest,
        int maxMessageBytes,
        int maxMembersPerChannel,
        int maxSessions,
        Duration presenceGrace) {}
