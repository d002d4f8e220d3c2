package dev.comet.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured: by work, server and figure, one value a round. It is in the file as soon as it is here. */
final class Figures {
    private final Path csv;
    private final Map<String, Map<String, Map<String, List<Double>>>> values = new LinkedHashMap<>();

    Figures(Path csv) throws IOException {
        this.csv = csv;
        Files.writeString(csv, "work;server;round;figure;value\n");
    }

    void add(String work, String server, int round, Map<String, Double> measured) throws IOException {
        StringBuilder lines = new StringBuilder();
        measured.forEach((figure, value) -> {
            values.computeIfAbsent(work, w -> new LinkedHashMap<>())
                    .computeIfAbsent(server, s -> new LinkedHashMap<>())
                    .computeIfAbsent(figure, f -> new ArrayList<>())
                    .add(value);
            lines.append(String.join(";", work, server, Integer.toString(round), figure, Double.toString(value)))
                    .append('\n');
        });
        Files.writeString(csv, lines, StandardOpenOption.APPEND);
    }

    Collection<String> works() {
        return values.keySet();
    }

    Collection<String> servers(String work) {
        return values.getOrDefault(work, Map.of()).keySet();
    }

    Collection<String> figures(String work, String server) {
        return values.getOrDefault(work, Map.of())
                .getOrDefault(server, Map.of())
                .keySet();
    }

    /** NaN when there is none. */
    double median(String work, String server, String figure) {
        List<Double> all =
                values
                        .getOrDefault(work, Map.of())
                        .getOrDefault(server, Map.of())
                        .getOrDefault(figure, List.of())
                        .stream()
                        .sorted()
                        .toList();
        int n = all.size();
        return n == 0 ? Double.NaN : (all.get((n - 1) / 2) + all.get(n / 2)) / 2;
    }

    /** A number as people read it: three digits that count. */
    static String text(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        int decimals = Math.abs(value) >= 100 || value == Math.rint(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
