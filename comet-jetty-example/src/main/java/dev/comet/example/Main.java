package dev.comet.example;

import dev.comet.Comet;
import dev.comet.servlet.CometOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Starts the example from the command line; Ctrl-C drains it. */
public final class Main {
    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

    private Main() {}

    /** {@code --port=8080}, {@code --host=127.0.0.1}, {@code --help}, and every setting as {@code --name=value}. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options;
        CometOptions settings;
        int port;
        try {
            options = options(args);
            if (options.containsKey("help")) {
                System.out.print(help());
                return;
            }
            port = port(options.getOrDefault("port", "8080"));
            settings = CometOptions.parse(settingsOf(options));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + System.lineSeparator() + "--help lists what there is.");
            System.exit(2);
            return;
        }
        quiet();
        Comet comet = settings.comet().jmx("example").build();
        ExampleServer server = new ExampleServer(comet, settings, options.getOrDefault("host", "localhost"), port);
        server.start();
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

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new LinkedHashMap<>();
        for (String arg : args) {
            if (!arg.startsWith("--")) {
                throw new IllegalArgumentException("'" + arg + "' is no option: options look like --port=8080");
            }
            int equals = arg.indexOf('=');
            options.put(
                    equals < 0 ? arg.substring(2) : arg.substring(2, equals),
                    equals < 0 ? "" : arg.substring(equals + 1));
        }
        return options;
    }

    private static Map<String, String> settingsOf(Map<String, String> options) {
        Map<String, String> settings = new LinkedHashMap<>(options);
        settings.keySet().removeAll(Set.of("host", "port"));
        return settings;
    }

    private static int port(String text) {
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
            throw new IllegalArgumentException("port=" + text + ": must be 0 to 65535; 0 takes any that is free");
        }
        return Integer.parseInt(text);
    }

    static String help() {
        return """
                java -jar comet-example.jar [--name=value ...]

                  --port=8080                                  the port; 0 takes any that is free
                  --host=localhost                             the address to listen on; 0.0.0.0 for all
                  --help                                       this

                Settings of the hub and its endpoints, with their defaults:

                """ + CometOptions.help();
    }
}
