package dev.comet.servlet;

import static dev.comet.servlet.HoldModelClaim.ARRAY_KEPT;
import static dev.comet.servlet.HoldModelClaim.COMPLETED_ONCE;
import static dev.comet.servlet.HoldModelClaim.ENDS;
import static dev.comet.servlet.HoldModelClaim.HEARTBEAT_KEPT;
import static dev.comet.servlet.HoldModelClaim.NOT_RECYCLED;
import static dev.comet.servlet.HoldModelClaim.NO_IMPOSSIBLE_CELL;
import static dev.comet.servlet.HoldModelClaim.NO_LOST_WAKE_UP;
import static dev.comet.servlet.HoldModelClaim.ONE_DRAINER;
import static dev.comet.servlet.HoldModelClaim.READY_BEFORE_OUTPUT;
import static dev.comet.servlet.HoldModelClaim.TIMER_KEPT;
import static dev.comet.servlet.HoldState.CLOSED;
import static dev.comet.servlet.HoldState.DRAINING;
import static dev.comet.servlet.HoldState.DRAIN_AGAIN;
import static dev.comet.servlet.HoldState.HANDED_OVER;
import static dev.comet.servlet.HoldState.IDLE;
import static dev.comet.servlet.HoldState.Signal.END;
import static dev.comet.servlet.HoldState.Signal.NOTHING_LEFT;
import static dev.comet.servlet.HoldState.Signal.NOT_READY;
import static dev.comet.servlet.HoldState.Signal.SHARE_USED;
import static dev.comet.servlet.HoldState.Signal.TURN;
import static dev.comet.servlet.HoldState.Signal.WAKE;
import static dev.comet.servlet.HoldState.Signal.WRITE_POSSIBLE;
import static dev.comet.servlet.HoldState.UNREADY;

import dev.comet.servlet.HoldState.Act;
import dev.comet.servlet.HoldState.Signal;
import dev.comet.servlet.HoldState.Transition;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is explored: the library's own table and program, or one of them broken in one place, to see that the claims notice. The
 * claim of a broken one is the one that its shortest counterexample breaks.
 */
enum HoldModelVariant {
    AS_IT_IS,

    // One cell of the table is wrong.
    WAKE_IGNORED_WHILE_DRAINING(NO_LOST_WAKE_UP, DRAINING, DRAINING, Act.NONE, WAKE),
    WRITE_POSSIBLE_IGNORED_WHILE_DRAINING(NO_LOST_WAKE_UP, DRAINING, DRAINING, Act.NONE, WRITE_POSSIBLE),
    WAKE_IGNORED_WHILE_IDLE(NO_LOST_WAKE_UP, IDLE, IDLE, Act.NONE, WAKE),
    WAKE_DRAINS_WHILE_DRAINING(ONE_DRAINER, DRAINING, DRAINING, Act.DRAIN, WAKE),
    WAKE_DRAINS_BEFORE_READY(NO_LOST_WAKE_UP, UNREADY, DRAINING, Act.DRAIN, WAKE),
    NOTHING_LEFT_LEAVES_THOUGH_WOKEN(NO_LOST_WAKE_UP, DRAIN_AGAIN, IDLE, Act.LEAVE, NOTHING_LEFT),
    NOTHING_LEFT_WAITS_FOR_THE_CONTAINER(NO_LOST_WAKE_UP, DRAINING, UNREADY, Act.LEAVE, NOTHING_LEFT),
    NOT_READY_LEAVES_THOUGH_SIGNALLED(NO_LOST_WAKE_UP, DRAIN_AGAIN, UNREADY, Act.LEAVE, NOT_READY),
    NOT_READY_LEAVES_IDLE(NO_LOST_WAKE_UP, DRAINING, IDLE, Act.LEAVE, NOT_READY),
    END_COMPLETES_WHILE_DRAINING(COMPLETED_ONCE, DRAINING, CLOSED, Act.COMPLETE, END),
    END_COMPLETES_WHILE_DRAINING_AGAIN(COMPLETED_ONCE, DRAIN_AGAIN, CLOSED, Act.COMPLETE, END),
    END_COMPLETES_AGAIN(COMPLETED_ONCE, CLOSED, CLOSED, Act.COMPLETE, END),
    END_FORGETS_THE_IDLE(ENDS, IDLE, CLOSED, Act.NONE, END),
    END_FORGETS_THE_UNREADY(ENDS, UNREADY, CLOSED, Act.NONE, END),
    WAKE_REOPENS(ONE_DRAINER, CLOSED, DRAINING, Act.DRAIN, WAKE),
    DRAINER_DOES_NOT_COMPLETE(ENDS, CLOSED, CLOSED, Act.LEAVE, NOTHING_LEFT),
    DRAINER_NOT_READY_DOES_NOT_COMPLETE(ENDS, CLOSED, CLOSED, Act.LEAVE, NOT_READY),
    HAND_OVER_STAYS_DRAINING(NO_LOST_WAKE_UP, DRAINING, DRAINING, Act.HAND_OVER, SHARE_USED),
    HAND_OVER_LEAVES_IDLE(NO_LOST_WAKE_UP, DRAINING, IDLE, Act.HAND_OVER, SHARE_USED),
    HAND_OVER_OF_A_WOKEN_LEAVES_IDLE(NO_LOST_WAKE_UP, DRAIN_AGAIN, IDLE, Act.HAND_OVER, SHARE_USED),
    HAND_OVER_TELLS_NOBODY(NO_LOST_WAKE_UP, DRAINING, HANDED_OVER, Act.LEAVE, SHARE_USED),
    HAND_OVER_OF_A_CLOSED_DOES_NOT_COMPLETE(ENDS, CLOSED, CLOSED, Act.LEAVE, SHARE_USED),
    HAND_OVER_OF_A_CLOSED_HANDS_OVER(ENDS, CLOSED, CLOSED, Act.HAND_OVER, SHARE_USED),
    HAND_OVER_REOPENS(ENDS, CLOSED, HANDED_OVER, Act.HAND_OVER, SHARE_USED),
    TURN_IGNORED(NO_LOST_WAKE_UP, HANDED_OVER, HANDED_OVER, Act.NONE, TURN),
    TURN_DRAINS_WHILE_DRAINING(ONE_DRAINER, DRAINING, DRAINING, Act.DRAIN, TURN),
    TURN_REOPENS(COMPLETED_ONCE, CLOSED, DRAINING, Act.DRAIN, TURN),
    TURN_COMPLETES_THE_CLOSED(COMPLETED_ONCE, CLOSED, CLOSED, Act.COMPLETE, TURN),
    END_LEAVES_COMPLETION_TO_THE_TURN(ENDS, HANDED_OVER, CLOSED, Act.NONE, END),
    WAKE_TAKES_THE_HANDED_OVER_FOR_IDLE(NO_LOST_WAKE_UP, HANDED_OVER, DRAIN_AGAIN, Act.NONE, WAKE),

