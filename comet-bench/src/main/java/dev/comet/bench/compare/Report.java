package dev.comet.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What was measured, as tables and charts. */
final class Report {
    private static final List<String> LOAD = List.of(
            "deliveries/s",
            "CPU µs",
            "p50 ms",
            "p99 ms",
            "lost",
            "twice",
            "reordered",
            "client CPU %",
            "machine busy %");

    private final Figures figures;
    private final Options options;

    Report(Figures figures, Options options) {
        this.figures = figures;
        this.options = options;
    }

    /** Medians and, where Comet has been measured, how many times Comet's they are; then what was to be reached. */
    String tables() {
        StringBuilder out = new StringBuilder();
        for (String work : figures.works()) {
            out.append("**")
                    .append(work)
                    .append("**, medians of ")
                    .append(options.rounds())
                    .append("\n\n");
            boolean idle = figures.servers(work).stream()
                    .anyMatch(server -> figures.figures(work, server).contains("bytes/connection"));
            List<String> columns = idle
                    ? List.copyOf(figures.figures(
                            work, figures.servers(work).iterator().next()))
                    : LOAD;
            String main = idle ? "bytes/connection" : "CPU µs";
            row(out, "server", columns, "× Comet's " + main);
            row(out, "---", columns.stream().map(c -> "---:").toList(), "---:");
            for (String server : figures.servers(work)) {
                List<String> cells = columns.stream()
                        .map(figure -> Figures.text(figures.median(work, server, figure)))
                        .toList();
                double times = figures.median(work, server, main) / figures.median(work, Servers.COMET_JETTY, main);
                row(out, server, cells, Figures.text(times));
            }
            out.append('\n');
        }
        return out.append(aims()).toString();
    }

    private static void row(StringBuilder out, String first, List<String> cells, String last) {
        out.append("| ")
                .append(first)
                .append(" | ")
                .append(String.join(" | ", cells))
                .append(" | ")
                .append(last)
                .append(" |\n");
    }

    private String aims() {
        StringBuilder out = new StringBuilder();
        for (Aim aim : Aim.ALL) {
            double value = aim.value(figures);
            if (!Double.isNaN(value)) {
                String sign = aim.more() ? "≥ " : "≤ ";
                row(
                        out,
                        aim.work(),
                        List.of(
                                aim.figure(),
                                aim.ours(),
                                aim.others().isEmpty() ? "–" : String.join("; ", aim.others()),
                                Figures.text(value),
                                sign + Figures.text(aim.reach()),
                                sign + Figures.text(aim.aim())),
                        aim.verdict(value));
            }
        }
        return out.isEmpty()
                ? ""
                : "| work | figure | of | over the best of | is | reach | aim | |\n|---|---|---|---|---:|---:|---:|---|\n"
                        + out;
    }

    void charts(Path into) throws IOException {
        for (String work : figures.works()) {
            for (String figure : List.of("CPU µs", "deliveries/s", "p99 ms", "bytes/connection")) {
                List<Chart.Bar> bars = new ArrayList<>();
                for (String server : figures.servers(work)) {
                    double value = figures.median(work, server, figure);
                    if (!Double.isNaN(value)) {
                        bars.add(new Chart.Bar(server, value));
                    }
                }
                if (!bars.isEmpty() && (work.contains("saturated") || !figure.equals("deliveries/s"))) {
                    String name = (work + "-" + figure)
                            .toLowerCase(java.util.Locale.ROOT)
                            .replaceAll("[^a-z0-9]+", "-");
                    Files.writeString(into.resolve(name + ".svg"), Chart.bars(work + ": " + figure, "Comet", bars));
                }
            }
        }
    }
}
