package dev.comet.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * All the subscribers, on one thread and one selector. Nothing is allocated for a delivery. <i>Counters are written by the crowd's
 * thread and may be read by anyone, a little late.</i>
 */
final class Crowd implements Runnable, AutoCloseable {
    private static final int PENDING = 128;
    private static final int BUFFER = 256 << 10;
    private static final int SMALL_WINDOW = 4096;
    private static final VarHandle PROGRESS;

    static {
        try {
            PROGRESS = MethodHandles.lookup().findVarHandle(Crowd.class, "progress", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final InetSocketAddress server;
    private final Selector selector;
    private final List<Visitor> visitors = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final byte[] bytes = new byte[BUFFER];
    private final Histogram latencies = new Histogram();
    private final Thread thread = new Thread(this, "crowd");

    // Owned by its thread.
    private int opened;
    private int pending;
    long delivered;
    long distinct;
    long twice;
    long reordered;

    // Written by its thread.
    private volatile int ready;
    private volatile int problems;
    private volatile @Nullable String problem;

    @SuppressWarnings("unused") // by PROGRESS
    private volatile long progress;

    private volatile long deliveredSoFar;

    // Written by others.
    private volatile int wanted;
    private volatile boolean over;
    private volatile long windowFrom = Long.MAX_VALUE;
    private volatile long windowTo = Long.MAX_VALUE;
    private volatile @Nullable Thread waiter;
    private volatile long waitsFor = Long.MAX_VALUE;

    Crowd(int port, Wire wire, Wire stalled, int size, int channels, int stalling) throws IOException {
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.selector = Selector.open();
        for (int i = 0; i < size; i++) {
            visitors.add(new Visitor(this, i < stalling ? stalled : wire, i, channels, i < stalling));
        }
        thread.start();
    }

    /** Lets this many in, in all. */
    void admit(int upTo) {
        wanted = upTo;
        selector.wakeup();
    }

    int ready() {
        return ready;
    }

    /** How many deliveries have come, without those that came twice. */
    long distinct() {
        return (long) PROGRESS.getAcquire(this);
    }

    long delivered() {
        return deliveredSoFar;
    }

    /** How many connections failed, responses were refused or streams ended. */
    int problems() {
        return problems;
    }

    String firstProblem() {
        String first = problem;
        return first == null ? "" : first;
    }

    /** Latencies count of messages that were meant to be sent in this time. */
    void measure(long from, long to) {
        windowTo = to;
        windowFrom = from;
    }

    /** Has the thread unparked when so many deliveries have come. */
    void tell(Thread who, long when) {
        waiter = who;
        waitsFor = when;
        if (distinct() >= when) {
            LockSupport.unpark(who);
        }
    }

    /** Ends it; its counters may be read after it. */
    @Override
    public void close() throws IOException {
        over = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Visitor visitor : visitors) {
            SocketChannel socket = visitor.socket;
            if (socket != null) {
                socket.close();
            }
        }
        selector.close();
    }

    /** Its visitors, once it is closed. */
    List<Visitor> visitors() {
        return visitors;
    }

    Histogram latencies() {
        return latencies;
    }

    @Override
    public void run() {
        try {
            while (!over) {
                while (opened < wanted && pending < PENDING) {
                    open(visitors.get(opened++));
                }
                selector.select(this::selected, opened < wanted ? 1 : 100);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void open(Visitor visitor) throws IOException {
        SocketChannel socket = SocketChannel.open();
        visitor.socket = socket;
        socket.configureBlocking(false);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (visitor.stalled) {
            socket.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_WINDOW);
        }
        // An address has some 28,000 ports; what the last run used waits a minute.
        byte[] address = {127, 0, 0, (byte) (1 + visitor.index % 8)};
        socket.bind(new InetSocketAddress(InetAddress.getByAddress(address), 0));
        socket.connect(server);
        socket.register(selector, SelectionKey.OP_CONNECT, visitor);
        pending++;
    }

    private void selected(SelectionKey key) {
        Visitor visitor = (Visitor) key.attachment();
        SocketChannel socket = (SocketChannel) key.channel();
        try {
            if (key.isConnectable()) {
                pending--;
                socket.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                visitor.ask(buffer);
            } else if (key.isReadable()) {
                read(visitor, socket, key);
            }
        } catch (IOException e) {
            problem(e.toString());
            key.cancel();
        }
    }

    private void read(Visitor visitor, SocketChannel socket, SelectionKey key) throws IOException {
        buffer.clear();
        int n = socket.read(buffer);
        long now = System.nanoTime();
        if (n > 0) {
            buffer.flip().get(bytes, 0, n);
            visitor.feed(bytes, 0, n, now);
            count();
        } else if (n < 0 && visitor.endsWithConnection()) {
            visitor.finish();
        } else if (n < 0 && !visitor.atStart()) {
            throw new IOException("closed by the server");
        }
        boolean ended = visitor.takeEnded();
        if (visitor.stalled && visitor.ready) {
            key.interestOps(0);
        } else if (n < 0 || (ended && !visitor.keepAlive())) {
            key.cancel();
            socket.close();
            open(visitor);
        } else if (ended) {
            visitor.ask(buffer);
        }
    }

    private void count() {
        deliveredSoFar = delivered;
        PROGRESS.setRelease(this, distinct);
        if (distinct >= waitsFor) {
            Thread who = waiter;
            waitsFor = Long.MAX_VALUE;
            LockSupport.unpark(who);
        }
    }

    // ---- what visitors tell

    @SuppressWarnings("NonAtomicVolatileUpdate") // by one thread only
    void ready(Visitor visitor) {
        if (!visitor.ready) {
            visitor.ready = true;
            ready++;
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // by one thread only
    void problem(String text) {
        problems++;
        if (problem == null) {
            problem = text;
        }
    }

    void latency(long intended, long now) {
        if (intended >= windowFrom && intended < windowTo) {
            latencies.add(now - intended);
        }
    }
}
