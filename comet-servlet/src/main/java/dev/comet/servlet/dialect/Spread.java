package dev.comet.servlet.dialect;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** What keeps clients from doing the same at the same moment. */
public final class Spread {
    private Spread() {}

    /** How much longer than the first the last of those who are refused waits. */
    private static final int LATEST = 5;

    /** Whole seconds from {@code retry}, at least one, to five times that: who is refused in a crowd is not to come back in it. */
    public static long retryAfter(Duration retry) {
        long least = Math.max(1, retry.toSeconds());
        return ThreadLocalRandom.current().nextLong(least, LATEST * least + 1);
    }

    /** 80 to 100 % of the maximum age, so that those who came together do not leave together. */
    public static Duration age(Duration most) {
        long nanos = most.toNanos();
        return Duration.ofNanos(
                nanos - (long) (nanos * 0.2 * ThreadLocalRandom.current().nextDouble()));
    }
}
