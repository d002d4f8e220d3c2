package dev.comet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Where a client may come back to: a cursor as it is on the wire, what it says, read independently, and the same as a single
 * number. <i>Immutable.</i>
 */
final class SimulationBookmark {
    final String text;
    final long id;

    /** FNV-1a of the names; empty for the cursor of one channel. */
    private final int[] hashes;

    private final int[] epochs;
    private final long[] seqs;

    SimulationBookmark(String text, long id) {
        this.text = text;
        this.id = id;
        if (text.indexOf('.') == 8) {
            hashes = new int[0];
            epochs = new int[] {Integer.parseUnsignedInt(text.substring(0, 8), 16)};
            seqs = new long[] {Long.parseLong(text.substring(9))};
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        in.get();
        int most = in.remaining() / 9;
        int[] h = new int[most];
        int[] e = new int[most];
        long[] s = new long[most];
        int n = 0;
        for (; in.hasRemaining(); n++) {
            h[n] = in.getInt();
            e[n] = in.getInt();
            for (int shift = 0, b = 0x80; b > 0x7F; shift += 7) {
                b = in.get() & 0xFF;
                s[n] |= (b & 0x7FL) << shift;
            }
        }
        hashes = Arrays.copyOf(h, n);
        epochs = Arrays.copyOf(e, n);
        seqs = Arrays.copyOf(s, n);
    }

    boolean namesChannels() {
        return hashes.length > 0;
    }

    boolean hasEpoch(int epoch) {
        for (int e : epochs) {
            if (e == epoch) {
                return true;
            }
        }
        return false;
    }

    /** What it says of a channel: -1 when nothing. Names that share a hash are told apart by their epochs. */
    int entry(String name, int epoch, boolean only) {
        if (hashes.length == 0) {
            return only || epochs[0] == epoch ? 0 : -1;
        }
        int hash = fnv1a(name);
        int found = -1;
        for (int i = 0; i < hashes.length; i++) {
            if (hashes[i] == hash && (found < 0 || epochs[found] != epoch)) {
                found = i;
            }
        }
        return found;
    }

    /** What it says of this life of a channel: -1 when nothing. */
    int exactEntry(String name, int epoch) {
        int hash = fnv1a(name);
        for (int i = 0; i < epochs.length; i++) {
            if (epochs[i] == epoch && (hashes.length == 0 || hashes[i] == hash)) {
                return i;
            }
        }
        return -1;
    }

    int epoch(int entry) {
        return epochs[entry];
    }

    long seq(int entry) {
        return seqs[entry];
    }

    private static int fnv1a(String name) {
        int h = 0x811c9dc5;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ (b & 0xFF)) * 0x01000193;
        }
        return h;
    }

    @Override
    public String toString() {
        return text + " or " + id;
    }
}
