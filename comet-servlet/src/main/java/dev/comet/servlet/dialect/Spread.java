package dev.comet.servlet.dialect;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** What keeps clients from doing the same at the same moment. */
public final class Spread {
    private Spread() {}

    /** 80 to 100 % of the maximum age, so that those who came together do not leave together. */
    public static Duration age(Duration most) {
        long nanos = most.toNanos();
        return Duration.ofNanos(
                nanos - (long) (nanos * 0.2 * ThreadLocalRandom.current().nextDouble()));
    }
}
