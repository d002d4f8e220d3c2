package dev.comet;

import java.util.List;

/** What a simulation draws from its seed, the same on every JDK: SplitMix64. <i>Owned by one run.</i> */
public final class SimulationLot {
    private static final long GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private long state;

    /** The lot of one run. */
    public SimulationLot(long seed) {
        state = mixed(seed + GAMMA); // or neighbouring seeds would be the same run, shifted by one
    }

    /** Any number. */
    public long next() {
        state += GAMMA;
        return mixed(state);
    }

    static long mixed(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }

    /** 0 to n - 1. */
    public int below(int n) {
        return (int) (((next() >>> 32) * n) >>> 32);
    }

    /** One of these, each as likely. */
    public long between(long least, long most) {
        return least + Long.remainderUnsigned(next(), most - least + 1);
    }

    /** True once in so many times. */
    public boolean oneIn(int n) {
        return below(n) == 0;
    }

    /** One of these. */
    public int of(int... values) {
        return values[below(values.length)];
    }

    /** One of these. */
    public <T> T of(List<T> values) {
        return values.get(below(values.size()));
    }
}
