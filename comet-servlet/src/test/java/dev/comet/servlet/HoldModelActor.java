package dev.comet.servlet;

import dev.comet.servlet.HoldState.Signal;

/** A thread of the model: where it is, and its local variables. <i>Owned by the world that it is in.</i> */
final class HoldModelActor {

    /** Who it is. Any of them may become the drainer. */
    enum Role {
        WAKER,
        CONTAINER,
        ERRORS,
        TIMER,
        /** The scheduler's, which runs what a response was handed over to. */
        POOL,
        /** The other end of the connection: no thread of ours. */
        SOCKET
    }

    /** What it does next. Each is one atomic operation on what threads share. */
    enum At {
        REST,
        START,
        // signal()
        READ_STATE,
        SET_STATE,
        // round()
        ROUND,
        CHECK_CLOSED,
        IS_READY,
        SAY_BLOCKED,
        // fill()
        READ_ENDING,
        READ_RING,
        SEE_HEARTBEAT,
        CLEAR_HEARTBEAT,
        // in the output
        WRITE,
        WRITING,
        FLUSH,
        FLUSHING,
        // handOver()
        EXECUTE,
        ASK_HUB,
        // complete()
        CANCEL_TIMER,
        COMPLETE,
        // tick()
        TICK,
        TICK_STALL,
        TICK_EXPIRY,
        TICK_HEARTBEAT,
        DUE_HEARTBEAT,
        // watch()
        WATCH,
        SET_TIMER,
        CANCEL_LATE_TIMER,
        // disconnected()
        WAIT,
        // Comet.close()
        CLOSE_SCHEDULER
    }

    /** From where in the program a signal is given, which is where the thread goes on. */
    enum From {
        OUTSIDE,
        /** The end of round(). */
        LEAVING,
        /** The drainer's own end, after the last flush. */
        LAST_WORDS,
        /** A container's onError inside a call of ours, as Undertow does it. */
        OWN_STACK,
        /** The end of round(), when the share is used. */
        HANDING_OVER,
        /** The end of handOver(), when no task will come. */
        TAKING_BACK,
        /** leaveForGood(), first signal. */
        FAILED,
        /** leaveForGood(), second signal. */
        LEAVING_FOR_GOOD
    }

    private static final At[] ATS = At.values();
    private static final From[] FROMS = From.values();
    private static final Signal[] SIGNALS = Signal.values();
    private static final HoldState[] STATES = HoldState.values();

    final Role role;
    At at = At.REST;
    From from = From.OUTSIDE;
    Signal signal = Signal.WAKE;
    HoldState seen = HoldState.IDLE;
    At within = At.REST;

    boolean drains;
    boolean ready;
    boolean inside;
    boolean throwing;

    boolean lent;
    boolean wrote;
    int writes;
    boolean filled;
    boolean ending;
    boolean over;
    boolean watches;
    boolean appendsLate;

    HoldModelActor(Role role) {
        this.role = role;
    }

    void layout(HoldModelPacking p) {
        at = p.one(at, ATS);
        from = p.one(from, FROMS);
        signal = p.one(signal, SIGNALS);
        seen = p.one(seen, STATES);
        within = p.one(within, ATS);
        drains = p.flag(drains);
        ready = p.flag(ready);
        inside = p.flag(inside);
        throwing = p.flag(throwing);
        lent = p.flag(lent);
        wrote = p.flag(wrote);
        writes = p.number(writes, 2);
        filled = p.flag(filled);
        ending = p.flag(ending);
        over = p.flag(over);
        watches = p.flag(watches);
        appendsLate = p.flag(appendsLate);
    }

    /** Begins a signal. */
    void signals(Signal what, From where) {
        signal = what;
        from = where;
        at = At.READ_STATE;
    }

    /** Comes back from the outermost call: what was local to it is gone. */
    void returns() {
        at = watches ? At.WATCH : At.REST;
        from = From.OUTSIDE;
        signal = Signal.WAKE;
        seen = HoldState.IDLE;
        within = At.REST;
        drains = false;
        ready = false;
        throwing = false;
        lent = false;
        wrote = false;
        writes = 0;
        filled = false;
        ending = false;
        over = false;
        watches = false;
    }
}
