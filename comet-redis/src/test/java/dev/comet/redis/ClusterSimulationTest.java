package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs of {@link Cluster}, one per seed: as many as {@code comet.simulation.seeds} says, from {@code comet.simulation.first} on. Ends
 * with a line {@code N seeds, E events, V violations}.
 */
class ClusterSimulationTest {

    @Test
    void promiseIsKept() {
        check(2000);
    }

    @Test
    @Tag("proof")
    void promiseIsKept_inManyMoreRuns() {
        check(20_000);
    }

    @Test
    void sameSeed_sameRun() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 1; seed <= 50; seed++) {
            Cluster.Outcome one = Cluster.run(seed, false);
            Cluster.Outcome again = Cluster.run(seed, true);
            assertThat(again.hash()).as("seed %d", seed).isEqualTo(one.hash());
            assertThat(again.events()).isEqualTo(one.events());
            hashes.add(one.hash());
        }
        assertThat(hashes).hasSize(50);
    }

    private static void check(long usually) {
        long first = Long.getLong("comet.simulation.first", 1);
        long seeds = Long.getLong("comet.simulation.seeds", usually);
        List<Long> broken = new ArrayList<>();
        long events = 0;
        long acknowledged = 0;
        long delivered = 0;
        long visits = 0;
        long gaps = 0;
        long resets = 0;
        for (long seed = first; seed < first + seeds; seed++) {
            Cluster.Outcome outcome = Cluster.run(seed, false);
            events += outcome.events();
            acknowledged += outcome.counts().acknowledged();
            delivered += outcome.counts().delivered();
            visits += outcome.counts().visits();
            gaps += outcome.counts().gaps();
            resets += outcome.counts().resets();
            if (outcome.violation() != null) {
                broken.add(seed);
                report(Cluster.run(seed, true));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d acknowledged, %d delivered, %d visits, %d gaps, %d resets%n",
                acknowledged,
                delivered,
                visits,
                gaps,
                resets);
        System.out.printf(Locale.ROOT, "%d seeds, %d events, %d violations%n", seeds, events, broken.size());
        assertThat(broken).as("the seeds whose runs broke the promise").isEmpty();
    }

    /** What was violated, what had happened before it, and how to see it again. */
    private static void report(Cluster.Outcome outcome) {
        List<String> trace = outcome.trace();
        System.out.println("seed " + outcome.seed() + ", event " + outcome.events() + ": " + outcome.violation());
        trace.subList(Math.max(0, trace.size() - Integer.getInteger("comet.simulation.trace", 30)), trace.size())
                .forEach(line -> System.out.println("  " + line));
        System.out.println("  again: mvn -q -pl comet-redis -am test -Dtest=ClusterSimulationTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dcomet.simulation.seeds=1 -Dcomet.simulation.first="
                + outcome.seed() + " [-Dcomet.simulation.trace=LINES]");
    }
}
