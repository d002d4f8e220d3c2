package dev.comet.spi;

import java.util.concurrent.CompletionStage;

/** A hub's following of one channel: see {@link SharedLog#follow}. <i>Thread-safe.</i> */
public interface Following {

    /** What to do where a channel is not, or is. */
    enum Opening {
        /** It must be there. */
        FIND,
        /** It is created when there is none. */
        FIND_OR_CREATE,
        /** It must not be there. */
        CREATE
    }

    /**
     * Begins to follow, or makes sure that everything has been told which had been appended before this call; the channel's time
     * to live begins anew.
     *
     * @return completed when the {@link Follower} has been told: whether there is such a channel, or there was none to be created
     *     in its place; exceptionally with a {@link dev.comet.RefusedException}, at the latest after the log's time-out
     */
    CompletionStage<Boolean> open(Opening how);

    /** Stops. What is under way may still come. */
    void close();
}
