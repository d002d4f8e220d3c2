package dev.comet.redis;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/** A Redis for tests, as a process on a port of its own: the machine's where there is one, else the one that Maven brings. */
public final class RedisServer implements AutoCloseable {
    private final Path directory;
    private final int port;
    private final String executable;
    private final List<String> options;
    private Process process;

    /** Starts one, on an empty directory, that keeps nothing unless told. */
    public RedisServer(String... options) {
        this(false, options);
    }

    private RedisServer(boolean older, String... options) {
        this.options = List.of(options);
        try {
            executable = older ? fromMaven() : executable();
            directory = Files.createTempDirectory("comet-redis");
            port = freePort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        start();
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** The one that Maven brings, 6.2, also where the machine has another. */
    static RedisServer older(String... options) {
        return new RedisServer(true, options);
    }

    private static String fromMaven() throws IOException {
        return ExecutableProvider.newJarResourceProvider().get().getPath();
    }

    private static String executable() throws IOException {
        for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            Path there = Path.of(folder, "redis-server");
            if (Files.isExecutable(there)) {
                return there.toString();
            }
        }
        return fromMaven();
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Starts it again; with what it has kept, if it has. Returns when it answers. */
    public void start() {
        try {
            List<String> command = new ArrayList<>(List.of(
                    executable,
                    "--port",
                    "" + port,
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    directory.toString(),
                    "--save",
                    ""));
            command.addAll(options);
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!answers()) {
                if (System.nanoTime() > end || !process.isAlive()) {
                    throw new IllegalStateException(
                            "Redis does not start: " + Files.readString(directory.resolve("log")));
                }
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean answers() {
        try {
            return command("PING").contains("PONG");
        } catch (IOException e) {
            return false;
        }
    }

    /** Sends one command on a connection of its own; the first 64 KiB of the answer, as they come over the wire. */
    public String command(String... words) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(5_000);
            String text = "*" + words.length + "\r\n"
                    + String.join(
                            "",
                            Arrays.stream(words)
                                    .map(w -> "$" + w.getBytes(StandardCharsets.UTF_8).length + "\r\n" + w + "\r\n")
                                    .toList());
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            byte[] answer = new byte[1 << 16];
            int n = socket.getInputStream().read(answer);
            return n < 0 ? "" : new String(answer, 0, n, StandardCharsets.UTF_8);
        }
    }

    /** Kills it: what it has not written to disk is lost. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has one that was killed begin with nothing, where it had been told to {@code SAVE}. */
    public void forget() {
        try {
            Files.deleteIfExists(directory.resolve("dump.rdb"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
