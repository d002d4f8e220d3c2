package dev.comet.redis;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection to Redis, on which commands are answered and announcements come, in the order in which Redis made them: so
 * whoever has an answer has had every announcement from before. Once down, it stays so. <i>Thread-safe.</i>
 */
interface Link {

    /** What happens on links. <i>Called by one thread, in the order in which it happens.</i> */
    interface Events {
        void up(Link link);

        /** It is down; whatever was under way fails. Once for each link. */
        void down(Link link);

        /** None could be had; why, for people, without a password. */
        void unreachable(String why);

        void announced(Link link, String key, byte[] announcement);
    }

    /**
     * What a script has answered, or that it failed, and then nothing; with a {@link dev.comet.RefusedException} where there
     * are too many channels or Redis has no memory left, with an {@link java.io.IOException} where it has said nothing. <i>Called as the {@link Events} are.</i>
     */
    @FunctionalInterface
    interface Answer {
        void answered(List<Object> values, @Nullable Throwable failure);
    }

    /** Runs a script. Its answer takes its turn among the announcements, and comes at the latest after the time-out. */
    void run(Script script, List<String> keys, List<byte[]> arguments, Answer answer);

    /** Asks how many replicas have what was done before this; the answer is their number, when there are so many or the time is over. */
    void awaitReplicas(int least, Duration atMost, Answer answer);

    /** Has it go down when it does not answer. */
    void ping();

    void subscribe(String key);

    void unsubscribe(String key);

    /** Closes it; it is down then. */
    void close();
}
