package dev.comet.servlet.dialect;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Gathers frames into one write. A frame that stays alone is handed on as it is, without a copy. <i>Owned by one drainer at a
 * time.</i>
 */
public final class Frames {
    /** When this many bytes are gathered they are to be written. */
    public static final int FULL = 32 * 1024;

    private static final byte[] NONE = {};
    private static final int KEPT = 2 * FULL;

    private byte[] shared = NONE;
    private byte[] gathered = NONE;
    private int size;

    /** Adds bytes that never change. */
    public Frames add(byte[] frame) {
        if (size == 0) {
            shared = frame;
        } else {
            gather(frame, frame.length);
        }
        size += frame.length;
        return this;
    }

    /** Adds what others have gathered. */
    public Frames add(Frames others) {
        gather(others.bytes(), others.size);
        size += others.size;
        return this;
    }

    /** Adds the elements of a list, with commas between them. */
    public Frames addList(List<byte[]> elements) {
        String separator = "";
        for (byte[] element : elements) {
            add(separator).add(element);
            separator = ",";
        }
        return this;
    }

    /** Adds text. */
    public Frames add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    private void gather(byte[] frame, int length) {
        if (gathered.length < size + length) {
            int room = Math.max(size + length, Math.max(1024, Math.min(gathered.length * 2, KEPT)));
            gathered = shared == NONE ? Arrays.copyOf(gathered, room) : new byte[room];
        }
        if (shared != NONE) {
            System.arraycopy(shared, 0, gathered, 0, size);
            shared = NONE;
        }
        System.arraycopy(frame, 0, gathered, size, length);
    }

    /** How many bytes there are. */
    public int size() {
        return size;
    }

    /** Whether it is time to write. */
    public boolean isFull() {
        return size >= FULL;
    }

    /** The array whose first {@link #size} bytes they are. */
    public byte[] bytes() {
        return shared != NONE ? shared : gathered;
    }

    /** Begins anew, with the same room. */
    public void clear() {
        shared = NONE;
        size = 0;
        if (gathered.length > KEPT) {
            gathered = NONE;
        }
    }
}
