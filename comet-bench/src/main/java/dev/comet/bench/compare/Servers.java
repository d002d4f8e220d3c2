package dev.comet.bench.compare;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The servers that are compared, as the build has left them in their modules' target folders. */
final class Servers {
    static final String COMET_JETTY = "Comet, Jetty";
    static final String COMET_TOMCAT = "Comet, Tomcat";
    static final String COMET_STOCK = "Comet, Jetty as it comes";
    static final String COMET_TOMCAT_SMALL = "Comet, Tomcat, small buffers";
    static final String BLOCKING_JETTY = "by hand, blocking, Jetty";
    static final String LISTENER_JETTY = "by hand, WriteListener, Jetty";
    static final String TUNED_JETTY = "by hand, tuned, Jetty";
    static final String BLOCKING_TOMCAT = "by hand, blocking, Tomcat";
    static final String LISTENER_TOMCAT = "by hand, WriteListener, Tomcat";
    static final String SPRING = "Spring SseEmitter";
    static final String COMETD = "CometD";
    static final String NCHAN = "nchan, 2 workers";
    static final String FLOOR = "C, one write a delivery";

    private static final List<Work.Kind> ALL = List.of(Work.Kind.values());
    private static final List<Work.Kind> IDLE = List.of(Work.Kind.IDLE);
    private static final List<String> SMALL = List.of(
            "maxHttpRequestHeaderSize=1536",
            "maxHttpResponseHeaderSize=1024",
            "maxTrailerSize=256",
            "socket.appReadBufSize=128",
            "socket.appWriteBufSize=512");

    private static final Server.Wires COMET = new Server.Wires(
            "/comet/events?channel=bench-{ch}",
            Wire.poll("/comet/events?channel=bench-{ch}&as=poll&cursor={cursor}", "\"cursor\":\"", ""),
            "/comet-admin/channels/bench-{ch}",
            "/comet/events?channel=bench-{ch}&channel=fill",
            "/comet-admin/channels/fill");
    private static final Server.Wires BY_HAND =
            new Server.Wires("/sse?ch={ch}", Wire.poll("/poll?ch={ch}&cur={cursor}", "seq=", "0"), "/pub?ch={ch}");

    private final Options options;
    private final Path root;

    Servers(Options options, Path root) {
        this.options = options;
        this.root = root;
    }

    /** Those that can do it, and that there are. */
    List<Server> that(Work.Kind kind) {
        List<Server> all = new ArrayList<>();
        Path example = root.resolve("comet-jetty-example/target/comet-example.jar");
        all.add(new Server(
                COMET_JETTY,
                java(kind, example::toString, "dev.comet.example.Main", "--port=%d", "--stall-limit=10m"),
                true,
                ALL,
                COMET));
        all.add(jetty(kind, COMET_STOCK, "comet", IDLE, COMET));
        all.add(tomcat(kind, COMET_TOMCAT, "comet", ALL, COMET));
        all.add(new Server(
                COMET_TOMCAT_SMALL,
                java(
                        kind,
                        () -> path("servers", "jetty-|jakarta.servlet-api"),
                        "dev.comet.bench.server.OnTomcat",
                        Stream.concat(Stream.of("comet-small", "%d"), SMALL.stream())
                                .toArray(String[]::new)),
                true,
                IDLE,
                COMET));
        all.add(jetty(kind, BLOCKING_JETTY, "blocking", ALL, BY_HAND));
        all.add(jetty(kind, LISTENER_JETTY, "listener", ALL, BY_HAND));
        all.add(jetty(kind, TUNED_JETTY, "listener-tuned", ALL, BY_HAND));
        all.add(tomcat(kind, BLOCKING_TOMCAT, "blocking", ALL, BY_HAND));
        all.add(tomcat(kind, LISTENER_TOMCAT, "listener", ALL, BY_HAND));
        all.add(new Server(
                SPRING,
                java(kind, () -> path("spring", "-"), "dev.comet.bench.spring.SpringServer", "%d"),
                true,
                List.of(Work.Kind.SSE, Work.Kind.IDLE),
                BY_HAND));
        all.add(new Server(
                COMETD,
                java(kind, () -> path("cometd", "-"), "dev.comet.bench.cometd.CometdServer", "%d"),
                true,
                List.of(Work.Kind.POLL),
                new Server.Wires("", Wire.bayeux("/cometd", "/bench/{ch}"), "/pub?ch={ch}")));
        options.nchan()
                .ifPresent(module -> all.add(new Server(
                        NCHAN,
                        port -> nginx(module, port),
                        false,
                        ALL,
                        new Server.Wires("/sse?ch={ch}", Wire.conditionalPoll("/poll?ch={ch}"), "/pub?ch={ch}"))));
        options.floor()
                .ifPresent(binary -> all.add(new Server(
                        FLOOR, port -> List.of(binary.toString(), Integer.toString(port)), false, ALL, BY_HAND)));
        return all.stream()
                .filter(server -> server.kinds().contains(kind) && options.wants(server))
                .toList();
    }

