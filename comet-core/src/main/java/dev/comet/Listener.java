package dev.comet;

/**
 * Takes what a {@link Subscription} brings. Called by one thread at a time, in order, on the hub's listener executor. What it
 * throws ends the subscription, and is logged.
 */
@FunctionalInterface
public interface Listener {
    /** A message: see {@link Message#kind()}. */
    void onMessage(Message message);

    /** Messages are gone that this subscriber has not seen. */
    default void onGap(Gap gap) {}

    /** The end: nothing comes after it. */
    default void onClose(CloseReason reason) {}
}
