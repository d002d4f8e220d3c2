package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs of {@link Simulation}, one per seed: as many as {@code comet.simulation.seeds} says, from {@code comet.simulation.first}
 * on. Ends with a line {@code N seeds, E events, V violations}.
 */
class SimulationTest {
    private static final int EVENTS = 2000;

    private static final SimulationLog.Maker IN_MEMORY = world -> new MemoryLog();

    @Test
    void promiseIsKept() {
        check(2000, IN_MEMORY);
    }

    @Test
    @Tag("proof")
    void promiseIsKept_inManyMoreRuns() {
        check(100_000, IN_MEMORY);
    }

    @Test
    void promiseIsKept_withALogThatAnswersLater() {
        for (long seed = 1; seed <= 100; seed++) {
            Simulation.Outcome outcome = Simulation.run(seed, EVENTS, false, new LateLog.Maker());
            assertThat(outcome.violation()).as("seed %d", seed).isNull();
        }
    }

    @Test
    void sameSeed_sameRun() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 1; seed <= 50; seed++) {
            Simulation.Outcome one = run(seed, false);
            Simulation.Outcome again = run(seed, true);
            assertThat(again.hash()).as("seed %d", seed).isEqualTo(one.hash());
            assertThat(again.events()).isEqualTo(one.events());
            hashes.add(one.hash());
        }
        assertThat(hashes).hasSize(50);
    }

    private static void check(long usually, SimulationLog.Maker logs) {
        long first = Long.getLong("comet.simulation.first", 1);
        long seeds = Long.getLong("comet.simulation.seeds", usually);
        List<Long> broken = new ArrayList<>();
        long events = 0;
        for (long seed = first; seed < first + seeds; seed++) {
            Simulation.Outcome outcome = Simulation.run(seed, EVENTS, false, logs);
            events += outcome.events();
            if (outcome.violation() != null) {
                broken.add(seed);
                report(Simulation.run(seed, EVENTS, true, logs));
            }
        }
        System.out.printf(Locale.ROOT, "%d seeds, %d events, %d violations%n", seeds, events, broken.size());
        assertThat(broken).as("the seeds whose runs broke the promise").isEmpty();
        assertThat(events).isGreaterThanOrEqualTo(seeds * EVENTS);
    }

    static Simulation.Outcome run(long seed, boolean traced) {
        return Simulation.run(seed, EVENTS, traced, IN_MEMORY);
    }

    /** What was violated, what had happened before it, and how to see it again. */
    private static void report(Simulation.Outcome outcome) {
        List<String> trace = outcome.trace();
        System.out.println("seed " + outcome.seed() + ", event " + outcome.events() + ": " + outcome.violation());
        trace.subList(Math.max(0, trace.size() - Integer.getInteger("comet.simulation.trace", 30)), trace.size())
                .forEach(line -> System.out.println("  " + line));
        System.out.println("  again: mvn -q -pl comet-core test -Dtest=SimulationTest -Dcomet.simulation.seeds=1"
                + " -Dcomet.simulation.first=" + outcome.seed() + " [-Dcomet.simulation.trace=LINES]");
    }

    /** A log as one across a network would be: what is appended gets its place later, and in another order. */
    private record LateLog(Simulation world) implements Log {

        /** Makes it. */
        static final class Maker implements SimulationLog.Maker {
            @Override
            public Log log(Simulation world) {
                return new LateLog(world);
            }

            @Override
            public boolean answersAtOnce() {
                return false;
            }
        }

        @Override
        public CompletionStage<Message> append(Channel channel, Message.Kind kind, Draft draft) {
            CompletableFuture<Message> place = new CompletableFuture<>();
            world.threads().later(world.lot().between(0, 50_000_000), () -> {
                world.messages().life(channel).sync();
                try {
                    place.complete(channel.feed.append(kind, draft));
                } catch (RefusedException e) {
                    place.completeExceptionally(e);
                }
            });
            return place;
        }

        @Override
        public Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
            throw new AssertionError("nobody is to wait for it");
        }
    }
}
