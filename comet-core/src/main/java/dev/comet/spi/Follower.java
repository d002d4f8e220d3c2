package dev.comet.spi;

import dev.comet.RefusedException;

/**
 * A hub that follows one channel. <i>Called by one thread at a time, in the log's order.</i>
 *
 * <p>No call blocks, and none runs an application's code, unless the hub was built with a scheduler that runs tasks at once.
 */
public interface Follower {

    /**
     * The life that the channel has. First of all, and again whenever the log has begun another one whose forerunner did not end
     * in order: it may have lost messages. Then subscribers are told of a reset.
     *
     * @throws RefusedException when the hub has no room for the channel; only at the first call, and it is the last one then
     */
    void began(Life life);

    /**
     * The next message of the present life: its seq follows the last one's, or what {@link #gone} has said.
     *
     * @param reached how far the hub has come with it, as in {@link SharedLog#start}; less than the entry's id while another
     *     channel's messages are missing
     */
    void applied(Entry entry, long reached);

    /**
     * What has a seq below this one, and has not reached its subscribers yet, is gone.
     *
     * @param next the next message's seq is this one, or greater
     * @param goneId the id of the last message that is gone, or a greater one that no later message has
     */
    void gone(long next, long goneId);

    /**
     * A member has come to the first node, or signs.
     *
     * @param signs whether it only says that it is coming
     */
    void joined(String member, boolean signs);

    /** A member has gone from the last node. */
    void left(String member);

    /** Members may have come and gone of which nobody was told. */
    void missedMembers();

    /** The present life was ended by somebody. Nothing comes after it. */
    void ended();
}
