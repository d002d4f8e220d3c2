package dev.comet.example;

import dev.comet.Comet;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * The example as a browser sees it: at one address, whatever becomes of the server behind it. It is quick to come back and to
 * notice, and keeps whatever a test publishes. <i>Owned by the test's thread.</i>
 */
public final class Site implements AutoCloseable {
    private static final String[] OPTIONS = {
        "--port=0",
        "--host=127.0.0.1",
        "--retry=50ms",
        "--heartbeat=1s",
        "--poll-wait=5s",
        "--history-messages=100000",
        "--presence-grace=1s"
    };

    private final Options options;
    private final Wire wire;
    private Comet comet;
    private ExampleServer server;

    /** With these options besides those that all have. */
    public Site(String... more) throws Exception {
        options = Options.parse(Stream.of(OPTIONS, more).flatMap(Stream::of).toArray(String[]::new));
        comet = options.settings().comet().build();
        server = start();
        wire = new Wire(server.uri().getPort());
    }

    private ExampleServer start() throws Exception {
        ExampleServer started = new ExampleServer(comet, options);
        started.start();
        new StatsPublisher(comet, "1.2.3").start();
        return started;
    }

    /** Where browsers find it: the wire's other end. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + wire.port());
    }

    public String at(String path) {
        return uri().resolve(path).toString();
    }

    /** What the server itself listens on, with no wire before it. */
    public int port() {
        return server.uri().getPort();
    }

    public Wire wire() {
        return wire;
    }

    /** The present server's hub. */
    public Comet comet() {
        return comet;
    }

    /** Publishes a message for each number, as text. */
    public void publish(String channel, int from, int to) {
        for (int n = from; n <= to; n++) {
            comet.publish(channel, Integer.toString(n));
        }
    }

    /** As an administrator does: held responses are told, and the next server knows nothing of what was before. */
    public void restart() throws Exception {
        stop();
        begin();
    }

    /** As after a power cut: nobody is told. The next server is there, but the wire refuses until it is told to accept. */
    public void crash() throws Exception {
        wire.refuse();
        stop();
        begin();
    }

    private void begin() throws Exception {
        comet = options.settings().comet().build();
        server = start();
        wire.to(server.uri().getPort());
    }

    private void stop() {
        comet.drain(Duration.ofSeconds(1));
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the server does not stop", e);
        }
        comet.close();
    }

    @Override
    public void close() throws IOException {
        wire.close();
        stop();
    }
}
