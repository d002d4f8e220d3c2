package dev.comet.example;

import dev.comet.Comet;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Starts the example from the command line; Ctrl-C drains it. */
public final class Main {
    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

    private Main() {}

    /** See {@link Options}. */
    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.print(Options.help());
            return;
        }
        Comet comet;
        ExampleServer server;
        try {
            Options options = Options.parse(args);
            Comet.Builder hub = options.settings().comet().jmx("example");
            options.redis().ifPresent(uri -> Cluster.join(hub, uri, options.node()));
            comet = hub.build();
            server = new ExampleServer(comet, options);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + System.lineSeparator() + "--help lists what there is.");
            System.exit(2);
            return;
        }
        quiet();
        try {
            server.start();
        } catch (IOException e) { // its text has the address
            System.err.println(
                    e.getMessage() + System.lineSeparator() + "--port=8081 takes another, --port=0 any that is free.");
            System.exit(1);
        }
        new StatsPublisher(comet, PagesServlet.version("comet").orElseThrow()).start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(comet, server), "comet-shutdown"));
        System.out.print(server.welcome());
        server.join();
    }

    /** Jetty says a lot at its start that is of no use here; warnings stay. */
    private static void quiet() {
        JETTY.setLevel(Level.WARNING);
    }

    private static void stop(Comet comet, ExampleServer server) {
        comet.drain(DRAIN);
        try {
            server.stop();
        } catch (Exception e) {
            System.err.println("Jetty did not stop cleanly: " + e);
        }
        comet.close();
    }
}
