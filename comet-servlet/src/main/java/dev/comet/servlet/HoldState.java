package dev.comet.servlet;

import static dev.comet.servlet.HoldState.Act.COMPLETE;
import static dev.comet.servlet.HoldState.Act.DRAIN;
import static dev.comet.servlet.HoldState.Act.HAND_OVER;
import static dev.comet.servlet.HoldState.Act.LEAVE;
import static dev.comet.servlet.HoldState.Act.LOOP;
import static dev.comet.servlet.HoldState.Act.NONE;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The states of a held response, and what each signal makes of them. Every change is one compare-and-set of the state; whoever
 * wins it does what the act says.
 *
 * <table>
 * <caption>next state, and act; – is no change and nothing to do</caption>
 * <tr><th>state</th><th>WAKE</th><th>WRITE_POSSIBLE</th><th>NOTHING_LEFT</th><th>NOT_READY</th><th>SHARE_USED</th><th>TURN</th><th>END</th></tr>
 * <tr><td>IDLE</td><td>DRAINING, drain</td><td>DRAINING, drain</td><td></td><td></td><td></td><td>–</td><td>CLOSED, complete</td></tr>
 * <tr><td>DRAINING</td><td>DRAIN_AGAIN</td><td>DRAIN_AGAIN</td><td>IDLE, leave</td><td>UNREADY, leave</td><td>HANDED_OVER, hand_over</td><td>–</td><td>CLOSED</td></tr>
 * <tr><td>DRAIN_AGAIN</td><td>–</td><td>–</td><td>DRAINING, loop</td><td>DRAINING, loop</td><td>HANDED_OVER, hand_over</td><td>–</td><td>CLOSED</td></tr>
 * <tr><td>HANDED_OVER</td><td>–</td><td>–</td><td></td><td></td><td></td><td>DRAINING, drain</td><td>CLOSED, complete</td></tr>
 * <tr><td>UNREADY</td><td>–</td><td>DRAINING, drain</td><td></td><td></td><td></td><td>–</td><td>CLOSED, complete</td></tr>
 * <tr><td>CLOSED</td><td>–</td><td>–</td><td>complete</td><td>complete</td><td>complete</td><td>–</td><td>–</td></tr>
 * </table>
 *
 * The empty cells cannot happen: only the drainer says that nothing is left, that the stream is not ready or that its share is
 * used, and it drains in DRAINING and DRAIN_AGAIN, or finds itself closed. Whoever ends a response that nobody drains completes
 * it, and nobody drains one that is handed over; one that is being drained is completed by the drainer as it leaves. So it is
 * completed once, and never while somebody writes to it. A TURN counts where it is waited for, and nowhere else: one that the
 * drainer has taken back may still come.
 */
enum HoldState {
    /** Nobody drains; all that there was is written and flushed. */
    IDLE(0),
    /** One thread drains. */
    DRAINING(1),
    /** One thread drains, and is to look once more before it leaves. */
    DRAIN_AGAIN(2),
    /** Nobody drains, there may be something left, and a task that is to drain it waits for its turn. */
    HANDED_OVER(3),
    /** The container said that it is not ready, and will call onWritePossible. The first state: it calls once at the start. */
    UNREADY(4),
    /** Over. Whoever drains still leaves, and completes. */
    CLOSED(5);

    /** What a response keeps of it, for to store a number costs no collector anything: its place here, from 0. */
    final int number;

    HoldState(int number) {
        this.number = number;
    }

    /** What happens to a held response. */
    enum Signal {
        /** There may be something to read, from any thread. */
        WAKE,
        /** The container's onWritePossible. */
        WRITE_POSSIBLE,
        /** The drainer has read, written and flushed everything. */
        NOTHING_LEFT,
        /** isReady() told the drainer false. */
        NOT_READY,
        /** The drainer has written as much as one may at a stretch. */
        SHARE_USED,
        /** The task that it was handed over to runs; or the drainer takes it back, because no task will. */
        TURN,
        /** An error, a time-out, or the drainer's own end after the last flush. */
        END
    }

