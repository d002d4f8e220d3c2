package dev.comet.example.cluster;

import dev.comet.redis.Proxy;
import dev.comet.redis.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A node of a cluster: the example as a process of its own, with a network of its own to Redis. <i>Owned by one thread.</i> */
final class ExampleNode implements AutoCloseable {
    private static final Path LOGS = Path.of("target", "cluster");
    private static final long START_SECONDS = 60;

    private final Proxy proxy;
    private final int port;
    private final List<String> options;
    private final Path log;
    private Process process;

    /** Starts one; {@link #awaitUp} tells when it answers. */
    ExampleNode(String name, int redis, List<String> options) throws IOException {
        this.proxy = new Proxy(redis);
        this.port = RedisServer.freePort();
        this.options = options;
        this.log = Files.createDirectories(LOGS).resolve(name + ".log");
        Files.deleteIfExists(log);
        this.process = launch();
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // it does not live long enough for more
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.comet.example.Main",
                "--host=127.0.0.1",
                "--port=" + port,
                "--redis=" + proxy.uri()));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    int port() {
        return port;
    }

    /** Its network to Redis. */
    Proxy proxy() {
        return proxy;
    }

    /** As after a power cut: nobody is told anything. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** As whoever runs it does: it is drained first. */
    void stop() throws InterruptedException {
        if (!process.supportsNormalTermination()) {
            throw new IllegalStateException("there is no orderly end of processes here");
        }
        process.destroy();
        process.waitFor();
    }

    /** On the same port; returns when it answers. */
    void restart() throws IOException, InterruptedException {
        process = launch();
        awaitUp();
    }

    void awaitUp() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!answers()) {
            if (System.nanoTime() > end || !process.isAlive()) {
                throw new IllegalStateException("the node does not start: " + Files.readString(log));
            }
            TimeUnit.MILLISECONDS.sleep(20); // between two looks
        }
    }

    private boolean answers() {
        try {
            HttpURLConnection asked = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/comet-admin/stats")
                    .toURL()
                    .openConnection();
            asked.setReadTimeout(1_000);
            try (InputStream in = asked.getInputStream()) {
                return in.read() >= 0;
            }
        } catch (IOException e) {
            return false; // not yet
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        proxy.close();
    }
}
