package dev.comet.example;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * A TCP proxy that does on command what networks do by chance: it cuts, refuses, holds up and buffers. No command depends on the
 * time. <i>Thread-safe.</i>
 */
public final class Wire implements AutoCloseable {
    private static final CountDownLatch OPEN = new CountDownLatch(0);

    private static final int SOME = 16_384;

    private final ServerSocket listening = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cuts = new AtomicInteger();

    private volatile int target;
    private volatile boolean refuses;
    private volatile boolean buffers;
    private volatile IntSupplier lengths = () -> Integer.MAX_VALUE;

    /** Leads to a port of this machine. */
    public Wire(int target) throws IOException {
        this.target = target;
        begin(this::accepting);
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** New connections lead elsewhere. */
    public void to(int port) {
        target = port;
    }

    /** Cuts what is there. */
    public void cut() {
        links.forEach(Link::cut);
    }

    /** Each new connection is cut when so many bytes of answers have passed: within a head, a frame, or between two. */
    public void cutEachAfter(IntSupplier bytes) {
        lengths = bytes;
    }

    /** New connections stay whole, and what is left of those that would have been cut is cut now. */
    public void cutNoMore() {
        lengths = () -> Integer.MAX_VALUE;
        cut();
    }

    /** How many connections were cut within an answer. */
    public int cuts() {
        return cuts.get();
    }

    /** Cuts what is there, and what comes. */
    public void refuse() {
        refuses = true;
        cut();
    }

    public void accept() {
        refuses = false;
    }

    /** Of the connections that are there no answer passes any more, though they stay open. New ones are as ever. */
    public void hold() {
        links.forEach(link -> link.gate = new CountDownLatch(1));
    }

    /** From now on an answer passes when the server has ended it, as with proxies that gather before they send. */
    public void buffer() {
        buffers = true;
        cut();
    }

    private void accepting() throws IOException {
        for (; ; ) {
            Socket browser = listening.accept();
            begin(() -> new Link(browser).answers());
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void begin(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        return; // one of the ends is closed: that is how each work ends
                    }
                },
                "wire");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }

    /** A connection of the browser's, and the one that it leads to. */
    private final class Link {
        private final Socket browser;
        private final Socket server = new Socket();
        private volatile CountDownLatch gate = OPEN;
        private boolean gathers;

        Link(Socket browser) {
            this.browser = browser;
        }

        /** Its own thread's work; another one hands on the requests. */
        void answers() throws IOException {
            links.add(this); // first: what is commanded from now on either cuts it, or is what it asks for below
            gathers = buffers;
            int length = lengths.getAsInt();
            if (refuses) {
                cut();
            }
            try (browser;
                    server) {
                browser.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                begin(this::requests);
                pass(server.getInputStream(), browser.getOutputStream(), length);
            } finally {
                links.remove(this);
            }
        }

        private void pass(InputStream in, OutputStream out, int length) throws IOException {
            ByteArrayOutputStream gathered = new ByteArrayOutputStream();
            byte[] some = new byte[SOME];
            int left = length;
            for (int n = in.read(some); n >= 0; n = in.read(some)) {
                awaitRelease();
                if (gathers) {
                    gathered.write(some, 0, n);
                    continue;
                }
                out.write(some, 0, Math.min(n, left));
                left -= n;
                if (left <= 0) {
                    if (cuts.incrementAndGet() % 2 == 0) {
                        cut();
                    }
                    return; // every other time it ends as if that were all
                }
            }
            gathered.writeTo(out);
        }

        private void requests() throws IOException {
            try (server) {
                InputStream in = browser.getInputStream();
                OutputStream out = server.getOutputStream();
                byte[] some = new byte[SOME];
                for (int n = in.read(some); n >= 0; n = in.read(some)) {
                    if (gathers) {
                        // So an answer's end is the connection's end. A browser writes the head of a request at once.
                        String head = new String(some, 0, n, StandardCharsets.ISO_8859_1);
                        out.write(head.replace("Connection: keep-alive", "Connection: close")
                                .getBytes(StandardCharsets.ISO_8859_1));
                    } else {
                        out.write(some, 0, n);
                    }
                }
            }
        }

        private void awaitRelease() throws IOException {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        }

        void cut() {
            try {
                browser.setSoLinger(true, 0); // a reset
                browser.close();
                server.close();
            } catch (SocketException e) {
                return; // it ends by itself
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                gate.countDown();
            }
        }
    }
}
