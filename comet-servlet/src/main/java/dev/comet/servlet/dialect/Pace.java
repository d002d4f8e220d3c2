package dev.comet.servlet.dialect;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How fast each caller may publish: everyone has a bucket of tokens, which fills at a rate, and a message takes one. <i>Guarded by
 * its monitor, a leaf.</i>
 *
 * <p>A bucket is one number: the time at which it will be full, each token being worth an interval. One that is full is equal to
 * none, and is forgotten. There are at most so many: beyond that the one that was used longest ago is forgotten, as empty as it may
 * be, so whoever comes from that many places at once may publish more, and nobody is locked out by others.
 */
public final class Pace {
    /** Of buckets: some 20 MB at the most. */
    static final int MOST = 100_000;

    private static final long SECOND = 1_000_000_000;

    private final int rate;
    private final int burst;
    private final int most;
    private final LongSupplier nanos;
    private final long origin;

    /** By digest, so that each is of one size; those that were used last are last. */
    private final Map<String, Long> fullAt = new LinkedHashMap<>();

    /**
     * Buckets that are full now.
     *
     * @param rate how many messages a second each caller may publish; 1 to 1,000,000
     * @param burst how many at once, when nothing was published for a while; at least 1
     * @param nanos the hub's monotonic clock
     */
    public Pace(int rate, int burst, LongSupplier nanos) {
        this(rate, burst, nanos, MOST);
    }

    Pace(int rate, int burst, LongSupplier nanos, int most) {
        this.rate = rate;
        this.burst = burst;
        this.nanos = nanos;
        this.most = most;
        this.origin = nanos.getAsLong();
    }

    /**
     * Looks whether a caller may publish so many messages now.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MESSAGES}
     */
    void look(String caller, long messages) {
        step(Digest.of(caller), messages, false);
    }

    /**
     * The caller publishes so many messages now, all or none.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MESSAGES}; nothing is taken then
     */
    void take(String caller, long messages) {
        step(Digest.of(caller), messages, true);
    }

    private void step(String caller, long messages, boolean taking) {
        long now = nanos.getAsLong() - origin;
        long interval = SECOND / rate;
        synchronized (this) {
            long full = Math.max(now, fullAt.getOrDefault(caller, 0L)) + messages * interval;
            if (full - now <= burst * interval) {
                if (taking) {
                    fullAt.remove(caller);
                    fullAt.put(caller, full);
                    forget(now);
                }
                return;
            }
        }
        throw new RefusedException(
                Refusal.TOO_MANY_MESSAGES,
                "at most " + rate + " messages a second from one caller (max-publish-rate), and " + burst
                        + " at once (publish-burst)");
    }

    /** Who is full, but stands behind one that is not, goes later. */
    private void forget(long now) {
        Iterator<Long> oldest = fullAt.values().iterator();
        while (oldest.hasNext() && (oldest.next() <= now || fullAt.size() > most)) {
            oldest.remove();
        }
    }

    /** How many buckets are remembered. */
    synchronized int size() {
        return fullAt.size();
    }
}
