package dev.comet.servlet;

import static dev.comet.servlet.HoldModelClaim.ARRAY_KEPT;
import static dev.comet.servlet.HoldModelClaim.COMPLETED_ONCE;
import static dev.comet.servlet.HoldModelClaim.NOT_RECYCLED;
import static dev.comet.servlet.HoldModelClaim.ONE_DRAINER;
import static dev.comet.servlet.HoldModelClaim.READY_BEFORE_OUTPUT;

import dev.comet.servlet.HoldModelActor.At;
import dev.comet.servlet.HoldModelActor.From;
import dev.comet.servlet.HoldState.Signal;

/**
 * The steps of the drainer, and the container's output as it meets them.
 *
 * <p>The output: isReady() that answers false owes one onWritePossible later; it may answer false whenever it likes, and must
 * while something is pending. What is written or flushed may be pending, and the container then reads from the array that it was
 * given until that is over. Any call may throw. When the connection is dead, isReady() may say anything and the rest throws; the
 * container may say nothing of it, call onError on a thread of its own before or after the drainer sees the exception, or call
 * it on the drainer's own stack.
 *
 * <p>The scheduler: it may refuse a task, run it inside execute(), or take it and run it later, once; when it is closed it drops
 * what comes, and still runs what it has. <i>Owned by the search.</i>
 */
final class HoldModelDrainer {
    private final HoldModelBounds bounds;
    private final HoldModelVariant variant;
    private final HoldModelChoices choices;
    private final HoldModelWorld w;

    HoldModelDrainer(HoldModelBounds bounds, HoldModelVariant variant, HoldModelChoices choices, HoldModelWorld w) {
        this.bounds = bounds;
        this.variant = variant;
        this.choices = choices;
        this.w = w;
    }

    /** Begins drain(). */
    void enter(HoldModelActor a) {
        if (w.anybodyDrains()) {
            throw ONE_DRAINER.broken("a second drainer");
        }
        if (!w.started) {
            a.returns(); // there is nothing to write to yet
            return;
        }
        a.drains = true;
        a.at = At.ROUND;
    }

    String step(HoldModelActor a) {
        return switch (a.at) {
            case ROUND -> round(a);
            case CHECK_CLOSED -> checkClosed(a);
            case IS_READY -> isReady(a);
            case SAY_BLOCKED -> sayBlocked(a);
            case READ_ENDING -> readEnding(a);
            case READ_RING -> readRing(a);
            case SEE_HEARTBEAT -> seeHeartbeat(a);
            case CLEAR_HEARTBEAT -> {
                w.heartbeatDue = false;
                decide(a);
                yield "the heartbeat is no longer due";
            }
            case WRITE -> write(a);
            case FLUSH -> flush(a);
            case WRITING, FLUSHING -> comeBack(a);
            case EXECUTE -> execute(a);
            case ASK_HUB -> askHub(a);
            default -> throw new IllegalStateException("not a step of the drainer: " + a.at);
        };
    }

    // ---- round()

    private String round(HoldModelActor a) {
        if (variant != HoldModelVariant.BLOCKED_NOT_CLEARED) {
            w.blocked = false;
        }
        a.lent = false;
        a.wrote = false;
        a.writes = 0;
        a.at = At.CHECK_CLOSED;
        return "round(): is not blocked";
    }

    private String checkClosed(HoldModelActor a) {
        if (w.state == HoldState.CLOSED) {
            leave(a);
            return "finds it closed";
        }
        if (bounds.share() > 0 && a.writes == bounds.share()) {
            if (!a.lent || variant == HoldModelVariant.ARRAY_GIVEN_BACK_WHEN_HANDED_OVER) {
                giveBack(a);
            }
            a.signals(Signal.SHARE_USED, From.HANDING_OVER);
            return "finds it not closed, and has used its share";
        }
        a.at = At.IS_READY;
        return "finds it not closed";
    }

    // ---- handOver()

    /** Begins handOver(): nobody drains now. */
    void handOver(HoldModelActor a) {
        a.drains = false;
        a.lent = false;
        a.wrote = false;
        a.writes = 0;
        a.filled = false;
        a.ending = false;
        a.over = false;
        a.at = At.EXECUTE;
        switch (variant) {
            case HAND_OVER_FORGOTTEN -> a.returns();
            case HUB_ASKED_BEFORE_THE_HAND_OVER -> a.at = w.hubClosed ? At.ASK_HUB : At.EXECUTE;
            default -> {} // the task is given away first
        }
    }

