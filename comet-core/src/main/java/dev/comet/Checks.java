package dev.comet;

import java.time.Duration;

/** The ranges of settings. The error text carries the setting's name, as on the wire and in the docs, and the value. */
final class Checks {
    /** What a clock of nanoseconds can count. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private Checks() {}

    static void atLeast(String setting, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(setting + "=" + value + ": must be at least " + least);
        }
    }

    static void atMost(String setting, long value, long most) {
        if (value > most) {
            throw new IllegalArgumentException(setting + "=" + value + ": must be at most " + most);
        }
    }

    static void positive(String setting, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(setting + "=" + value + ": must be longer than 0");
        }
        countable(setting, value);
    }

    static void notNegative(String setting, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(setting + "=" + value + ": must be 0 or longer");
        }
        countable(setting, value);
    }

    private static void countable(String setting, Duration value) {
        if (value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(setting + "=" + value + ": must be at most 292 years");
        }
    }
}
