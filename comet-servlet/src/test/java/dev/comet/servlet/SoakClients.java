package dev.comet.servlet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;

/**
 * The clients of {@link SoakTest}, thousands of streams of events in a process of their own: one thread, one selector. Each follows a channel
 * and checks that its numbers come one after the other; some leave and come back with their cursor all the time. A line on
 * standard output for each period says what they saw. <i>Owned by its one thread.</i>
 */
final class SoakClients {
    /** Comes back at once after a rude or a polite end; this part of them each second. */
    private static final double CHURN_PER_SECOND = 0.01;

    private static final int CONNECTS_AT_A_TIME = 64;
    private static final int NEVER = -1;

    private final InetSocketAddress server;
    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(64 * 1024);
    private final Random random = new Random(1);
    private final List<Stream> streams = new ArrayList<>();
    private int connecting;
    private int open;

    // Of the period.
    private long[] latencies = new long[1 << 16];
    private int seen;

    // In all.
    private long messages;
    private long lost;
    private long doubled;
    private long reconnects;
    private long refused;

    private SoakClients(int port, int subscribers, int channels) throws IOException {
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < subscribers; i++) {
            streams.add(new Stream(i % channels));
        }
    }

    /** Port, subscribers, channels, milliseconds of a period, periods. */
    public static void main(String[] args) throws IOException {
        int[] n = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        new SoakClients(n[0], n[1], n[2]).run(n[3] * 1_000_000L, n[4]);
    }

    private void run(long periodNanos, int periods) throws IOException {
        while (open < streams.size()) {
            turn();
        }
        say("up");
        long next = System.nanoTime() + periodNanos;
        long churned = System.nanoTime();
        for (int period = 0; period < periods; ) {
            turn();
            long now = System.nanoTime();
            for (double due = (now - churned) / 1e9 * CHURN_PER_SECOND * streams.size(); due >= 1; due--) {
                streams.get(random.nextInt(streams.size())).leave();
                churned = now;
            }
            if (now - next >= 0) {
                next += periodNanos;
                period++;
                say("period");
            }
        }
        say("end");
    }

    /** Connects those that are not, a few at a time, and reads what there is. */
    private void turn() throws IOException {
        for (int i = 0;
                i < streams.size() && connecting < CONNECTS_AT_A_TIME && open + connecting < streams.size();
                i++) {
            Stream one = streams.get(random.nextInt(streams.size()));
            if (one.channel == null) {
                one.connect();
            }
        }
        selector.select(10);
        for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
            SelectionKey key = keys.next();
            keys.remove();
            if (key.isValid()) {
                ((Stream) key.attachment()).ready(key);
            }
        }
    }

    private void say(String what) {
        long[] sorted = Arrays.copyOf(latencies, seen);
        Arrays.sort(sorted);
        long p50 = seen == 0 ? NEVER : sorted[seen / 2];
        long p99 = seen == 0 ? NEVER : sorted[(int) (seen * 99L / 100)];
        long max = seen == 0 ? NEVER : sorted[seen - 1];
        System.out.println(String.join(
                " ",
                what,
                "open=" + open,
                "messages=" + messages,
                "lost=" + lost,
                "doubled=" + doubled,
                "reconnects=" + reconnects,
                "refused=" + refused,
                "p50=" + p50,
                "p99=" + p99,
                "max=" + max));
        seen = 0;
    }

    /** One subscriber, over all its connections. */
    private final class Stream {
        private final int of;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream(64);
        private String cursor = "";
        private String next = "";
        private String data = "";
        private long last = NEVER;
        private SocketChannel channel;
        private boolean attached;

        Stream(int of) {
            this.of = of;
        }

        void connect() throws IOException {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_CONNECT, this);
            channel.connect(server);
            connecting++;
        }

        void ready(SelectionKey key) throws IOException {
            try {
                if (key.isConnectable()) {
                    channel.finishConnect();
                    key.interestOps(SelectionKey.OP_READ);
                    // HTTP/1.0: the body is what comes until the end, without chunks.
                    String last = cursor.isEmpty() ? "" : "Last-Event-ID: " + cursor + "\r\n";
                    channel.write(
                            ByteBuffer.wrap(("GET /comet/events?channel=c" + of + " HTTP/1.0\r\nHost: localhost\r\n"
                                            + "Accept: text/event-stream\r\n" + last + "\r\n")
                                    .getBytes(StandardCharsets.US_ASCII)));
                } else {
                    read();
                }
            } catch (IOException e) {
                leave(); // and comes back
            }
        }

        private void read() throws IOException {
            in.clear();
            int n = channel.read(in);
            if (n < 0) {
                leave();
                return;
            }
            for (in.flip(); in.hasRemaining(); ) {
                byte b = in.get();
                if (b == '\n') {
                    take(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                } else if (b != '\r') {
                    line.write(b);
                }
            }
        }

        private void take(String text) {
            if (text.startsWith("HTTP/1.") && !text.contains(" 200")) {
                refused++;
            } else if (text.startsWith("id: ")) {
                next = text.substring(4);
                if (!attached) {
                    attached = true;
                    connecting--;
                    open++;
                }
            } else if (text.startsWith("data: ")) {
                data = text.substring(6);
            } else if (text.isEmpty() && attached) { // not before: what is cut off in the middle has not been seen
                cursor = next;
                int space = data.indexOf(' ');
                if (space > 0) {
                    number(Long.parseLong(data.substring(0, space)), Long.parseLong(data.substring(space + 1)));
                }
                data = "";
            }
        }

        private void number(long n, long sentMicros) {
            messages++;
            if (last != NEVER) {
                lost += Math.max(0, n - last - 1);
                doubled += n <= last ? 1 : 0;
            }
            last = n;
            if (seen == latencies.length) {
                latencies = Arrays.copyOf(latencies, 2 * seen);
            }
            latencies[seen++] = micros() - sentMicros;
        }

        /** Half of them politely, with what has come unread. */
        void leave() throws IOException {
            if (channel == null) {
                return;
            }
            if (random.nextBoolean()) {
                channel.setOption(java.net.StandardSocketOptions.SO_LINGER, 0);
            }
            channel.close();
            channel = null;
            line.reset();
            if (attached) {
                open--;
                reconnects++;
            } else {
                connecting--;
            }
            attached = false;
            data = "";
        }
    }

    /** The same clock in both processes. */
    static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
