package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real front server, as a child process in the foreground that needs no root: its files are in a directory of the test's. */
public final class FrontServer implements AutoCloseable {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final Path MODULES = Path.of("/usr/lib/apache2/modules");

    private final Process process;
    private final int port;
    private final Thread atExit;

    private FrontServer(Process process, int port) {
        this.process = process;
        this.port = port;
        this.atExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(atExit); // nobody else would end it when a test run is interrupted
    }

    /** Where a program is; Debian has servers where only root looks for them. */
    public static Optional<Path> find(String program) {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/usr/local/sbin";
        return Stream.of(path.split(":", -1))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * nginx with something inside {@code http}. The header X-Accel-Buffering is ignored: so what the test's configuration says
     * about buffering counts.
     */
    public static FrontServer nginx(Path directory, String inside) throws Exception {
        return nginx(directory, inside, "proxy_ignore_headers X-Accel-Buffering;");
    }

    static FrontServer nginx(Path directory, String inside, String more) throws Exception {
        Path program = find("nginx").orElseThrow();
        Files.createDirectories(directory.resolve("temp"));
        Path configuration = directory.resolve("nginx.conf");
        return start(
                directory,
                List.of(program.toString(), "-p", directory + "/", "-e", "stderr", "-c", "" + configuration),
                port -> {
                    String whole = """
                    daemon off;
                    master_process off;
                    pid %1$s/nginx.pid;
                    error_log stderr;
                    events {
                      worker_connections 256;
                    }
                    http {
                      access_log off;
                      client_body_temp_path %1$s/temp/body;
                      proxy_temp_path %1$s/temp/proxy;
                      fastcgi_temp_path %1$s/temp/fastcgi;
                      uwsgi_temp_path %1$s/temp/uwsgi;
                      scgi_temp_path %1$s/temp/scgi;
                      %2$s
                      %3$s
                    }
                    """.formatted(
                                    directory, more, replace(inside, "listen 80;", "listen 127.0.0.1:" + port + ";"));
                    return Map.of(configuration, whole);
                });
    }

    /** Apache in one process with a virtual host; it has Debian's modules, and compresses whatever it is not forbidden to. */
    static FrontServer apache(Path directory, String host) throws Exception {
        Path program = find("apache2").orElseThrow();
        Path configuration = directory.resolve("httpd.conf");
        return start(directory, List.of(program.toString(), "-X", "-f", configuration.toString()), port -> {
            String modules = Stream.of(
                            "mpm_event", "authz_core", "env", "headers", "filter", "deflate", "proxy", "proxy_http")
                    .map(module -> "LoadModule " + module + "_module " + MODULES + "/mod_" + module + ".so\n")
                    .collect(Collectors.joining());
            String whole = """
                    ServerRoot %1$s
                    DefaultRuntimeDir %1$s
                    PidFile %1$s/httpd.pid
                    Mutex file:%1$s default
                    ErrorLog %1$s/error.log
                    ServerName localhost
                    User #65534
                    Group #65534
                    Listen 127.0.0.1:%2$d
                    %3$s
                    SetOutputFilter DEFLATE
                    %4$s
                    """.formatted(directory, port, modules, replace(host, "*:80", "127.0.0.1:" + port));
            return Map.of(configuration, whole);
        });
    }

    static boolean hasApache() {
        return find("apache2").isPresent() && Files.isDirectory(MODULES);
    }

    private static String replace(String text, String part, String by) {
        assertThat(text).contains(part);
        return text.replace(part, by);
    }

    /** Another process may be quicker to take a port that is free: then the next one. */
    private static FrontServer start(Path directory, List<String> command, IntFunction<Map<Path, String>> files)
            throws Exception {
        Path out = directory.resolve("out");
        for (int attempt = 0; attempt < 5; attempt++) {
            int port = freePort();
            for (Map.Entry<Path, String> file : files.apply(port).entrySet()) {
                Files.writeString(file.getKey(), file.getValue());
            }
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            FrontServer started = new FrontServer(process, port);
            if (started.listens()) {
                return started;
            }
            started.close();
            String said = Files.readString(out);
            if (!said.contains("in use")) {
                Path log = directory.resolve("error.log");
                throw new AssertionError(command + ": " + said + (Files.exists(log) ? Files.readString(log) : ""));
            }
        }
        throw new AssertionError("no free port");
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private boolean listens() throws Exception {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (System.nanoTime() < end) {
            try (SocketChannel connected =
                    SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
                return connected.isConnected();
            } catch (IOException e) {
                if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
        }
        return false;
    }

    public int port() {
        return port;
    }

    RawExchange get(String path) throws IOException {
        return open("GET " + path, Map.of(), "");
    }

    RawExchange form(String path, String body) throws IOException {
        return open("POST " + path, Map.of("Content-Type", "application/x-www-form-urlencoded"), body);
    }

    RawExchange open(String request, Map<String, String> headers, String body) throws IOException {
        return new RawExchange("127.0.0.1", port, request, headers, body);
    }

    /** From another of this machine's own addresses. */
    RawExchange getFrom(String address, String path) throws IOException {
        SocketChannel socket = SocketChannel.open();
        socket.bind(new InetSocketAddress(address, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return new RawExchange(socket, "127.0.0.1:" + port, "GET " + path, Map.of(), "");
    }

    @Override
    public void close() {
        // It is one process, and what it has is the test's. Apache would take its time to end by itself.
        process.destroyForcibly().onExit().join();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
