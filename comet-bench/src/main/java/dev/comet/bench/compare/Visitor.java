package dev.comet.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One subscriber: its connection, what it asks for, and what it has got. <i>Owned by its {@link Crowd}'s thread.</i> */
final class Visitor extends Response implements Wire.Values, Marks.Found {
    private static final byte[] NONE = {};
    private static final int CURSOR = 128;

    /** How far back one may come out of order and still be told from one that came twice. */
    private static final int WINDOW = Long.SIZE;

    final int index;
    final boolean stalled;
    private final Crowd crowd;
    private final Wire wire;
    private final int channel;
    private final Marks marks = new Marks();
    private final byte[][] captured;
    private final byte[] key;
    private final byte[] cursorRead;

    @Nullable
    SocketChannel socket;

    boolean ready;
    private boolean ended;
    private int step;
    private byte[] cursor;
    private int keyAt;
    private int cursorLength = -1;

    // What it has got.
    long distinct;
    private long last;
    private long seen;

    Visitor(Crowd crowd, Wire wire, int index, int channels, boolean stalled) {
        this.crowd = crowd;
        this.wire = wire;
        this.index = index;
        this.channel = index % channels;
        this.stalled = stalled;
        this.captured = new byte[wire.captured().size()][];
        Arrays.fill(captured, NONE);
        this.cursor = wire.firstCursor().getBytes(StandardCharsets.US_ASCII);
        this.key = wire.cursorKey().getBytes(StandardCharsets.US_ASCII);
        this.cursorRead = new byte[key.length == 0 ? 0 : CURSOR];
    }

    @Override
    public int channel() {
        return channel;
    }

    @Override
    public byte[] cursor() {
        return cursor;
    }

    @Override
    public byte[] captured(int i) {
        return captured[i];
    }

    void ask(ByteBuffer buffer) throws IOException {
        begin();
        marks.forget();
        buffer.clear();
        wire.requests().get(Math.min(step, wire.requests().size() - 1)).write(buffer, this);
        buffer.flip();
        SocketChannel to = socket;
        if (to == null || to.write(buffer) < 0 || buffer.hasRemaining()) {
            throw new IOException("a request did not fit into the socket's buffer");
        }
        if (!wire.endless() && step >= wire.requests().size() - 1) {
            crowd.ready(this);
        }
    }

    /** Whether a response has ended since this was last asked. */
    boolean takeEnded() {
        boolean now = ended;
        ended = false;
        return now;
    }

    @Override
    void head() {
        if (status() / 100 != 2 && status() != 304 && status() != 408) {
            crowd.problem("status " + status());
        }
        if (wire.endless()) {
            crowd.ready(this);
        }
    }

    @Override
    void header(String name, String value) {
        for (int i = 0; i < captured.length; i++) {
            if (name.equalsIgnoreCase(wire.captured().get(i))) {
                int end = name.equalsIgnoreCase("Set-Cookie") ? value.indexOf(';') : -1;
                captured[i] = (end < 0 ? value : value.substring(0, end)).getBytes(StandardCharsets.ISO_8859_1);
            }
        }
    }

    @Override
    void body(byte[] bytes, int from, int to, long now) {
        marks.scan(bytes, from, to, now, this);
        if (cursorRead.length > 0) {
            readCursor(bytes, from, to);
        }
    }

    /** The last one counts. It ends at a quote or a space. */
    private void readCursor(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if (cursorLength >= 0) {
                if (b == '"' || b == ' ' || cursorLength == cursorRead.length) {
                    if (cursor.length != cursorLength) {
                        cursor = new byte[cursorLength];
                    }
                    System.arraycopy(cursorRead, 0, cursor, 0, cursorLength);
                    cursorLength = -1;
                } else {
                    cursorRead[cursorLength++] = b;
                }
                continue;
            }
            keyAt = b == key[keyAt] ? keyAt + 1 : b == key[0] ? 1 : 0;
            if (keyAt == key.length) {
                keyAt = 0;
                cursorLength = 0;
            }
        }
    }

    @Override
    void end() {
        step++;
        ended = true;
        if (wire.endless()) {
            crowd.problem("a stream ended");
        }
    }

    @Override
    public void mark(long intended, long number, long now) {
        crowd.delivered++;
        long ahead = number - last;
        if (ahead > 0) {
            seen = ahead >= WINDOW ? 1 : seen << ahead | 1;
            last = number;
            distinct++;
            crowd.distinct++;
        } else if (-ahead < WINDOW && (seen >>> -ahead & 1) == 0) {
            seen |= 1L << -ahead;
            distinct++;
            crowd.distinct++;
            crowd.reordered++;
        } else {
            crowd.twice++;
        }
        crowd.latency(intended, now);
    }
}
