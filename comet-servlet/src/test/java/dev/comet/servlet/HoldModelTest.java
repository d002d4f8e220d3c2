package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.servlet.HoldModelSearch.Counterexample;
import dev.comet.servlet.HoldModelSearch.Result;
import dev.comet.servlet.HoldState.Act;
import dev.comet.servlet.HoldState.Signal;
import dev.comet.servlet.HoldState.Transition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The held response's table and program, in every interleaving of publishers, closers, the container, its errors and the timer:
 * what is claimed in {@link HoldModelClaim} holds, and a program or a table that is broken in one place does not pass.
 *
 * <p>The transitions are made by {@link HoldState#on} itself. The program is {@link HeldResponse}'s, step by step; who changes
 * the one changes the other.
 */
class HoldModelTest {
    private static final Path TABLE = Path.of("src/main/java/dev/comet/servlet/HoldState.java");
    private static final Pattern ROW = Pattern.compile("<tr>(.*?)</tr>");
    private static final Pattern CELL = Pattern.compile("<t[hd]>(.*?)</t[hd]>");

    /** A few things at a time, each exhausted: what the ordinary build explores. */
    static List<HoldModelBounds> ordinary() {
        HoldModelBounds stream = HoldModelBounds.stream();
        HoldModelBounds poll = HoldModelBounds.poll();
        return List.of(
                stream.messages(2).stalls(1),
                stream.messages(1).stalls(1).spurious(1),
                stream.messages(1).stalls(1).errors(1),
                stream.messages(1).stalls(1).ticks(1),
                stream.messages(1).closed().stalls(1),
                stream.closed().ended().stalls(1),
                stream.wakers(1).stalls(1).errors(1).ticks(1),
                stream.wakers(1).ended().stalls(1).ticks(1),
                poll.messages(2).stalls(1),
                poll.messages(1).stalls(1).errors(1),
                stream.wakers(1).messages(2).stalls(1).share(1),
                stream.wakers(0).stalls(1).errors(1).share(1),
                stream.wakers(0).stalls(1).ticks(1).share(1),
                stream.wakers(1).messages(1).ended().shuttingDown().share(1),
                stream.wakers(1).messages(3).spurious(1).share(2),
                poll.wakers(1).messages(1).stalls(1).errors(1).share(1));
    }

    /** More of it, and more at a time: millions of worlds each. */
    static List<HoldModelBounds> large() {
        HoldModelBounds stream = HoldModelBounds.stream();
        HoldModelBounds poll = HoldModelBounds.poll();
        return List.of(
                stream.messages(3).stalls(3),
                stream.messages(1).stalls(1).ticks(2),
                stream.messages(1).closed().ended().stalls(2),
                stream.messages(1).closed().stalls(1).errors(1).spurious(1),
                stream.wakers(1).messages(2).stalls(2).errors(2),
                stream.wakers(1).ended().stalls(1).errors(1).ticks(1),
                stream.wakers(0).stalls(2).errors(2).ticks(3),
                poll.wakers(1).messages(1).stalls(1).errors(1).ticks(1),
                stream.messages(2).stalls(1).share(1),
                stream.wakers(1).messages(1).stalls(1).errors(1).share(1),
                stream.wakers(1).messages(1).stalls(1).ticks(1).share(1),
                stream.messages(1).ended().shuttingDown().share(1),
                stream.messages(1).closed().shuttingDown().stalls(1).share(1),
                stream.wakers(1).messages(2).shuttingDown().stalls(1).errors(1).share(1),
                stream.wakers(1).messages(3).stalls(2).errors(1).share(2),
                stream.wakers(1)
                        .messages(1)
                        .ended()
                        .stalls(1)
                        .ticks(1)
                        .errors(1)
                        .share(1));
    }

    /** Enough for each broken variant to show. */
    static List<HoldModelBounds> small() {
        HoldModelBounds stream = HoldModelBounds.stream();
        return List.of(
                stream.messages(1).stalls(1),
                stream.wakers(1).stalls(1).ticks(1),
                stream.wakers(1).closed().ended().stalls(1),
                stream.wakers(1).messages(1).stalls(1).errors(1),
                stream.wakers(0).stalls(1).errors(1).ticks(1));
    }

    /** The same, where it is handed over. */
    static List<HoldModelBounds> smallWithShares() {
        HoldModelBounds stream = HoldModelBounds.stream();
        return List.of(
                stream.wakers(1).messages(2).shuttingDown().share(1),
                stream.wakers(1).messages(1).stalls(1).errors(1).share(1),
                stream.wakers(1).messages(1).shuttingDown().stalls(1).errors(1).share(1));
    }

    @ParameterizedTest
    @MethodSource("ordinary")
    void everyInterleaving_keepsTheClaims(HoldModelBounds bounds) {
        explore(bounds);
    }

    @Tag("proof")
    @ParameterizedTest
    @MethodSource("large")
    void everyInterleaving_keepsTheClaims_atLargerBounds(HoldModelBounds bounds) {
        explore(bounds);
    }

    private static void explore(HoldModelBounds bounds) {
        long began = System.nanoTime();
        Result result = HoldModelSearch.explore(bounds, HoldModelVariant.AS_IT_IS);
        System.out.printf(
                "held response: %,d states, %,d steps, %,d quiet, %,d ms: %s%n",
                result.states(), result.steps(), result.quiet(), (System.nanoTime() - began) / 1_000_000, bounds);
        assertThat(result.counterexample().map(Counterexample::trace)).isEmpty();
        assertThat(result.quiet()).isPositive();
    }

    /** What is wrong is in the variant's name; a model that notices nothing would pass without it. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AS_IT_IS")
    void brokenVariant_isCaught(HoldModelVariant variant) {
        assertThat(caught(variant).map(Counterexample::claim)).contains(variant.breaks);
    }

    /** The drainer is told false, and before it has left the container calls: nobody else will drain. */
    @Test
    void counterexample_tellsTheRace() {
        String trace = caught(HoldModelVariant.NOT_READY_LEAVES_THOUGH_SIGNALLED)
                .map(Counterexample::trace)
                .orElse("");

        System.out.println("if NOT_READY in DRAIN_AGAIN left:\n" + trace.indent(4));
        assertThat(trace)
                .contains("isReady() is false", "DRAINING becomes DRAIN_AGAIN", "DRAIN_AGAIN becomes UNREADY")
                .contains("broken: NO_LOST_WAKE_UP");
    }

    private static Optional<Counterexample> caught(HoldModelVariant variant) {
        for (HoldModelBounds bounds : variant.handsOver() ? smallWithShares() : small()) {
            Optional<Counterexample> found =
                    HoldModelSearch.explore(bounds, variant).counterexample();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    // ---- the table in the Javadoc

    @Test
    void tableInTheJavadoc_isTheEnum() throws IOException {
        List<List<String>> rows = table(Files.readString(TABLE));
        List<String> signals = rows.get(0).subList(1, rows.get(0).size());
        Map<String, String> written = new TreeMap<>();
        for (List<String> row : rows.subList(1, rows.size())) {
            assertThat(row).as("row %s", row).hasSameSizeAs(rows.get(0));
            for (int i = 0; i < signals.size(); i++) {
                written.put(row.get(0) + " " + signals.get(i), row.get(i + 1));
            }
        }
        Map<String, String> meant = new TreeMap<>();
        for (HoldState state : HoldState.values()) {
            for (Signal signal : Signal.values()) {
                meant.put(state + " " + signal, cell(state, signal));
            }
        }

        assertThat(written).isEqualTo(meant);
    }

    private static List<List<String>> table(String source) {
        List<List<String>> rows = new ArrayList<>();
        Matcher row = ROW.matcher(source);
        while (row.find()) {
            rows.add(CELL.matcher(row.group(1)).results().map(r -> r.group(1)).toList());
        }
        return rows;
    }

    /** How the table writes a transition: next state, and act; – is no change and nothing to do; empty cannot happen. */
    private static String cell(HoldState state, Signal signal) {
        Transition to;
        try {
            to = state.on(signal);
        } catch (IllegalStateException e) {
            return "";
        }
        List<String> parts = new ArrayList<>();
        if (to.next() != state) {
            parts.add(to.next().name());
        }
        if (to.act() != Act.NONE) {
            parts.add(to.act().name().toLowerCase(Locale.ROOT));
        }
        return parts.isEmpty() ? "–" : String.join(", ", parts);
    }

    /** A response keeps the number only. */
    @Test
    void states_areFoundByTheirNumbers() {
        for (HoldState state : HoldState.values()) {
            assertThat(HoldState.of(state.number)).isEqualTo(state);
        }
    }
}
