package dev.comet;

/**
 * Makes the bytes of a message in one framing: a pure function, so that they can be shared by all subscribers.
 *
 * <p>An encoder is an object that lives as long as the hub, for a message remembers its bytes by the encoder's identity.
 * <i>Implementations must be thread-safe.</i>
 */
@FunctionalInterface
public interface Encoder {
    /** The message's bytes. The array is shared from then on, with writers that keep it: it must never change. */
    byte[] encode(Message message);
}