    private Server jetty(Work.Kind kind, String name, String what, List<Work.Kind> kinds, Server.Wires wires) {
        return new Server(
                name,
                java(kind, () -> path("servers", "tomcat-"), "dev.comet.bench.server.OnJetty", what, "%d"),
                true,
                kinds,
                wires);
    }

    private Server tomcat(Work.Kind kind, String name, String what, List<Work.Kind> kinds, Server.Wires wires) {
        return new Server(
                name,
                java(
                        kind,
                        () -> path("servers", "jetty-|jakarta.servlet-api"),
                        "dev.comet.bench.server.OnTomcat",
                        what,
                        "%d"),
                true,
                kinds,
                wires);
    }

    /** A module's class path, without the jars whose names begin like this. */
    private String path(String module, String without) {
        Path target = root.resolve("comet-bench").resolve(module).resolve("target");
        try (Stream<Path> jars = Files.list(target.resolve("lib"))) {
            String lib = jars.filter(jar -> !jar.getFileName().toString().matches("(" + without + ").*"))
                    .map(Path::toString)
                    .sorted()
                    .collect(Collectors.joining(File.pathSeparator));
            return target.resolve("classes") + File.pathSeparator + lib;
        } catch (IOException e) {
            throw new UncheckedIOException("it is not built; docs/benchmarks.md says how", e);
        }
    }

    /**
     * The same flags for all. Where bytes are counted the heap gives back what is free after a collection; where time is, it has
     * one size.
     */
    private IntFunction<List<String>> java(Work.Kind kind, Supplier<String> path, String main, String... args) {
        return port -> {
            List<String> command = new ArrayList<>(List.of(options.java().toString(), "-XX:+UseG1GC"));
            command.addAll(
                    kind == Work.Kind.IDLE
                            ? List.of(
                                    "-Xms16m",
                                    "-Xmx4g",
                                    "-XX:G1HeapRegionSize=1m",
                                    "-XX:MinHeapFreeRatio=1",
                                    "-XX:MaxHeapFreeRatio=5")
                            : List.of("-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch"));
            command.addAll(options.jvm());
            command.addAll(List.of("-cp", path.get(), main));
            Arrays.stream(args)
                    .map(arg -> arg.replace("%d", Integer.toString(port)))
                    .forEach(command::add);
            return command;
        };
    }

    private List<String> nginx(Path module, int port) {
        try {
            Path home = Files.createTempDirectory("comet-nchan");
            Files.writeString(home.resolve("nginx.conf"), """
                    load_module %s;
                    worker_processes 2;
                    worker_rlimit_nofile 20000;
                    pid nginx.pid;
                    error_log error.log;
                    events { worker_connections 19000; }
                    http {
                        access_log off;
                        keepalive_requests 1000000000;
                        keepalive_timeout 1h;
                        nchan_shared_memory_size 512M;
                        server {
                            listen 127.0.0.1:%d;
                            location = /pub {
                                nchan_publisher;
                                nchan_channel_id $arg_ch;
                                nchan_message_buffer_length 128;
                            }
                            location = /sse {
                                nchan_subscriber eventsource;
                                nchan_channel_id $arg_ch;
                                nchan_subscriber_first_message newest;
                            }
                            location = /poll {
                                nchan_subscriber longpoll;
                                nchan_channel_id $arg_ch;
                                nchan_subscriber_first_message newest;
                            }
                        }
                    }
                    """.formatted(module, port));
            return List.of("nginx", "-p", home.toString(), "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off;");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
