package dev.comet.bench.compare;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Compares servers: each in a process of its own, all doing the same work for the same client, one after the other and round after
 * round. Prints the medians, and writes them, every figure, and charts.
 */
public final class Compare {
    static final String SMALL = "SSE 1 × 1000 @ 20k/s";
    static final String LARGE = "SSE 1 × 10000 @ 20k/s";
    static final String MANY = "SSE 1000 × 10 @ 20k/s";
    static final String SATURATED = "SSE 1 × 1000, saturated, 16 in flight";
    static final String POLL = "poll 1 × 1000 @ 20k/s";
    static final String POLL_MANY = "poll 1000 × 10 @ 10k/s";
    static final String IDLE = "idle SSE to 15000";

    private static final List<Work> WORKS = List.of(
            Work.saturated(1000, 16),
            Work.sse(1, 1000, 20_000),
            Work.sse(1, 10_000, 20_000),
            Work.sse(1000, 10, 20_000),
            Work.poll(1, 1000, 20_000),
            Work.poll(1000, 10, 10_000),
            Work.stalled(10_000, 20_000, 100),
            Work.idle(15_000));

    private final Options options;
    private final Servers servers;
    private final Figures figures;
    private final Load.Times times;

    private Compare(Options options, Path root) throws IOException {
        this.options = options;
        this.servers = new Servers(options, root);
        Files.createDirectories(options.out());
        this.figures = new Figures(options.out().resolve("figures.csv"));
        this.times = new Load.Times(1, options.warmUp(), options.measure(), 10);
    }

    /** See {@link Options#HELP}. */
    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.print(Options.HELP);
            return;
        }
        Path root = root();
        Compare compare = new Compare(Options.parse(args, root), root);
        if (compare.options.cometload().isPresent()) {
            compare.check(compare.options.cometload().get());
        } else {
            compare.run();
        }
    }

    /** The project, from where this class was loaded: comet-bench/target/comet-bench.jar, or target/classes. */
    private static Path root() throws URISyntaxException {
        Path loaded = Path.of(Compare.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        return loaded.resolve("../../..").normalize();
    }

    /** One turn of one server. */
    private record Turn(Work work, Server server, int round) {}

    private List<Turn> turns() {
        List<Turn> turns = new ArrayList<>();
        for (int round = 1; round <= options.rounds(); round++) {
            for (Work work : WORKS) {
                if (options.wants(work)) {
                    for (Server server : servers.that(work.kind())) {
                        if (work.stalled() == 0
                                || !server.wires()
                                        .stalledPath()
                                        .equals(server.wires().streamPath())) {
                            turns.add(new Turn(options.quick() ? work.quick() : work, server, round));
                        }
                    }
                }
            }
        }
        return turns;
    }

    private void run() throws IOException, InterruptedException {
        List<Turn> turns = turns();
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            System.out.printf(
                    "[%d/%d] round %d, %s, %s: ",
                    i + 1, turns.size(), turn.round, turn.work.name(), turn.server.name());
            System.out.flush();
            try {
                Map<String, Double> measured = measure(turn.work, turn.server);
                figures.add(turn.work.name(), turn.server.name(), turn.round, measured);
                System.out.println(line(measured));
            } catch (IOException e) { // one that fails must not cost the others theirs
                System.out.println("failed: " + e.getMessage());
            }
        }
        Report report = new Report(figures, options);
        String tables = report.tables();
        System.out.println();
        System.out.println(tables);
        Files.writeString(options.out().resolve("tables.md"), tables);
        report.charts(options.out());
        System.out.println("Written to " + options.out());
    }

    private Map<String, Double> measure(Work work, Server server) throws IOException, InterruptedException {
        try (Server.Running running = server.start(options.out().resolve("servers.log"))) {
            return new Load(running, work, times).run();
        }
    }

    private static String line(Map<String, Double> measured) {
        List<String> parts = new ArrayList<>();
        measured.forEach((figure, value) -> {
            boolean fault = List.of("lost", "twice", "reordered", "problems").contains(figure);
            if (!fault || value > 0) {
                parts.add(Figures.text(value) + " " + figure);
            }
        });
        return String.join(", ", parts);
    }

    /** Has both generators do the same, in turn. */
    private void check(Path cometload) throws IOException, InterruptedException {
        for (Turn turn : turns()) {
            if (turn.work.kind() == Work.Kind.SSE && turn.work.rate() > 0 && turn.work.stalled() == 0) {
                Map<String, Double> ours = measure(turn.work, turn.server);
                System.out.println(turn.work.name() + ", " + turn.server.name() + ", this one:  " + line(ours));
                try (Server.Running running = turn.server.start(options.out().resolve("servers.log"))) {
                    Thread.sleep(500);
                    Map<String, Double> theirs = Cometload.run(cometload, running, turn.work, times);
                    System.out.println(turn.work.name() + ", " + turn.server.name() + ", cometload: " + line(theirs));
                    figures.add(turn.work.name(), turn.server.name() + ", this one", turn.round, ours);
                    figures.add(turn.work.name(), turn.server.name() + ", cometload", turn.round, theirs);
                }
            }
        }
        System.out.println();
        System.out.println(new Report(figures, options).tables());
    }
}
