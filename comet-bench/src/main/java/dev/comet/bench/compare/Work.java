package dev.comet.bench.compare;

/**
 * What a server is to do.
 *
 * @param name as in the tables
 * @param kind by which wire, and what is measured
 * @param rate deliveries a second; 0: as many as it can, with {@code inFlight} messages on their way
 * @param stalled how many of the subscribers do not read
 */
record Work(String name, Kind kind, int channels, int subscribers, int rate, int inFlight, int bytes, int stalled) {

    /** By which wire, and what is measured. */
    enum Kind {
        SSE,
        POLL,
        IDLE
    }

    static Work sse(int channels, int each, int rate) {
        return new Work(name("SSE", channels, each, rate), Kind.SSE, channels, channels * each, rate, 0, 100, 0);
    }

    static Work poll(int channels, int each, int rate) {
        return new Work(name("poll", channels, each, rate), Kind.POLL, channels, channels * each, rate, 0, 100, 0);
    }

    static Work saturated(int each, int inFlight) {
        return new Work(
                "SSE 1 × " + each + ", saturated, " + inFlight + " in flight", Kind.SSE, 1, each, 0, inFlight, 100, 0);
    }

    static Work stalled(int each, int rate, int stalled) {
        return new Work(
                name("SSE", 1, each, rate) + ", " + stalled + " stalled", Kind.SSE, 1, each, rate, 0, 100, stalled);
    }

    /** Idle streams, up to a number of them. */
    static Work idle(int upTo) {
        return new Work("idle SSE to " + upTo, Kind.IDLE, 1, upTo, 0, 0, 100, 0);
    }

    private static String name(String wire, int channels, int each, int rate) {
        return wire + " " + channels + " × " + each + " @ " + rate / 1000 + "k/s";
    }

    /** Subscribers that read. */
    int readers() {
        return subscribers - stalled;
    }

    double messagesPerSecond() {
        return (double) rate * channels / subscribers;
    }

    /** The same with a tenth of the subscribers. */
    Work quick() {
        int fewer = Math.max(1, subscribers / 10 / channels) * Math.min(channels, Math.max(1, subscribers / 10));
        int of = Math.min(channels, fewer);
        return new Work(name + " (quick)", kind, of, fewer, rate / 10, inFlight, bytes, stalled / 10);
    }
}
