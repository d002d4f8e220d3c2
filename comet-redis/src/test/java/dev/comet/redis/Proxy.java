package dev.comet.redis;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** A network between a hub and its Redis, which can be cut, be slow, or fall silent. <i>Thread-safe.</i> */
public final class Proxy implements AutoCloseable {
    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Object silence = new Object();

    private volatile int target;
    private volatile boolean cut;
    private volatile long delay;
    private final AtomicInteger accepted = new AtomicInteger();
    private boolean silent; // guarded by silence
    private boolean holding; // likewise
    private final Set<Socket> held = new HashSet<>(); // likewise

    public Proxy(int target) {
        this.target = target;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        start(this::accept);
    }

    public String uri() {
        return "redis://127.0.0.1:" + server.getLocalPort();
    }

    /** How many connections it has led on. */
    int accepted() {
        return accepted.get();
    }

    /** Closes all connections, and each new one at once, until it is {@linkplain #mend mended}. */
    public void cut() {
        cut = true;
        open.forEach(Proxy::close);
    }

    public void mend() {
        cut = false;
        slow(0);
        fallSilent(false);
    }

    /** Nothing comes through any more, and nothing is closed. */
    public void fallSilent(boolean silently) {
        synchronized (silence) {
            silent = silently;
            holding = false;
            silence.notifyAll();
        }
    }

    /**
     * What clients send on the connections that there are gets there when their senders have given them up, and it is mended; nothing comes
     * back on them.
     */
    void hold() {
        synchronized (silence) {
            holding = true;
            held.addAll(open);
        }
    }

    /** Whatever comes takes so much longer from now on; 0: no longer than it does. */
    public void slow(long millis) {
        delay = millis;
    }

    /** Leads new connections to another Redis. */
    void leadTo(int port) {
        target = port;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                if (cut) {
                    from.close();
                    continue;
                }
                Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
                accepted.incrementAndGet();
                open.add(from);
                open.add(to);
                start(() -> forth(from, to));
                start(() -> back(to, from));
            } catch (IOException e) {
                // the test closes it, or its Redis is down: whoever dials sees that
            }
        }
    }

    /** To Redis; what is held back, when its sender has gone. */
    private void forth(Socket client, Socket redis) {
        ByteArrayOutputStream late = new ByteArrayOutputStream();
        pump(client, (bytes, n) -> (isHeld(client) ? late : redis.getOutputStream()).write(bytes, 0, n));
        try {
            if (late.size() > 0) {
                await(() -> !holding);
                redis.getOutputStream().write(late.toByteArray());
                redis.shutdownOutput(); // what Redis answers is read, and passed over: closed, it might not read all
            } else {
                redis.close();
            }
        } catch (IOException | InterruptedException e) {
            // Redis has closed it
        }
    }

    private void back(Socket redis, Socket client) {
        pump(redis, (bytes, n) -> {
            if (!isHeld(client)) {
                client.getOutputStream().write(bytes, 0, n);
            }
        });
        close(redis);
        close(client);
    }

    private interface Sink {
        void accept(byte[] bytes, int length) throws IOException;
    }

    private void pump(Socket from, Sink to) {
        byte[] buffer = new byte[1 << 16];
        try {
            InputStream in = from.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                TimeUnit.MILLISECONDS.sleep(delay);
                await(() -> !silent);
                to.accept(buffer, n);
            }
        } catch (IOException | InterruptedException e) {
            // one side has closed: the other is closed with it
        }
        open.remove(from);
    }

    private boolean isHeld(Socket socket) {
        synchronized (silence) {
            return held.contains(socket);
        }
    }

    private void await(BooleanSupplier is) throws InterruptedException {
        synchronized (silence) {
            while (!is.getAsBoolean()) {
                silence.wait();
            }
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        fallSilent(false);
        cut();
        try {
            server.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
