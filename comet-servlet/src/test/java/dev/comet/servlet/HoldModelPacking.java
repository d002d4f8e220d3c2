package dev.comet.servlet;

/** Puts the variables of a world into a few longs, and takes them out again: one layout for both ways. */
final class HoldModelPacking {
    static final int WORDS = 4;

    private final long[] words = new long[WORDS];
    private final boolean reading;
    private int at;

    /** To be filled. */
    HoldModelPacking() {
        reading = false;
    }

    /** To be read. */
    HoldModelPacking(long... from) {
        System.arraycopy(from, 0, words, 0, WORDS);
        reading = true;
    }

    long word(int i) {
        return words[i];
    }

    int number(int value, int bits) {
        if (at % Long.SIZE + bits > Long.SIZE) {
            at += Long.SIZE - at % Long.SIZE;
        }
        int word = at / Long.SIZE;
        int shift = at % Long.SIZE;
        long mask = (1L << bits) - 1;
        at += bits;
        if (reading) {
            return (int) (words[word] >>> shift & mask);
        }
        if ((value & ~mask) != 0) {
            throw new IllegalArgumentException(value + " does not go into " + bits + " bits");
        }
        words[word] |= (long) value << shift;
        return value;
    }

    boolean flag(boolean value) {
        return number(value ? 1 : 0, 1) == 1;
    }

    /** One of all there are. */
    @SuppressWarnings("EnumOrdinal") // it lives no longer than the search
    <E extends Enum<E>> E one(E value, E[] all) {
        return all[number(value.ordinal(), Integer.SIZE - Integer.numberOfLeadingZeros(all.length - 1))];
    }
}
