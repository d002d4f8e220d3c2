package dev.comet.example;

import dev.comet.servlet.CCometServlet;
import dev.comet.servlet.CometOptions;
import dev.comet.servlet.IcometServlet;
import dev.comet.servlet.SimpleCometServlet;
import dev.comet.servlet.StardustServlet;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the example is started with: its own options, the library's settings, and those of the old servers as
 * {@code --<dialect>.<setting>}. <i>Immutable, but for the builders of the settings.</i>
 */
record Options(
        String host,
        int port,
        boolean dropIn,
        Optional<Path> unixSocket,
        Optional<String> redis,
        Optional<String> node,
        CometOptions settings,
        Map<String, Map<String, String>> dialects) {

    private static final String UNIX_SOCKET = "unix-socket-path";

    /** The old servers, with the names of their settings and the defaults. */
    private static final Map<String, Map<String, String>> KNOWN = known();

    private static Map<String, Map<String, String>> known() {
        Map<String, Map<String, String>> known = new LinkedHashMap<>();
        known.put("icomet", IcometServlet.settings());
        known.put("simple-comet", SimpleCometServlet.settings());
        known.put("stardust", StardustServlet.settings());
        known.put("ccomet", CCometServlet.settings());
        return known;
    }

    /**
     * Reads {@code --name=value} and {@code --name}.
     *
     * @throws IllegalArgumentException that names the option which is not right
     */
    static Options parse(String... args) {
        Map<String, String> own = new LinkedHashMap<>();
        Map<String, Map<String, String>> dialects = new LinkedHashMap<>();
        for (String arg : args) {
            if (!arg.startsWith("--")) {
                throw new IllegalArgumentException("'" + arg + "' is no option: options look like --port=8080");
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg.substring(2) : arg.substring(2, equals);
            String value = equals < 0 ? "" : arg.substring(equals + 1);
            int dot = name.indexOf('.');
            if (dot < 0) {
                own.put(name, value);
            } else {
                dialects.computeIfAbsent(dialect(name.substring(0, dot)), d -> new LinkedHashMap<>())
                        .put(name.substring(dot + 1), value);
            }
        }
        String host = own.containsKey("host") ? own.remove("host") : "localhost";
        String port = own.containsKey("port") ? own.remove("port") : "8080";
        boolean dropIn = own.containsKey("drop-in") && flag("drop-in", own.remove("drop-in"));
        Optional<Path> socket = Optional.ofNullable(own.remove(UNIX_SOCKET))
                .or(() -> Optional.ofNullable(
                        dialects.getOrDefault("simple-comet", Map.of()).get(UNIX_SOCKET)))
                .map(Path::of);
        Optional.ofNullable(dialects.get("simple-comet")).ifPresent(simple -> simple.remove(UNIX_SOCKET));
        Optional<String> redis = Optional.ofNullable(own.remove("redis"));
        Optional<String> node = Optional.ofNullable(own.remove("node"));
        if (node.isPresent() && redis.isEmpty()) {
            throw new IllegalArgumentException("node=" + node.get() + ": only one of several has a name, with --redis");
        }
        return new Options(host, port(port), dropIn, socket, redis, node, CometOptions.parse(own), dialects);
    }

    private static String dialect(String name) {
        if (KNOWN.containsKey(name)) {
            return name;
        }
        throw new IllegalArgumentException("there is no dialect '" + name + "'; there are " + KNOWN.keySet());
    }

    private static boolean flag(String name, String value) {
        return switch (value) {
            case "", "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(name + "=" + value + ": must be true or false");
        };
    }

    private static int port(String text) {
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
            throw new IllegalArgumentException("port=" + text + ": must be 0 to 65535; 0 takes any that is free");
        }
        return Integer.parseInt(text);
    }

    /** What is set for a dialect. */
    Map<String, String> of(String dialect) {
        return dialects.getOrDefault(dialect, Map.of());
    }

    /** A line each. */
    static String help() {
        StringBuilder help = new StringBuilder("""
                java -jar comet-example.jar [--name=value ...]

                  --port=8080                                  the port; 0 takes any that is free
                  --host=localhost                             the address to listen on; 0.0.0.0 for all
                  --drop-in                                    also the ports and paths of the four old servers
                  --unix-socket-path=                          also a UNIX socket; with --drop-in it is Simple-Comet's alone
                  --redis=                                     redis://host:port of a Redis: this is one of several nodes then
                  --node=                                      what statistics call it then, with a random number behind
                  --help                                       this

                Settings of the hub and its endpoints, with their defaults:

                """).append(CometOptions.help()).append("""

                Settings of the old servers' protocols, by their own names:

                """);
        KNOWN.forEach((dialect, settings) -> new TreeMap<>(settings)
                .forEach((name, value) -> help.append(String.format("  --%s.%s=%s%n", dialect, name, value))));
        return help.toString();
    }
}
