package dev.comet.servlet;

import static dev.comet.servlet.HoldModelClaim.ENDS;
import static dev.comet.servlet.HoldModelClaim.HEARTBEAT_KEPT;
import static dev.comet.servlet.HoldModelClaim.NO_LOST_WAKE_UP;
import static dev.comet.servlet.HoldModelClaim.TIMER_KEPT;

import dev.comet.servlet.HoldModelActor.Role;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Explores every interleaving within the bounds, breadth first, so that the first counterexample is a shortest one. <i>Owned by
 * one thread.</i>
 */
final class HoldModelSearch {
    private final HoldModelBounds bounds;
    private final HoldModelVariant variant;
    private final HoldModelChoices choices = new HoldModelChoices();

    private final Map<HoldModelSnapshot, HoldModelSnapshot> seen = new HashMap<>();

    private HoldModelSearch(HoldModelBounds bounds, HoldModelVariant variant) {
        this.bounds = bounds;
        this.variant = variant;
    }

    /** A claim that does not hold, and the way there. */
    record Counterexample(HoldModelClaim claim, String trace) {}

    /**
     * What came of it.
     *
     * @param states how many different worlds there are
     * @param steps how many steps lead from one to another
     * @param quiet in how many of them all is quiet
     */
    record Result(int states, long steps, int quiet, Optional<Counterexample> counterexample) {}

    /** Explores, until a claim is broken. */
    static Result explore(HoldModelBounds bounds, HoldModelVariant variant) {
        return new HoldModelSearch(bounds, variant).explore();
    }

    private Result explore() {
        ArrayDeque<HoldModelSnapshot> open = new ArrayDeque<>();
        HoldModelSnapshot first = new HoldModelSnapshot(HoldModelWorld.atFirst(bounds), null, null, "");
        seen.put(first, first);
        open.add(first);
        long[] steps = new long[1];
        int quiet = 0;
        while (!open.isEmpty()) {
            HoldModelSnapshot at = open.remove();
            try {
                HoldModelWorld w = at.world(bounds);
                if (w.isQuiet()) {
                    quiet++;
                    lookAtQuiet(w);
                }
                long before = steps[0];
                forEachStep(at, next -> {
                    steps[0]++;
                    HoldModelSnapshot known = seen.putIfAbsent(next, next);
                    if (known == null) {
                        open.add(next);
                    } else {
                        known.ways++;
                    }
                });
                if (steps[0] == before && !w.isQuiet()) {
                    throw ENDS.broken("somebody waits for ever");
                }
            } catch (HoldModelClaim.Broken e) {
                return new Result(
                        seen.size(),
                        steps[0],
                        quiet,
                        Optional.of(new Counterexample(e.claim, trace(at, e.getMessage()))));
            }
        }
        if (!everythingEnds(first)) {
            Counterexample loop = new Counterexample(ENDS, "an execution goes on for ever");
            return new Result(seen.size(), steps[0], quiet, Optional.of(loop));
        }
        return new Result(seen.size(), steps[0], quiet, Optional.empty());
    }

    /**
     * Whether no execution goes in a circle: takes away worlds that no step leads to any more, until none is left. Then every
     * execution ends, in a quiet world.
     */
    private boolean everythingEnds(HoldModelSnapshot first) {
        ArrayDeque<HoldModelSnapshot> open = new ArrayDeque<>();
        open.add(first);
        int[] taken = new int[1];
        while (!open.isEmpty()) {
            HoldModelSnapshot at = open.remove();
            taken[0]++;
            forEachStep(at, next -> {
                HoldModelSnapshot known = seen.get(next);
                if (--known.ways == 0) {
                    open.add(known);
                }
            });
        }
        return taken[0] == seen.size();
    }

    private void forEachStep(HoldModelSnapshot at, Consumer<HoldModelSnapshot> then) {
        HoldModelWorld before = at.world(bounds);
        HoldModel now = new HoldModel(bounds, variant, choices, before);
        int actors = before.actors.size();
        for (int i = 0; i < actors; i++) {
            if (now.canStep(before.actors.get(i))) {
                int who = i;
                eachWay(at, before.actors.get(i).role, (model, w) -> model.step(w.actors.get(who)), then);
            }
        }
        if (now.canSocketStep()) {
            eachWay(at, Role.SOCKET, (model, w) -> model.socketStep(), then);
        }
    }

    private void eachWay(
            HoldModelSnapshot at,
            Role by,
            BiConsumer<HoldModel, HoldModelWorld> step,
            Consumer<HoldModelSnapshot> then) {
        choices.fresh();
        do {
            HoldModelWorld w = at.world(bounds);
            HoldModel model = new HoldModel(bounds, variant, choices, w);
            step.accept(model, w);
            then.accept(new HoldModelSnapshot(w, at, by, model.did()));
        } while (choices.another());
    }

    // ---- what is claimed of a quiet world

    private void lookAtQuiet(HoldModelWorld w) {
        if (w.state == HoldState.CLOSED || w.aborted) {
            if (w.completed != 1) {
                throw ENDS.broken("it was ended, and is not completed");
            }
            if (w.timerSet) {
                throw TIMER_KEPT.broken("it is completed, and its timer is set");
            }
            return;
        }
        if (w.completed > 0) {
            throw ENDS.broken("it is completed, and not closed");
        }
        if (!w.timerSet) {
            throw TIMER_KEPT.broken("it is held, and no timer is set");
        }
        if (w.pending) {
            lookAtBlocked(w);
        } else {
            lookAtIdle(w);
        }
    }

    private static void lookAtBlocked(HoldModelWorld w) {
        if (w.state != HoldState.UNREADY || !w.armed) {
            throw NO_LOST_WAKE_UP.broken("something is pending, and nobody waits for onWritePossible");
        }
        if (!w.blocked) {
            throw TIMER_KEPT.broken("it is blocked, and the timer does not know");
        }
    }

    private void lookAtIdle(HoldModelWorld w) {
        if (w.flushed < w.appended || w.dirty) {
            throw NO_LOST_WAKE_UP.broken("the container is willing, and something is not written or not flushed");
        }
        if (w.ending || w.channelClosed || (bounds.ends() && w.appended > 0)) {
            throw ENDS.broken("the container is willing, it is to end, and has not");
        }
        if (w.state != HoldState.IDLE) {
            throw NO_LOST_WAKE_UP.broken("all is quiet, and nobody would hear a wake in " + w.state);
        }
        if (w.heartbeatOwed || w.heartbeatDue) {
            throw HEARTBEAT_KEPT.broken("a heartbeat was due, and nothing was written");
        }
        if (w.blocked) {
            throw TIMER_KEPT.broken("it is idle, and the timer takes it for blocked");
        }
    }

    // ---- the way there

    private static String trace(HoldModelSnapshot last, String message) {
        List<String> lines = new ArrayList<>();
        for (HoldModelSnapshot s = last; s.by != null; s = s.before) {
            lines.add(String.format("%-9s  %s", s.by, s.step));
        }
        Collections.reverse(lines);
        lines.add("broken: " + message);
        return String.join(System.lineSeparator(), lines);
    }
}
