package dev.comet.example.cluster;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is stored in which channel, by all that publishers were told and subscribers were given, and the judge of what one of them was
 * given. <i>Thread-safe.</i>
 */
final class Ledger {
    /** Stands among the ids that a subscriber was given where it was told of a reset. */
    static final long RESET = -1;

    private static final long UNKNOWN = 0;
    private static final int MOST_FAULTS = 20;
    private static final int LONGEST = 500;

    /** @param seq {@link #UNKNOWN} as long as only those have seen it whose wire has none */
    private record Entry(long seq, String text) {}

    /**
     * A channel's messages.
     *
     * @param begins whether a life of the channel begins with this one
     */
    record Known(List<Long> ids, List<Boolean> begins) {}

    private final Map<String, TreeMap<Long, Entry>> channels = new HashMap<>(); // guarded by this, as all
    private final Map<String, Long> ids = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private int faultCount;

    synchronized void fault(String fault) {
        if (faultCount++ < MOST_FAULTS) {
            faults.add(fault.length() > LONGEST ? fault.substring(0, LONGEST) + " …" : fault);
        }
    }

    /** The first of them. */
    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /** Somebody was told of a message, whose text is its own. */
    synchronized void note(String channel, long id, long seq, String text) {
        Entry known = channels.computeIfAbsent(channel, c -> new TreeMap<>()).get(id);
        if (known == null || (known.seq == UNKNOWN && seq != UNKNOWN)) {
            channels.get(channel).put(id, new Entry(seq, text));
        }
        boolean sameSeq = known == null || known.seq == seq || known.seq == UNKNOWN || seq == UNKNOWN;
        if (known != null && !(sameSeq && known.text.equals(text))) {
            fault(channel + ": message " + id + " is " + known + ", and " + seq + " " + text);
        }
        Long other = ids.putIfAbsent(text, id);
        if (other != null && other != id) {
            fault(channel + ": '" + text + "' is stored twice, as " + other + " and " + id);
        }
    }

    synchronized Known known(String channel) {
        TreeMap<Long, Entry> entries = channels.getOrDefault(channel, new TreeMap<>());
        List<Boolean> begins = new ArrayList<>(entries.size());
        long before = Long.MAX_VALUE;
        for (Entry entry : entries.values()) {
            begins.add(entry.seq != UNKNOWN && entry.seq <= before);
            before = entry.seq == UNKNOWN ? before + 1 : entry.seq;
        }
        return new Known(new ArrayList<>(entries.keySet()), begins);
    }

    /** How many lives all channels have had. */
    synchronized int lives() {
        int lives = 0;
        for (String channel : channels.keySet()) {
            lives += Collections.frequency(known(channel).begins, true);
        }
        return lives;
    }

    synchronized int messages() {
        return ids.size();
    }

    /**
     * What is wrong with what a subscriber was given of a channel, from its first message to its last: everything once and in order;
     * of a life that is over, whose end may be lost with its Redis, everything up to some message.
     *
     * @param given ids, and {@link #RESET}s
     * @param told whether it is told of a reset wherever another life begins; on some wires nobody is
     */
    static Optional<String> wrong(Known known, long[] given, boolean told) {
        int at = -1;
        boolean reset = false;
        for (long id : given) {
            if (id == RESET) {
                reset = true;
                continue;
            }
            int i = Collections.binarySearch(known.ids, id);
            if (i < 0) {
                return Optional.of("was given " + id + ", which nobody has published");
            }
            if (i <= at) {
                return Optional.of("was given " + id + " after " + known.ids.get(at) + ": doubled, or out of order");
            }
            if (i != at + 1 && !known.begins.get(i)) {
                return Optional.of((i - at - 1) + " missed without a word before " + id);
            }
            boolean another = at >= 0 && known.begins.get(i);
            if (another && told && !reset) {
                return Optional.of("another life begins with " + id + ", and no reset was told");
            }
            if (reset && !another) {
                return Optional.of("a reset was told before " + id + ", which is of the same life");
            }
            at = i;
            reset = false;
        }
        int left = known.ids.size() - 1 - at;
        return left == 0 ? Optional.empty() : Optional.of("the last " + left + " are missing");
    }
}
