package dev.comet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * A place to go on from: for each channel, the epoch and the seq that is wanted next. Opaque to clients. <i>Immutable.</i>
 *
 * <p>Its text is URL-safe (native.md, "Cursor"). Of one channel it is {@code <epoch>.<seq>}, the epoch as eight hexadecimal
 * digits, so that it is part of the frame that all subscribers share. Of several it is base64url without padding of a version
 * byte and, per channel, a 32-bit hash of its name, its epoch (32 bits) and its seq (7 bits a byte, low ones first). With 64
 * channels that is below 1 KiB until all of them have passed seq 2,097,152; {@link #parse} takes up to 1,536 characters.
 */
public final class Cursor {
    static final int MAX_LENGTH = 1536;
    static final long MAX_SEQ = (1L << 53) - 1;

    private static final byte VERSION = 1;
    private static final int SINGLE_EPOCH_DIGITS = 8;

    /** 32-bit hashes of channel names; empty for the cursor of one channel. */
    private final int[] hashes;

    private final int[] epochs;
    private final long[] seqs;

    private Cursor(int[] hashes, int[] epochs, long[] seqs) {
        this.hashes = hashes;
        this.epochs = epochs;
        this.seqs = seqs;
    }

    static Cursor of(int epoch, long seq) {
        return new Cursor(new int[0], new int[] {epoch}, new long[] {seq});
    }

    static Cursor of(int[] hashes, int[] epochs, long[] seqs) {
        return new Cursor(hashes, epochs, seqs);
    }

    /**
     * Reads a cursor's text.
     *
     * @throws RefusedException {@link Refusal#BAD_CURSOR} when it is not one
     */
    public static Cursor parse(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            throw bad(text);
        }
        return text.indexOf('.') == SINGLE_EPOCH_DIGITS ? parseSingle(text) : parseVector(text);
    }

    private static Cursor parseSingle(String text) {
        long epoch = 0;
        for (int i = 0; i < SINGLE_EPOCH_DIGITS; i++) {
            int digit = "0123456789abcdef".indexOf(text.charAt(i));
            if (digit < 0) {
                throw bad(text);
            }
            epoch = (epoch << 4) | digit;
        }
        long seq = 0;
        for (int i = SINGLE_EPOCH_DIGITS + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || seq > MAX_SEQ) {
                throw bad(text);
            }
            seq = seq * 10 + (c - '0');
        }
        if (seq < 1 || seq > MAX_SEQ) {
            throw bad(text);
        }
        return of((int) epoch, seq);
    }

    private static Cursor parseVector(String text) {
        ByteBuffer in;
        try {
            in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw bad(text);
        }
        if (in.remaining() < 10 || in.get() != VERSION) {
            throw bad(text);
        }
        int most = in.remaining() / 9;
        int[] hashes = new int[most];
        int[] epochs = new int[most];
        long[] seqs = new long[most];
        int n = 0;
        for (; in.hasRemaining(); n++) {
            if (in.remaining() < 9) {
                throw bad(text);
            }
            hashes[n] = in.getInt();
            epochs[n] = in.getInt();
            seqs[n] = readSeq(in, text);
        }
        return new Cursor(Arrays.copyOf(hashes, n), Arrays.copyOf(epochs, n), Arrays.copyOf(seqs, n));
    }

    private static long readSeq(ByteBuffer in, String text) {
        long seq = 0;
        for (int shift = 0; shift < 56 && in.hasRemaining(); shift += 7) {
            byte b = in.get();
            seq |= (b & 0x7FL) << shift;
            if (b >= 0) {
                if (seq < 1 || seq > MAX_SEQ) {
                    break;
                }
                return seq;
            }
        }
        throw bad(text);
    }

    private static RefusedException bad(String text) {
        return new RefusedException(
                Refusal.BAD_CURSOR,
                "cursor " + Names.shown(text) + " is not one that this server gave out; leave it away to start anew");
    }

    /**
     * What this cursor says of a channel. The cursor of one channel does not name it: it speaks of the channel whose epoch it
     * has, or of the only one that is asked for. Where two names share a hash, the epoch decides.
     *
     * @param only whether the channel is the only one asked for
     * @return the index of its entry, or -1 when this cursor does not name the channel
     */
    int entry(int hash, int epoch, boolean only) {
        if (hashes.length == 0) {
            return only || epochs[0] == epoch ? 0 : -1;
        }
        int named = -1;
        for (int i = 0; i < hashes.length; i++) {
            if (hashes[i] == hash) {
                if (epochs[i] == epoch) {
                    return i;
                }
                named = i;
            }
        }
        return named;
    }

    /** Whether it names channels; the cursor of one channel does not. */
    boolean namesChannels() {
        return hashes.length > 0;
    }

    int epoch(int entry) {
        return epochs[entry];
    }

    long seq(int entry) {
        return seqs[entry];
    }

    /** FNV-1a over the UTF-8 bytes: the same on every node, and in every release. */
    static int hash(String channel) {
        int h = 0x811c9dc5;
        for (byte b : channel.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ (b & 0xff)) * 0x01000193;
        }
        return h;
    }

    /** The cursor's text, as {@link #parse} reads it. */
    @Override
    public String toString() {
        if (hashes.length == 0) {
            return single(epochs[0], seqs[0]);
        }
        ByteBuffer out = ByteBuffer.allocate(1 + hashes.length * 16);
        out.put(VERSION);
        for (int i = 0; i < hashes.length; i++) {
            out.putInt(hashes[i]).putInt(epochs[i]);
            long rest = seqs[i];
            for (; rest > 0x7F; rest >>>= 7) {
                out.put((byte) (rest | 0x80));
            }
            out.put((byte) rest);
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(out.array(), out.position()));
    }

    private static String single(int epoch, long seq) {
        StringBuilder b = new StringBuilder(24);
        for (int shift = 28; shift >= 0; shift -= 4) {
            b.append("0123456789abcdef".charAt((epoch >>> shift) & 0xf));
        }
        return b.append('.').append(seq).toString();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Cursor c
                && Arrays.equals(hashes, c.hashes)
                && Arrays.equals(epochs, c.epochs)
                && Arrays.equals(seqs, c.seqs);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hashes) * 31 + Arrays.hashCode(seqs);
    }
}
