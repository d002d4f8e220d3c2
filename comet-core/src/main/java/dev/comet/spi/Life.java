package dev.comet.spi;

import dev.comet.ChannelOptions;
import java.util.List;

/**
 * One life of a channel, as a log holds it at one moment. <i>Immutable.</i>
 *
 * @param epoch tells it from other lives of this name; not 0
 * @param options what it was created with
 * @param next the seq that its next message will have
 * @param goneId the id of the newest message that is not held any more, or that the log may have lost; 0 when there is none
 * @param held what is held, oldest first, without a hole, up to {@code next - 1}
 */
public record Life(int epoch, ChannelOptions options, long next, long goneId, List<Entry> held) {

    /** Copies the list. */
    public Life {
        held = List.copyOf(held);
    }
}
