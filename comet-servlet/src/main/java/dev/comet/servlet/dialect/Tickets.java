package dev.comet.servlet.dialect;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tickets: each stands for a token, once and for a short time. They are remembered by their digests, so that neither a dump of
 * the heap nor the time of a look-up tells one. <i>Guarded by its monitor, a leaf.</i>
 */
final class Tickets {
    private final long lifetimeMillis;
    private final int most;

    /** The oldest first, and so those that run out first, as long as the clock is not set back. */
    private final Map<String, Held> byDigest = new LinkedHashMap<>();

    /** How many a subject may have once half of all are taken: nobody uses them up alone. */
    private static final int SHARE = 100;

    private record Held(Token token, long endMillis) {}

    Tickets(long lifetimeMillis, int most) {
        this.lifetimeMillis = lifetimeMillis;
        this.most = most;
    }

    /**
     * A ticket for a token.
     *
     * @return from when on it counts no more
     * @throws Problem 503, when there are as many as there may be; 429, when the subject has its share of them
     */
    synchronized long issue(String ticket, Token token, long nowMillis) {
        Iterator<Held> oldest = byDigest.values().iterator();
        while (oldest.hasNext() && oldest.next().endMillis <= nowMillis) {
            oldest.remove();
        }
        if (byDigest.size() >= most) {
            throw new Problem(503, "there are as many tickets as there may be (max-tickets)");
        }
        if (byDigest.size() >= most / 2 && ofSubject(token.subject()) >= SHARE) {
            throw new Problem(429, "this subject has its share of the tickets that there may be (max-tickets)");
        }
        long end = Math.min(nowMillis + lifetimeMillis, token.endMillis());
        byDigest.put(Digest.of(ticket), new Held(token, end));
        return end;
    }

    private long ofSubject(String subject) {
        return byDigest.values().stream()
                .filter(held -> held.token.subject().equals(subject))
                .count();
    }

    /**
     * The token, this once.
     *
     * @throws Jws.BadToken when it was used before, has run out, or never was
     */
    synchronized Token redeem(String ticket, long nowMillis) throws Jws.BadToken {
        Held held = byDigest.remove(Digest.of(ticket));
        if (held == null || held.endMillis <= nowMillis) {
            throw new Jws.BadToken("there is no such ticket: each counts once, and for a short time");
        }
        return held.token;
    }

    synchronized int size() {
        return byDigest.size();
    }
}
