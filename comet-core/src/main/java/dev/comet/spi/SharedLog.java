package dev.comet.spi;

import dev.comet.ChannelOptions;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Stats;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Where the messages of several hubs get their place, and are kept. It appends for anyone, and tells those who follow a channel
 * what was appended to it, in one order for all. <i>Thread-safe.</i>
 *
 * <p>No method blocks, but {@link #start}, which may wait for a first connection as long as the log's own time-out. Each stage
 * completes, at the latest when the log has not answered for that time; with {@link dev.comet.Refusal#UNAVAILABLE} where it cannot be
 * reached, or has more to do than it can.
 */
public interface SharedLog extends AutoCloseable {

    /** Called once, by the one hub that uses this object, before anything else. */
    void start(LocalHub hub);

    // ---- messages

    /**
     * Appends to a channel, which is created with these options when there is none; unless there are as many, on all nodes together,
     * as the settings allow: {@link dev.comet.Refusal#TOO_MANY_CHANNELS}.
     *
     * @return the place, completed when the log has it, and its follower here has been told
     */
    CompletionStage<Place> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft);

    /**
     * Appends to every channel that there is now.
     *
     * @return to how many
     */
    CompletionStage<Integer> broadcast(Draft draft);

    /**
     * Prepares to follow a channel. Nothing happens until it is {@linkplain Following#open opened}.
     *
     * @param options what it is created with when there is none
     * @param most it is not created where there are so many, on all nodes together
     */
    Following follow(String channel, ChannelOptions options, int most, Follower follower);

    /**
     * Ends a life, on all nodes.
     *
     * @return whether this call ended it; completed when its follower here has been told
     */
    CompletionStage<Boolean> remove(String channel, int epoch);

    /** Forgets a life's messages, on all nodes; completed when its follower here has been told. */
    CompletionStage<Boolean> clear(String channel, int epoch);

    /**
     * The highest id of any message that this hub has been told of, also of one that has not {@linkplain LocalHub#reached reached}
     * it: at least the highest that had been given when a following was opened. It never goes back.
     */
    long newestId();

    /** The names of the channels that there are on all nodes, in no order. */
    CompletionStage<Set<String>> channels();

    /**
     * The secret of a life, the same for all nodes.
     *
     * @param fresh what it is from now on, where it has none yet
     * @return empty when that life is over
     */
    CompletionStage<Optional<String>> secret(String channel, int epoch, String fresh);

    // ---- what else nodes share

    /** Who is there. */
    Roster roster();

    /** What is known about clients. */
    Notes notes();

    /** This node's name among the {@link #nodes}. */
    String node();

    /** Why the log cannot be reached now, for people; empty while it can. Does not wait. */
    Optional<String> unreachable();

    /** The figures of all nodes by their names, this one's included, as they were some seconds ago. Does not wait. */
    Map<String, Stats> nodes();

    /** Stops; called by the hub when it is closed. Whatever is under way completes. */
    @Override
    void close();
}