    private String execute(HoldModelActor a) {
        if (w.errors > 0 && choices.either()) {
            w.errors--;
            noTaskComes(a, HoldModelVariant.REFUSED_IS_LEFT);
            return "execute() refuses the task";
        }
        if (choices.either()) {
            noTaskComes(a, HoldModelVariant.TURN_AT_ONCE_IS_LEFT);
            return "execute() runs the task at once";
        }
        String text = "execute() drops the task";
        if (!w.schedulerClosed) {
            w.tasks++;
            text = "execute() takes the task";
        }
        switch (variant) {
            case DROPPED_IS_LEFT, HUB_ASKED_BEFORE_THE_HAND_OVER -> a.returns();
            case DRAINS_ON_AFTER_THE_HAND_OVER -> enter(a);
            default -> a.at = At.ASK_HUB;
        }
        return text;
    }

    private String askHub(HoldModelActor a) {
        if (w.hubClosed) {
            noTaskComes(a, HoldModelVariant.DROPPED_IS_LEFT);
            return "the hub is closed, perhaps no task will come";
        }
        a.returns();
        return "the hub is not closed, the task will come";
    }

    /** Takes the turn back, unless that is what is wrong. */
    private void noTaskComes(HoldModelActor a, HoldModelVariant forgets) {
        if (variant == forgets) {
            a.returns();
        } else {
            a.signals(Signal.TURN, From.TAKING_BACK);
        }
    }

    /** The end of round(), after the loop. */
    private void leave(HoldModelActor a) {
        if (!a.lent || variant == HoldModelVariant.ARRAY_GIVEN_BACK_WHEN_CLOSED) {
            giveBack(a);
        }
        a.signals(Signal.NOTHING_LEFT, From.LEAVING);
    }

    private String isReady(HoldModelActor a) {
        touch(a);
        if (w.errors > 0 && choices.either()) {
            w.errors--;
            fail(a);
            return "isReady() throws";
        }
        if (w.dead ? choices.either() : w.pending) {
            return notReady(a);
        }
        if (!w.dead && w.stalls > 0 && choices.either()) {
            w.stalls--;
            w.pending = true;
            return notReady(a);
        }
        a.ready = true;
        if (w.lastWords) {
            a.filled = false;
            decide(a);
        } else {
            a.at = At.READ_ENDING;
        }
        return "isReady() is true";
    }

    private String notReady(HoldModelActor a) {
        w.armed = true;
        a.ready = false;
        a.at = At.SAY_BLOCKED;
        return "isReady() is false";
    }

    private String sayBlocked(HoldModelActor a) {
        if (variant != HoldModelVariant.BLOCKED_NOT_SAID) {
            w.blocked = true;
        }
        if (!a.lent || variant == HoldModelVariant.ARRAY_GIVEN_BACK_WHEN_NOT_READY) {
            giveBack(a);
        }
        a.signals(Signal.NOT_READY, From.LEAVING);
        return "is blocked";
    }

    private void giveBack(HoldModelActor a) {
        if (a.wrote && w.holdsArray) {
            throw ARRAY_KEPT.broken("the container has the array still");
        }
    }

    // ---- fill()

    private String readEnding(HoldModelActor a) {
        a.filled = !w.begun && bounds.words();
        w.begun = true;
        a.ending = w.ending;
        a.over = w.channelClosed;
        a.at = At.READ_RING;
        return a.ending || a.over ? "reads that it is to end" : "reads that it is not to end";
    }

    private String readRing(HoldModelActor a) {
        if (w.errors > 0 && choices.either()) {
            w.errors--;
            fail(a);
            return "reading or framing throws";
        }
        int there = a.ending ? 0 : w.appended - w.cursor;
        int taken = there > 1 && choices.either() ? 1 : there;
        w.cursor += taken;
        a.filled |= taken > 0;
        boolean ended = a.ending || (a.over && taken == there);
        if (ended || (bounds.ends() && w.cursor > 0)) {
            w.lastWords = true;
            a.filled |= bounds.words() || bounds.ends();
        }
        if (bounds.ticks() > 0) {
            a.at = At.SEE_HEARTBEAT;
        } else {
            decide(a);
        }
        return w.lastWords ? "reads the ring, and adds the last words" : taken > 0 ? "reads the ring" : "finds nothing";
    }

    private String seeHeartbeat(HoldModelActor a) {
        boolean due = w.heartbeatDue;
        if (due && !w.lastWords) {
            a.filled = true;
        }
        if (due || variant == HoldModelVariant.HEARTBEAT_CLEARED_BLINDLY) {
            a.at = At.CLEAR_HEARTBEAT;
        } else {
            decide(a);
        }
        return due ? "sees that a heartbeat is due" : "sees no heartbeat due";
    }

