package dev.comet.example.cluster;

import java.util.Arrays;
import java.util.Optional;

/** What one subscriber was given of one channel, from its first message on. <i>Owned by the wanderers' thread.</i> */
final class Track {
    private final String channel;
    private long[] given = new long[64];
    private int size;
    private int messages;
    private long next = 1;
    private long last;
    private long lost;

    Track(String channel) {
        this.channel = channel;
    }

    String channel() {
        return channel;
    }

    /** The id that it was given last. */
    long last() {
        return last;
    }

    /** How many messages it was told that it has missed. */
    long lost() {
        return lost;
    }

    /** A message, on a wire that has no seq. */
    void message(long id) {
        add(id);
        last = id;
        messages++;
    }

    /** A message; what is wrong with its seq, if it is. */
    Optional<String> message(long id, long seq) {
        Optional<String> wrong = seq == next
                ? Optional.empty()
                : Optional.of("was given seq " + seq + " (" + id + ") where " + next + " was next");
        next = seq + 1;
        message(id);
        return wrong;
    }

    void reset(long to) {
        add(Ledger.RESET);
        next = to + 1;
    }

    /** A gap; what is wrong with its ends, if they are. What it ends before is the next message. */
    Optional<String> gap(long from, long to) {
        Optional<String> wrong = from == next && to >= from
                ? Optional.empty()
                : Optional.of("was told of a gap from " + from + " to " + to + " where " + next + " was next");
        lost += to - from + 1;
        next = to + 1;
        return wrong;
    }

    private void add(long id) {
        if (size == given.length) {
            given = Arrays.copyOf(given, 2 * size);
        }
        given[size++] = id;
    }

    /** What is wrong with all of it, if something is. */
    Optional<String> wrong(Ledger.Known known, boolean told) {
        return Ledger.wrong(known, Arrays.copyOf(given, size), told);
    }

    /** Of one that may have gaps, in a channel that has had one life: all that is not told of was given. */
    Optional<String> wrongWithGaps() {
        return messages + lost == next - 1
                ? Optional.empty()
                : Optional.of("was given " + messages + " of " + (next - 1) + ", and told that " + lost + " are lost");
    }
}