    // One place of the program is wrong.
    IDLE_SET_BLINDLY(NO_LOST_WAKE_UP),
    CLOSED_SET_BLINDLY(COMPLETED_ONCE),
    WAKE_BEFORE_APPEND(NO_LOST_WAKE_UP),
    END_WITHOUT_WAKE(ENDS),
    NO_READY_BEFORE_FLUSH(READY_BEFORE_OUTPUT),
    NO_READY_BETWEEN_WRITES(READY_BEFORE_OUTPUT),
    FLUSH_OMITTED(NO_LOST_WAKE_UP),
    COMPLETE_BEFORE_THE_FLUSH(HoldModelClaim.LAST_WORDS),
    COMPLETE_WITHOUT_READY(HoldModelClaim.LAST_WORDS),
    ERROR_COMPLETES_DIRECTLY(COMPLETED_ONCE),
    FAILURE_ONLY_ENDS(ENDS),
    FAILURE_ONLY_LEAVES(ENDS),
    COMPLETE_THROWS_INTO_THE_DRAIN(COMPLETED_ONCE),
    ARRAY_GIVEN_BACK_WHEN_NOT_READY(ARRAY_KEPT),
    ARRAY_GIVEN_BACK_WHEN_CLOSED(ARRAY_KEPT),
    HEARTBEAT_CLEARED_BLINDLY(HEARTBEAT_KEPT),
    BLOCKED_NOT_CLEARED(TIMER_KEPT),
    BLOCKED_NOT_SAID(TIMER_KEPT),
    LATE_TIMER_LEFT(TIMER_KEPT),
    CALLBACK_DOES_NOT_WAIT(NOT_RECYCLED),
    CALLBACK_WAITS_FOR_A_DRAINER_ONLY(NOT_RECYCLED),

    // One place of handing over is wrong.
    HANDED_OVER_SET_BLINDLY(ENDS),
    HAND_OVER_FORGOTTEN(NO_LOST_WAKE_UP),
    TURN_LOST(NO_LOST_WAKE_UP),
    TURN_AT_ONCE_IS_LEFT(NO_LOST_WAKE_UP),
    REFUSED_IS_LEFT(NO_LOST_WAKE_UP),
    DROPPED_IS_LEFT(NO_LOST_WAKE_UP),
    HUB_ASKED_BEFORE_THE_HAND_OVER(NO_LOST_WAKE_UP),
    REFUSED_DRAINS_ON_ANYWAY(ONE_DRAINER),
    DRAINS_ON_AFTER_THE_HAND_OVER(ONE_DRAINER),
    ARRAY_GIVEN_BACK_WHEN_HANDED_OVER(ARRAY_KEPT);

    private static final Set<HoldModelVariant> HANDING_OVER =
            EnumSet.range(HANDED_OVER_SET_BLINDLY, ARRAY_GIVEN_BACK_WHEN_HANDED_OVER);

    /** The claim that it breaks; null for the one that breaks none. */
    final @Nullable HoldModelClaim breaks;

    // The wrong cell, if one is.
    private final @Nullable HoldState state;
    private final @Nullable Signal signal;
    private final @Nullable HoldState next;
    private final @Nullable Act act;

    HoldModelVariant() {
        this(null, null, null, null, null);
    }

    HoldModelVariant(HoldModelClaim breaks) {
        this(breaks, null, null, null, null);
    }

    HoldModelVariant(
            @Nullable HoldModelClaim breaks,
            @Nullable HoldState state,
            @Nullable HoldState next,
            @Nullable Act act,
            @Nullable Signal signal) {
        this.breaks = breaks;
        this.state = state;
        this.next = next;
        this.act = act;
        this.signal = signal;
    }

    /** Whether it is about handing over, and shows only where that happens. */
    boolean handsOver() {
        return state == HANDED_OVER || signal == SHARE_USED || signal == TURN || HANDING_OVER.contains(this);
    }

    /** The library's own table, but for the cell that is wrong here. */
    Transition on(HoldState now, Signal what) {
        if (next != null && act != null && now == state && what == signal) {
            return new Transition(next, act);
        }
        try {
            return now.on(what);
        } catch (IllegalStateException e) {
            throw NO_IMPOSSIBLE_CELL.broken(e.getMessage());
        }
    }
}
