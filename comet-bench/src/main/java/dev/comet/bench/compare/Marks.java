package dev.comet.bench.compare;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What stands in every payload: {@code T<nanos>TS<n>S}, when it was meant to be sent and its number on its channel, counted from
 * 1, and x up to the payload's size. No framing that is compared has this in it. <i>Owned by one thread.</i>
 */
final class Marks {
    /** What is done with one that was found. */
    interface Found {
        void mark(long intended, long number, long now);
    }

    private static final int DIGITS = 6;

    private int state;
    private int digits;
    private long intended;
    private long number;

    /** The payload of a message. */
    static void write(ByteBuffer to, long intended, long number, int size) {
        int begin = to.position();
        to.put(("T" + intended + "TS" + number + "S").getBytes(StandardCharsets.US_ASCII));
        while (to.position() - begin < size) {
            to.put((byte) 'x');
        }
    }

    void forget() {
        state = 0;
    }

    /** Finds marks wherever the pieces that they come in have their borders. */
    void scan(byte[] bytes, int from, int to, long now, Found found) {
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            int digit = b - '0';
            switch (state) {
                case 0 -> {
                    if (b == 'T') {
                        state = 1;
                        digits = 0;
                        intended = 0;
                    }
                }
                case 1 -> {
                    if (digit >= 0 && digit <= 9) {
                        intended = intended * 10 + digit;
                        digits++;
                    } else if (b != 'T') {
                        state = 0;
                    } else if (digits >= DIGITS) {
                        state = 2;
                    } else {
                        digits = 0;
                        intended = 0;
                    }
                }
                case 2 -> {
                    state = b == 'S' ? 3 : 0;
                    number = 0;
                }
                default -> {
                    if (digit >= 0 && digit <= 9) {
                        number = number * 10 + digit;
                    } else {
                        state = 0;
                        if (b == 'S') {
                            found.mark(intended, number, now);
                        }
                    }
                }
            }
        }
    }
}
