package dev.comet;

import java.util.Arrays;

/**
 * What the oracle knows of one life of a channel: every message that it was ever given, and which of them its ring must still
 * hold, by count, bytes, age and clearing. <i>Owned by one run.</i>
 */
final class SimulationLife {
    final Channel channel;
    final String name;
    final int epoch;

    /** Whether the world has removed it, or closed the hub: else it ends only by being idle. */
    boolean removed;

    private final Simulation world;
    private final int capacity;
    private final long maxBytes;
    private final int history;
    private final long age;

    // By seq - 1.
    private int size;
    private int[] tokens = new int[16];
    private long[] ids = new long[16];
    private long[] times = new long[16];
    private int[] bytes = new int[16];

    private long oldest = 1;
    private long held;
    private long clearedTo;

    SimulationLife(Simulation world, Channel channel) {
        this.world = world;
        this.channel = channel;
        this.name = channel.name();
        this.epoch = channel.epoch();
        ChannelOptions options = channel.options();
        this.history = options.historyMessages();
        this.capacity = Math.max(history, world.settings().liveWindow());
        this.maxBytes = options.historyBytes();
        this.age = options.historyAge().toMillis();
    }

    /** Takes a look at the ring: everything in it is known from here on, and nothing is gone that it had to keep. */
    SimulationLife sync() {
        Ring ring = channel.feed.ring;
        long next = ring.next();
        for (long seq = size + 1L; seq < next; seq++) {
            Message m = ring.get(seq);
            if (m == null) {
                throw world.violation(this + ": seq " + seq + " is not in the ring, and was never seen");
            }
            add(m);
        }
        long actual = ring.oldest();
        if (actual < oldest) {
            throw world.violation(this + " holds " + actual + ", and may hold only from " + oldest + " on");
        }
        if (actual > oldest) {
            boolean tooOld = times[(int) actual - 2] < world.threads().latestWall() - age;
            if (actual > next || (actual - 1 > clearedTo && !tooOld && !world.isShortOfMemory())) {
                throw world.violation(this + " has lost " + (actual - 1) + ", and had to keep from " + oldest + " on");
            }
            while (oldest < actual) {
                held -= bytes[(int) oldest++ - 1];
            }
        }
        if (ring.bytes() != held) {
            throw world.violation(this + " counts " + ring.bytes() + " bytes, and holds " + held);
        }
        return this;
    }

    private void add(Message m) {
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, size * 2);
            ids = Arrays.copyOf(ids, size * 2);
            times = Arrays.copyOf(times, size * 2);
            bytes = Arrays.copyOf(bytes, size * 2);
        }
        if (m.seq() != size + 1 || m.epoch() != epoch || !m.channel().equals(name)) {
            throw world.violation(m + " in " + this + " after seq " + size);
        }
        if (size > 0 && (m.id() <= ids[size - 1] || m.timeMillis() < times[size - 1])) {
            throw world.violation(m + " has the id or the time of an earlier one");
        }
        tokens[size] = world.messages().stored(m);
        ids[size] = m.id();
        times[size] = m.timeMillis();
        bytes[size] = (int) m.bytes();
        while (size + 1 - oldest >= capacity || (oldest <= size && held + bytes[size] > maxBytes)) {
            held -= bytes[(int) oldest++ - 1];
        }
        held += bytes[size++];
    }

    /** Checks that what somebody was handed is what was published. */
    void check(Message m) {
        if (m.seq() > size) {
            sync();
        }
        int i = (int) m.seq() - 1;
        if (i < 0
                || i >= size
                || tokens[i] != Simulation.token(m)
                || ids[i] != m.id()
                || m.epoch() != epoch
                || !m.channel().equals(name)) {
            throw world.violation(m + ": " + m.payload() + " is not what was published there");
        }
    }

    /** Clears it; nothing comes in between. */
    void clear() {
        sync();
        channel.clear();
        clearedTo = size;
        sync();
        if (oldest != size + 1) {
            throw world.violation(this + " was cleared, and holds from " + oldest + " on");
        }
    }

    /** What the hub's limit for all histories counts of it. */
    long budgeted() {
        return held + (next() - oldest) * HistoryBudget.OVERHEAD;
    }

    /** As of the last {@link #sync}. */
    long next() {
        return size + 1L;
    }

    /** As of the last {@link #sync}. */
    long oldest() {
        return oldest;
    }

    /** As of the last {@link #sync}. */
    long oldestReplayed() {
        return Math.max(oldest, size + 1L - history);
    }

    boolean isTooOld(long seq) {
        return times[(int) seq - 1] < world.threads().wall() - age;
    }

    /** The id of a message, below the first of which everything is 0, and behind the last of which there is none. */
    long id(long seq) {
        return seq < 1 ? 0 : seq > size ? Long.MAX_VALUE : ids[(int) seq - 1];
    }

    /** Whether this is the first seq with a greater id. */
    boolean isFirstAfter(long id, long seq) {
        return id(seq - 1) <= id && id(seq) > id;
    }

    @Override
    public String toString() {
        return name + " " + Integer.toHexString(epoch);
    }
}
