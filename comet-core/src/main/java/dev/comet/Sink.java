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
}
