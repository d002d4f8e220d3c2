package dev.comet.servlet.dialect;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which tokens count no more, though they are good. <i>Guarded by its monitor, a leaf.</i>
 *
 * <p>What is remembered is bounded, and what is forgotten stays revoked. A token's id is forgotten when the token has run out. A
 * subject's revocation says "what was issued before this moment", and matters as long as such a token may still be good, which
 * only its issuer knows: so it stays until there are too many, and then the oldest gives way to a floor: whatever was issued before
 * that one counts no more, whoever's it is. For ids the same: the one that runs out first gives way to "whatever ends by then".
 */
final class Revocations {
    /** Of subjects, and of ids: some 20 MB each at the most. */
    static final int MOST = 100_000;

    private final int most;

    // Guarded by the monitor.
    private final Map<String, Long> subjects = new LinkedHashMap<>(); // the latest last
    private final Map<String, Long> ids = new HashMap<>();
    private final TreeSet<End> ends = new TreeSet<>();
    private long issuedFloor = Long.MIN_VALUE;
    private long endFloor = Long.MIN_VALUE;
    private long latest = Long.MIN_VALUE;

    /** As many as there are keys. */
    private final Set<String> keys = ConcurrentHashMap.newKeySet();

    private record End(long millis, String id) implements Comparable<End> {
        @Override
        public int compareTo(End other) {
            int byEnd = Long.compare(millis, other.millis);
            return byEnd != 0 ? byEnd : id.compareTo(other.id);
        }
    }

    Revocations(int most) {
        this.most = most;
    }

    /** All of a subject's tokens that were issued up to now. */
    synchronized void subject(String subject, long nowMillis) {
        latest = Math.max(latest, nowMillis); // a clock that was set back lets nobody in again
        subjects.remove(subject);
        subjects.put(subject, latest);
        if (subjects.size() > most) {
            Map.Entry<String, Long> oldest = subjects.entrySet().iterator().next();
            issuedFloor = Math.max(issuedFloor, oldest.getValue());
            subjects.remove(oldest.getKey());
        }
    }

    /** One token, which ends at a time. */
    synchronized void id(String id, long endMillis, long nowMillis) {
        while (!ends.isEmpty() && ends.first().millis <= nowMillis) {
            ids.remove(ends.pollFirst().id);
        }
        Long known = ids.get(id);
        if (known != null && known >= endMillis) {
            return;
        }
        if (known != null) {
            ends.remove(new End(known, id));
        }
        ids.put(id, endMillis);
        ends.add(new End(endMillis, id));
        if (ids.size() > most) {
            End first = ends.pollFirst();
            ids.remove(first.id);
            endFloor = Math.max(endFloor, first.millis);
        }
    }

    void key(String key) {
        keys.add(key);
    }

    boolean has(Token token) {
        return keys.contains(token.key()) || remembers(token);
    }

    private synchronized boolean remembers(Token token) {
        return ids.containsKey(token.id())
                || token.endMillis() <= endFloor
                || token.issuedMillis() <= issuedFloor
                || token.issuedMillis() <= subjects.getOrDefault(token.subject(), Long.MIN_VALUE);
    }

    /** How many are remembered. */
    synchronized int size() {
        return subjects.size() + ids.size();
    }
}