    /** After fill(): what the round does next. */
    private void decide(HoldModelActor a) {
        a.lent = a.filled;
        if (a.filled) {
            a.at = At.WRITE;
        } else if (w.unflushed && variant != HoldModelVariant.FLUSH_OMITTED) {
            a.at = At.FLUSH;
        } else if (w.lastWords) {
            a.signals(Signal.END, From.LAST_WORDS);
        } else {
            leave(a);
        }
    }

    // ---- the output

    private void touch(HoldModelActor a) {
        if (w.completed > 0) {
            throw COMPLETED_ONCE.broken("the output is touched after complete()");
        }
        if (w.recycled) {
            throw NOT_RECYCLED.broken("the output is touched");
        }
        if (w.anybodyInside()) {
            throw ONE_DRAINER.broken("two threads inside the output");
        }
        if (!a.drains) {
            throw ONE_DRAINER.broken("somebody else than the drainer inside the output");
        }
    }

    private void enterOutput(HoldModelActor a, String what) {
        touch(a);
        if (!a.ready) {
            throw READY_BEFORE_OUTPUT.broken(what + " without isReady()");
        }
        if (w.pending) {
            throw READY_BEFORE_OUTPUT.broken(what + " while something is pending");
        }
        a.ready = false;
        a.inside = true;
    }

    private String write(HoldModelActor a) {
        enterOutput(a, "write()");
        a.wrote = true;
        a.writes += bounds.share() > 0 ? 1 : 0;
        w.heartbeatOwed = false;
        if (failsInside(a, At.WRITING)) {
            return "write() begins, and fails";
        }
        w.written = w.cursor;
        w.dirty = true;
        w.lastWordsWritten = w.lastWords;
        boolean pending = mayBePending();
        w.holdsArray = pending;
        return pending ? "write() begins, and is pending" : "write() begins";
    }

    private String flush(HoldModelActor a) {
        enterOutput(a, "flush()");
        if (failsInside(a, At.FLUSHING)) {
            return "flush() begins, and fails";
        }
        w.flushed = w.written;
        w.dirty = false;
        w.lastWordsFlushed = w.lastWordsWritten;
        return mayBePending() ? "flush() begins, and is pending" : "flush() begins";
    }

    private boolean mayBePending() {
        if (w.stalls > 0 && choices.either()) {
            w.stalls--;
            w.pending = true;
        }
        return w.pending;
    }

    private boolean failsInside(HoldModelActor a, At within) {
        a.at = within;
        if (!w.dead) {
            if (w.errors == 0 || !choices.either()) {
                return false;
            }
            w.errors--;
            w.dies();
        }
        a.throwing = true;
        switch (choices.pick(3)) {
            case 0 -> {} // nobody is told
            case 1 -> w.errorsOwed = Math.min(w.errorsOwed + 1, 2);
            default -> {
                w.aborted = true;
                a.within = within;
                a.signals(Signal.END, From.OWN_STACK);
            }
        }
        return true;
    }

    private String comeBack(HoldModelActor a) {
        a.inside = false;
        boolean wrote = a.at == At.WRITING;
        if (a.throwing) {
            a.throwing = false;
            fail(a);
            return wrote ? "write() throws" : "flush() throws";
        }
        w.unflushed = wrote;
        a.at = At.CHECK_CLOSED;
        if (wrote) {
            afterWrite(a);
        } else if (w.lastWords && variant == HoldModelVariant.COMPLETE_WITHOUT_READY) {
            a.lent = false;
            a.signals(Signal.END, From.LAST_WORDS);
        }
        return wrote ? "write() is over" : "flush() is over";
    }

    private void afterWrite(HoldModelActor a) {
        switch (variant) {
            case NO_READY_BEFORE_FLUSH -> {
                a.lent = false;
                a.at = At.FLUSH;
            }
            case NO_READY_BETWEEN_WRITES -> a.at = w.lastWords ? At.CHECK_CLOSED : At.READ_ENDING;
            case COMPLETE_BEFORE_THE_FLUSH -> {
                if (w.lastWords) {
                    a.signals(Signal.END, From.LAST_WORDS);
                }
            }
            default -> {} // the loop goes on
        }
    }

    /** What drain() catches. */
    private void fail(HoldModelActor a) {
        w.aborted = true;
        a.ready = false;
        if (variant == HoldModelVariant.FAILURE_ONLY_LEAVES) {
            a.signals(Signal.NOTHING_LEFT, From.LEAVING_FOR_GOOD);
        } else {
            a.signals(Signal.END, From.FAILED);
        }
    }
}
