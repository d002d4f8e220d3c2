package dev.comet.redis;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * All that a node has of the world: a {@link Link} to Redis at a time, the one thread that owns the node, time, and chance.
 * <i>Thread-safe.</i>
 */
interface Links extends Executor {

    /** Dials for the first time. Returns when that has come to an end, or after so long. */
    void start(Link.Events to, Duration atMost);

    /** Connects anew; the events tell how it went. */
    void dial();

    /**
     * Runs a task by the links' thread, in turn with what happens on them. Once closed, on any: nobody is to wait for a turn that
     * does not come.
     */
    @Override
    void execute(Runnable task);

    /**
     * Runs a task by the links' thread when so much time has passed: real time, as Redis' is; and never on the hub's threads, which
     * may all wait for what the task ends.
     */
    void schedule(Runnable task, Duration delay);

    /** A random number. */
    long random();

    /** The number of the database that they lead to. */
    int database();

    /** Closes the link; whatever is under way there fails. */
    void close();
}
