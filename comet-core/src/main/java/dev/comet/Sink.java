package dev.comet;

/** Takes what a {@link Subscriber} reads, one event at a time, on the reading thread. */
@FunctionalInterface
public interface Sink {
    /**
     * Takes one event; it counts as handed over, whatever is answered.
     *
     * @return whether the reader may go on with the next event at once
     */
    boolean accept(Event event);

    /**
     * Whether it takes a gap now; asked when there is one. A gap that is left is not counted, and the reader stops before it: for
     * polls whose wire has no word for it, and whose clients come back with the number after the last message that they got. Had
     * the gap been behind that message in the same poll, it would be told to the next one again.
     */
    default boolean takesGaps() {
        return true;
    }
}
