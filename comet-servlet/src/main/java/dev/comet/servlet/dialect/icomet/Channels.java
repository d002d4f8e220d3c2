package dev.comet.servlet.dialect.icomet;

import dev.comet.Channel;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.util.Optional;

/** The channels as iComet creates them: protocol page, "Life of a channel, and settings". <i>Thread-safe.</i> */
final class Channels {
    private final Comet comet;
    private final int most;
    private final ChannelOptions options;

    Channels(Comet comet, IcometSettings settings) {
        this.comet = comet;
        this.most = settings.maxChannels();
        this.options = comet.settings()
                .channels()
                .withHistoryMessages(settings.channelBufferSize())
                .withIdleTimeout(settings.channelTimeout())
                .withHistoryAge(ChannelOptions.ANY_AGE);
    }

    ChannelOptions options() {
        return options;
    }

    Optional<Channel> find(String cname) {
        return comet.find(cname);
    }

    /**
     * The channel, created when there is none.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_CHANNELS}, {@link Refusal#BAD_CHANNEL}
     */
    Channel open(String cname) {
        requireRoom(cname);
        return comet.channel(cname, options);
    }

    /**
     * Publishes to the channel, created when there is none.
     *
     * @throws RefusedException as {@link #open}, and {@link Comet#publish(String, Draft)}
     */
    void publish(String cname, Draft draft) {
        requireRoom(cname);
        comet.publish(cname, options, draft);
    }

    /** {@code max_channels}, before the hub's own limit. Of those who come at the same time one too many may pass. */
    void requireRoom(String cname) {
        if (comet.channelCount() >= most && find(cname).isEmpty()) {
            throw new RefusedException(Refusal.TOO_MANY_CHANNELS, "too many channels (max_channels)");
        }
    }
}
