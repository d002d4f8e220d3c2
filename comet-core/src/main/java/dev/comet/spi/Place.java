package dev.comet.spi;

/**
 * The place that a log gave a message. <i>Immutable.</i>
 *
 * @param epoch the life of the channel; not 0
 * @param seq the number in that life: 1, 2, 3, …
 * @param id the number across the hub: it grows over all channels, with holes; below 2^53
 * @param timeMillis when it was appended, in milliseconds since the Unix epoch; never less than that of the one before
 */
public record Place(int epoch, long seq, long id, long timeMillis) {}
