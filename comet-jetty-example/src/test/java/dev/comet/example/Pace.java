package dev.comet.example;

import java.util.List;

/**
 * Keeps publishers and clients together without a clock: a channel is not published to any further when nobody has had an answer
 * on it for a while, and a slow client asks again when it has missed enough. So that they meet at many places, whatever the
 * machine. <i>Thread-safe: guarded by its monitor.</i>
 */
final class Pace {
    /** How often waiting clients look. */
    private static final int NEWS = 8;

    private final long ahead;
    private final long[] published;
    private final long[] publishedAtAnswer;
    private long total;
    private boolean over;

    /**
     * For so many channels.
     *
     * @param ahead how many messages a channel may go on without an answer on it; more than any client waits for
     */
    Pace(int channels, long ahead) {
        this.ahead = ahead;
        this.published = new long[channels];
        this.publishedAtAnswer = new long[channels];
    }

    /** Waits until the channel may have one message more. */
    synchronized void awaitTurn(int channel) throws InterruptedException {
        if (isAhead(channel)) {
            notifyAll(); // once: publishers that wake each other again and again leave the lock to nobody else
        }
        while (!over && isAhead(channel)) {
            wait();
        }
    }

    private boolean isAhead(int channel) {
        return published[channel] - publishedAtAnswer[channel] >= ahead;
    }

    synchronized void published(int channel) {
        published[channel]++;
        total++;
        if (total % NEWS == 0) {
            notifyAll();
        }
    }

    /** Waits until so much has been published in all. */
    synchronized void awaitTotal(long messages) throws InterruptedException {
        while (!over && total < messages) {
            wait();
        }
    }

    /** A client had an answer. */
    synchronized void answered(List<Integer> channels) {
        channels.forEach(channel -> publishedAtAnswer[channel] = published[channel]);
        notifyAll();
    }

    /** What these channels have had so far, for {@link #awaitMore}. */
    synchronized long mark(List<Integer> channels) {
        return channels.stream().mapToLong(channel -> published[channel]).sum();
    }

    /** Waits until these channels have had so many messages more. */
    synchronized void awaitMore(List<Integer> channels, long mark, long messages) throws InterruptedException {
        while (!over && mark(channels) - mark < messages) {
            wait();
        }
    }

    /** All is published, or something went wrong: nobody waits any more. */
    synchronized void over() {
        over = true;
        notifyAll();
    }
}