    /** What the winner of the transition is to do. */
    enum Act {
        /** Nothing; somebody else will. */
        NONE,
        /** Drain: it is the drainer now. */
        DRAIN,
        /** The drainer goes round once more, beginning with isReady(). */
        LOOP,
        /** The drainer leaves and touches nothing any more. */
        LEAVE,
        /** As LEAVE, and has a task executed that gives TURN. */
        HAND_OVER,
        /** Complete the exchange; the drainer leaves with it. */
        COMPLETE
    }

    /** A cell of the table. */
    record Transition(HoldState next, Act act) {}

    private static final HoldState[] STATES = values();
    /** Made once: each signal looks a cell up, and none is made anew. */
    private static final Map<HoldState, Map<Signal, Transition>> CELLS = cells();

    private static Map<HoldState, Map<Signal, Transition>> cells() {
        Map<HoldState, Map<Signal, Transition>> cells = new EnumMap<>(HoldState.class);
        for (HoldState state : STATES) {
            Map<Signal, Transition> row = new EnumMap<>(Signal.class);
            for (Signal signal : Signal.values()) {
                Transition cell = state.cell(signal);
                if (cell != null) {
                    row.put(signal, cell);
                }
            }
            cells.put(state, row);
        }
        return cells;
    }

    /** The state of this {@link #number}. */
    static HoldState of(int number) {
        return STATES[number];
    }

    /** The cell of the table for this state and a signal. */
    Transition on(Signal signal) {
        Map<Signal, Transition> row = CELLS.get(this);
        Transition cell = row == null ? null : row.get(signal);
        if (cell == null) {
            throw new IllegalStateException(signal + " in " + this + ": only a drainer says that");
        }
        return cell;
    }

    private @Nullable Transition cell(Signal signal) {
        return switch (this) {
            case IDLE ->
                switch (signal) {
                    case WAKE, WRITE_POSSIBLE -> to(DRAINING, DRAIN);
                    case TURN -> to(IDLE, NONE);
                    case END -> to(CLOSED, COMPLETE);
                    case NOTHING_LEFT, NOT_READY, SHARE_USED -> null;
                };
            case DRAINING ->
                switch (signal) {
                    case WAKE, WRITE_POSSIBLE -> to(DRAIN_AGAIN, NONE);
                    case NOTHING_LEFT -> to(IDLE, LEAVE);
                    case NOT_READY -> to(UNREADY, LEAVE);
                    case SHARE_USED -> to(HANDED_OVER, HAND_OVER);
                    case TURN -> to(DRAINING, NONE);
                    case END -> to(CLOSED, NONE);
                };
            case DRAIN_AGAIN ->
                switch (signal) {
                    case WAKE, WRITE_POSSIBLE, TURN -> to(DRAIN_AGAIN, NONE);
                    case NOTHING_LEFT, NOT_READY -> to(DRAINING, LOOP);
                    case SHARE_USED -> to(HANDED_OVER, HAND_OVER);
                    case END -> to(CLOSED, NONE);
                };
            case HANDED_OVER ->
                switch (signal) {
                    case WAKE, WRITE_POSSIBLE -> to(HANDED_OVER, NONE);
                    case TURN -> to(DRAINING, DRAIN);
                    case END -> to(CLOSED, COMPLETE);
                    case NOTHING_LEFT, NOT_READY, SHARE_USED -> null;
                };
            case UNREADY ->
                switch (signal) {
                    case WAKE, TURN -> to(UNREADY, NONE);
                    case WRITE_POSSIBLE -> to(DRAINING, DRAIN);
                    case END -> to(CLOSED, COMPLETE);
                    case NOTHING_LEFT, NOT_READY, SHARE_USED -> null;
                };
            case CLOSED ->
                switch (signal) {
                    case WAKE, WRITE_POSSIBLE, TURN, END -> to(CLOSED, NONE);
                    case NOTHING_LEFT, NOT_READY, SHARE_USED -> to(CLOSED, COMPLETE);
                };
        };
    }

    private static Transition to(HoldState next, Act act) {
        return new Transition(next, act);
    }
}
