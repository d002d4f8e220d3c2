package dev.comet.bench.compare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes over one connection that is kept alive, one message after the other: all messages of its channels, so that an order
 * that is broken was broken by the server. With a rate, messages are meant to be sent at even distances, however long the
 * server takes for those before; without, while fewer than a number of them are on their way to somebody. <i>Its counters may be read
 * when its thread has ended.</i>
 */
final class Publisher extends Response implements Wire.Values, Runnable {
    private static final byte[] NONE = {};
    private static final int BUFFER = 1 << 20;
    private static final long SECOND = 1_000_000_000;

    private final Load load;
    private final int lane;
    private final Wire.Template request;
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 16);
    private final byte[] bytes = new byte[1 << 16];
    private final byte[] payload;
    private SocketChannel socket;
    private int channel;
    private boolean ended;

    // Of each channel, how many were published. Only this lane's are counted here.
    private final long[] published;
    long failed;
    String failure = "";

    Publisher(Load load, int lane, Wire.Template request) throws IOException {
        this.load = load;
        this.lane = lane;
        this.request = request;
        this.published = new long[load.work().channels()];
        this.payload = new byte[load.work().bytes()];
        this.socket = connect();
    }

    private SocketChannel connect() throws IOException {
        SocketChannel fresh = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), load.port()));
        fresh.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return fresh;
    }

    long published(int ofChannel) {
        return published[ofChannel];
    }

    @Override
    public void run() {
        try {
            if (load.work().rate() > 0) {
                evenly();
            } else {
                closedLoop();
            }
            socket.close();
        } catch (IOException e) {
            failed++;
            failure = e.toString();
        }
    }

    private void evenly() throws IOException {
        Work work = load.work();
        double distance = SECOND / work.messagesPerSecond();
        for (long n = lane; ; n += load.lanes()) {
            long due = load.begins() + (long) (n * distance);
            if (due >= load.ends()) {
                return;
            }
            for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                LockSupport.parkNanos(due - now);
            }
            publish((int) (n % work.channels()), due);
        }
    }

    private void closedLoop() throws IOException {
        Work work = load.work();
        int each = work.readers() / work.channels();
        long sent = 0;
        long writtenOff = 0;
        long sentAt = load.begins();
        while (System.nanoTime() < load.ends()) {
            long got = load.distinct() + writtenOff;
            if (sent * each - got < (long) work.inFlight() * each) {
                publish((int) (sent % work.channels()), System.nanoTime());
                sent++;
                sentAt = System.nanoTime();
            } else if (System.nanoTime() - sentAt > SECOND) {
                writtenOff += sent * each - got; // lost: counted at the end, and not to be waited for
            } else {
                load.tell(Thread.currentThread(), sent * each - (long) work.inFlight() * each + 1 - writtenOff);
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /** Publishes one and waits for the answer. */
    void publish(int to, long intended) throws IOException {
        channel = to;
        published[to]++;
        ByteBuffer text = ByteBuffer.wrap(payload);
        Marks.write(text, intended, published[to], payload.length);
        out.clear();
        request.write(out, this);
        out.flip();
        while (out.hasRemaining()) {
            socket.write(out);
        }
        begin();
        ended = false;
        while (!ended) {
            in.clear();
            int n = socket.read(in);
            if (n < 0) {
                throw new IOException("the server closed the publisher's connection");
            }
            in.flip().get(bytes, 0, n);
            feed(bytes, 0, n, 0);
        }
        if (!keepAlive()) {
            socket.close();
            socket = connect();
        }
    }

    @Override
    public int channel() {
        return channel;
    }

    @Override
    public byte[] cursor() {
        return payload;
    }

    @Override
    public byte[] captured(int index) {
        return NONE;
    }

    @Override
    void head() {
        if (status() / 100 != 2) {
            failed++;
            failure = "status " + status();
        }
    }

    @Override
    void header(String name, String value) {
        // Not of interest.
    }

    @Override
    void body(byte[] body, int from, int to, long now) {
        // Nor this.
    }

    @Override
    void end() {
        ended = true;
    }
}
