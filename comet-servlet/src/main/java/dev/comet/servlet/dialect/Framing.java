package dev.comet.servlet.dialect;

import dev.comet.CloseReason;
import dev.comet.Event;
import dev.comet.Subscriber;
import java.time.Duration;
import java.util.List;

/**
 * How one held response looks, from its headers to its end. One object a response; its methods are called by the drainer, one
 * thread at a time, and write to the given frames only.
 */
public interface Framing {
    /** The headers, the content type among them; once, before the rest. The status is 200. */
    List<Header> headers();

    /** Whether the headers are sent at once, though there may be no body yet: a client that waits for them knows it is held. */
    default boolean sendsHeadersAtOnce() {
        return false;
    }

    /**
     * Whether nothing follows on its connection, where the protocol is HTTP/1.1: then what is written need not be cut into chunks,
     * which costs a container a tenth of a delivery. The client cannot tell its end from its breaking off, and must not need to.
     */
    default boolean endsItsConnection() {
        return false;
    }

    /**
     * What is sent at once; nothing for a poll.
     *
     * @return whether there is more to say: when not, nothing is read, and so nothing counts as delivered or as lost
     */
    default boolean begin(Subscriber at, Frames out) {
        return true;
    }

    /**
     * One event; {@code at} is the place after it.
     *
     * @return whether another may follow before what there is so far is written
     */
    boolean event(Event event, Subscriber at, Frames out);

    /**
     * Whether a gap may follow. A poll that cannot tell of one, and has messages already, must not: its client comes back with the
     * number after the last of them, and the same gap would be counted again. It is {@linkplain #isDone done} then.
     */
    default boolean takesGaps() {
        return true;
    }

    /** Whether the response is to end now that there is nothing left to read: a poll that has something to say. */
    default boolean isDone() {
        return false;
    }

    /** How long nothing is written before {@link #heartbeat} is; zero: never. */
    default Duration heartbeatEvery() {
        return Duration.ZERO;
    }

    /** The heartbeat. */
    default void heartbeat(Frames out) {}

    /** The id by which its token can be renewed; empty: it cannot. */
    default String connection() {
        return "";
    }

    /** Its token is about to run out: then it ends, unless it is renewed before. */
    default void expiring(long endMillis, Frames out) {}

    /** How long it is held at most. */
    Duration holdFor();

    /** Why it ends when that time is over: {@link CloseReason#DONE} for a poll. */
    CloseReason expiry();

    /** The last bytes, whatever the reason. */
    void end(CloseReason reason, Subscriber at, Frames out);

    /** All that was said has been written, as far as the container can tell: where the server keeps the position, it moves. */
    default void written(Subscriber at) {}
}
