package dev.comet.servlet;

import static dev.comet.servlet.HoldModelClaim.COMPLETED_ONCE;
import static dev.comet.servlet.HoldModelClaim.LAST_WORDS;
import static dev.comet.servlet.HoldModelClaim.NOT_RECYCLED;

import dev.comet.servlet.HoldModelActor.At;
import dev.comet.servlet.HoldModelActor.From;
import dev.comet.servlet.HoldModelActor.Role;
import dev.comet.servlet.HoldState.Act;
import dev.comet.servlet.HoldState.Signal;
import dev.comet.servlet.HoldState.Transition;

/**
 * The steps of a held response's threads, as {@link HeldResponse} makes them: one atomic operation on what is shared is one
 * step, and between two steps any other thread may make some. The table is the library's own. {@link HoldModelDrainer} has the
 * steps of the drainer.
 *
 * <p>What the threads do: wakers append a message, ask the subscriber to end or close the channel, and then wake; or close the
 * hub, and then its scheduler; the container calls onWritePossible when it owes it; errors, time-outs and ends come from a thread
 * of their own, at any time, also late and twice, and the container recycles the exchange when such a call returns; the timer
 * ticks; the scheduler runs a task that it has taken, however late. Whoever wins the transition to DRAINING drains, on its own stack. <i>Owned by the search.</i>
 */
final class HoldModel {
    private final HoldModelBounds bounds;
    private final HoldModelVariant variant;
    private final HoldModelChoices choices;
    private final HoldModelWorld w;
    private final HoldModelDrainer drainer;
    private String did = "";

    HoldModel(HoldModelBounds bounds, HoldModelVariant variant, HoldModelChoices choices, HoldModelWorld w) {
        this.bounds = bounds;
        this.variant = variant;
        this.choices = choices;
        this.w = w;
        this.drainer = new HoldModelDrainer(bounds, variant, choices, w);
    }

    /** What the last step was, in words. */
    String did() {
        return did;
    }

    /** Whether the thread has something to do. */
    boolean canStep(HoldModelActor a) {
        if (a.at == At.WAIT) {
            return mayReturn();
        }
        if (a.at != At.REST) {
            return true;
        }
        return switch (a.role) {
            case WAKER -> w.completed == 0 && waits() > 0;
            case CONTAINER -> w.callbacksOwed > 0;
            case ERRORS -> w.errorsOwed > 0 || (w.errors > 0 && w.started);
            case TIMER -> w.timerSet && w.ticks > 0;
            case POOL -> w.tasks > 0;
            case SOCKET -> false;
        };
    }

    /** Whether something happens at the other end, or in the container by itself. */
    boolean canSocketStep() {
        return (w.pending && !w.dead) || canCallForNoReason();
    }

    private boolean canCallForNoReason() {
        return w.spurious > 0 && w.started && w.callbacksOwed == 0;
    }

    void socketStep() {
        boolean takes = w.pending && !w.dead;
        if (canCallForNoReason() && (!takes || choices.either())) {
            w.spurious--;
            w.callbacksOwed++;
            did = "the container is to call onWritePossible, for no reason";
            return;
        }
        w.pending = false;
        w.holdsArray = false;
        if (w.errors > 0 && choices.either()) {
            w.errors--;
            w.dies();
            w.errorsOwed++;
            did = "what was pending fails; the container is to call onError";
        } else if (w.armed) {
            w.armed = false;
            w.callbacksOwed++;
            did = "what was pending is taken; the container is to call onWritePossible";
        } else {
            did = "what was pending is taken";
        }
    }

    void step(HoldModelActor a) {
        did = switch (a.at) {
            case REST -> begin(a);
            case START -> start(a);
            case READ_STATE -> readState(a);
            case SET_STATE -> setState(a);
            case CANCEL_TIMER -> {
                w.timerSet = false;
                a.at = At.COMPLETE;
                yield "cancels the timer";
            }
            case COMPLETE -> complete(a);
            case TICK, TICK_STALL, TICK_EXPIRY, TICK_HEARTBEAT, DUE_HEARTBEAT -> tick(a);
            case WATCH, SET_TIMER, CANCEL_LATE_TIMER -> watch(a);
            case WAIT -> {
                w.recycled = true;
                a.at = At.REST;
                yield "the callback returns, and the container recycles the exchange";
            }
            case CLOSE_SCHEDULER -> {
                w.schedulerClosed = true;
                a.at = At.REST;
                yield "closes the hub's scheduler";
            }
            default -> drainer.step(a);
        };
    }

    // ---- what begins

    private int waits() {
        return (w.appended < bounds.messages() && !w.channelClosed ? 1 : 0)
                + (bounds.end() && !w.ending ? 1 : 0)
                + (bounds.close() && !w.channelClosed ? 1 : 0)
                + (bounds.shutdown() && !w.hubClosed ? 1 : 0);
    }

    private String begin(HoldModelActor a) {
        return switch (a.role) {
            case WAKER -> waker(a);
            case CONTAINER -> {
                w.callbacksOwed--;
                a.signals(Signal.WRITE_POSSIBLE, From.OUTSIDE);
                yield "is called: onWritePossible";
            }
            case ERRORS -> {
                if (w.errorsOwed > 0) {
                    w.errorsOwed--;
                } else {
                    w.errors--;
                    w.dies();
                }
                w.aborted = true;
                yield onError(a);
            }
            case TIMER -> {
                w.ticks--;
                w.timerSet = false;
                a.at = At.TICK;
                yield "fires";
            }
            case POOL -> {
                w.tasks--;
                if (variant == HoldModelVariant.TURN_LOST) {
                    yield "loses a task";
                }
                a.signals(Signal.TURN, From.OUTSIDE);
                yield "runs the task";
            }
            case SOCKET -> throw new IllegalStateException("it is no thread");
        };
    }

    private String onError(HoldModelActor a) {
        if (variant == HoldModelVariant.ERROR_COMPLETES_DIRECTLY) {
            w.state = HoldState.CLOSED;
            a.at = At.CANCEL_TIMER;
        } else {
            a.signals(Signal.END, From.OUTSIDE);
        }
        return "is called: onError, onTimeout or onComplete";
    }

    private String waker(HoldModelActor a) {
        int which = choices.pick(waits());
        a.signals(Signal.WAKE, From.OUTSIDE);
        if (w.appended < bounds.messages() && !w.channelClosed && which-- == 0) {
            if (variant == HoldModelVariant.WAKE_BEFORE_APPEND) {
                a.appendsLate = true;
                return "is to publish, and wakes first";
            }
            w.appended++;
            return "appends a message";
        }
        if (bounds.end() && !w.ending && which-- == 0) {
            w.ending = true;
            if (variant == HoldModelVariant.END_WITHOUT_WAKE) {
                a.returns();
            }
            return "asks the subscriber to end";
        }
        if (bounds.close() && !w.channelClosed && which-- == 0) {
            w.channelClosed = true;
            return "closes the channel";
        }
        w.hubClosed = true;
        a.returns();
        a.at = At.CLOSE_SCHEDULER;
        return "closes the hub";
    }

    private String start(HoldModelActor a) {
        w.started = true;
        if (w.errors > 0 && choices.either()) {
            w.errors--;
            w.aborted = true;
            a.signals(Signal.END, From.OUTSIDE);
            return "start(): setting the listener throws";
        }
        w.callbacksOwed++;
        a.at = At.SET_TIMER;
        return "start(): sets the listener; the container is to call onWritePossible";
    }

    // ---- signal()

    private String readState(HoldModelActor a) {
        Transition to = variant.on(w.state, a.signal);
        String text = HoldModelTexts.read(a.signal, w.state);
        if (to.next() == w.state) {
            act(a, to.act());
        } else {
            a.seen = w.state;
            a.at = At.SET_STATE;
        }
        return text;
    }

    private String setState(HoldModelActor a) {
        if (w.state != a.seen && !setsBlindly(a)) {
            a.at = At.READ_STATE;
            return "finds the state changed, and reads it again";
        }
        Transition to = variant.on(a.seen, a.signal);
        w.state = to.next();
        String text = HoldModelTexts.set(a.signal, a.seen, to.next());
        a.seen = HoldState.IDLE;
        act(a, to.act());
        return text;
    }

    private boolean setsBlindly(HoldModelActor a) {
        return (variant == HoldModelVariant.IDLE_SET_BLINDLY && a.signal == Signal.NOTHING_LEFT)
                || (variant == HoldModelVariant.HANDED_OVER_SET_BLINDLY && a.signal == Signal.SHARE_USED)
                || (variant == HoldModelVariant.CLOSED_SET_BLINDLY && a.signal == Signal.END);
    }

    /** What the winner does, and where a drainer goes on after its signal. */
    private void act(HoldModelActor a, Act act) {
        if (act == Act.COMPLETE) {
            if (a.from == From.LEAVING || a.from == From.LEAVING_FOR_GOOD || a.from == From.HANDING_OVER) {
                a.drains = false;
            }
            a.at = At.CANCEL_TIMER;
        } else if (act == Act.DRAIN) {
            drainer.enter(a);
        } else if (act == Act.HAND_OVER) {
            drainer.handOver(a);
        } else {
            switch (a.from) {
                case OUTSIDE -> returns(a);
                case LEAVING -> {
                    if (act == Act.LOOP) {
                        a.at = At.ROUND;
                    } else {
                        returns(a);
                    }
                }
                case HANDING_OVER -> returns(a);
                case TAKING_BACK -> {
                    if (variant == HoldModelVariant.REFUSED_DRAINS_ON_ANYWAY) {
                        drainer.enter(a);
                    } else {
                        returns(a);
                    }
                }
                case LAST_WORDS -> a.at = At.CHECK_CLOSED;
                case OWN_STACK -> a.at = a.within;
                case FAILED -> {
                    if (variant == HoldModelVariant.FAILURE_ONLY_ENDS) {
                        returns(a);
                    } else {
                        a.signals(Signal.NOTHING_LEFT, From.LEAVING_FOR_GOOD);
                    }
                }
                case LEAVING_FOR_GOOD -> returns(a);
            }
        }
    }

    private void returns(HoldModelActor a) {
        if (a.appendsLate) {
            a.appendsLate = false;
            w.appended++;
        }
        a.returns();
        if (a.role == Role.ERRORS) {
            a.at = At.WAIT;
        }
    }

    /** Whether disconnected() waits no more: nobody touches what is the container's from now on. */
    private boolean mayReturn() {
        return switch (variant) {
            case CALLBACK_DOES_NOT_WAIT -> true;
            case CALLBACK_WAITS_FOR_A_DRAINER_ONLY -> !w.anybodyDrains();
            default -> w.over;
        };
    }

    private String complete(HoldModelActor a) {
        if (w.completed > 0) {
            throw COMPLETED_ONCE.broken("complete() a second time");
        }
        if (w.anybodyDrains() || w.anybodyInside()) {
            throw COMPLETED_ONCE.broken("complete() while somebody drains");
        }
        if (w.recycled) {
            throw NOT_RECYCLED.broken("complete() of what was recycled");
        }
        if (!w.aborted && (!w.lastWordsFlushed || w.pending)) {
            throw LAST_WORDS.broken("complete() at a normal end, and the last words are not flushed");
        }
        if (!w.aborted && w.channelClosed && !w.ending && !bounds.ends() && w.flushed < w.appended) {
            throw LAST_WORDS.broken("complete() when the channel was closed, and a message of it was not flushed");
        }
        w.completed++;
        w.over = true;
        if (variant == HoldModelVariant.COMPLETE_THROWS_INTO_THE_DRAIN && a.from == From.LEAVING && choices.either()) {
            a.signals(Signal.END, From.FAILED);
        } else {
            returns(a);
        }
        return "complete()";
    }

    // ---- the timer

    private String tick(HoldModelActor a) {
        switch (a.at) {
            case TICK -> {
                if (w.state == HoldState.CLOSED) {
                    a.returns();
                    return "tick(): it is closed";
                }
                a.at = At.TICK_STALL;
                return "tick(): it is not closed";
            }
            case TICK_STALL -> {
                if (w.blocked && choices.either()) {
                    w.aborted = true;
                    a.signals(Signal.END, From.OUTSIDE);
                    return "tick(): it has been blocked too long";
                }
                a.at = bounds.end() && choices.either() ? At.TICK_EXPIRY : At.TICK_HEARTBEAT;
                return "tick(): it is not blocked, or not long";
            }
            case TICK_EXPIRY -> {
                a.watches = true;
                if (w.ending) {
                    a.returns();
                } else {
                    w.ending = true;
                    a.signals(Signal.WAKE, From.OUTSIDE);
                }
                return "tick(): it was held long enough, and is asked to end";
            }
            case TICK_HEARTBEAT -> {
                a.watches = true;
                if (w.blocked) {
                    a.returns();
                } else {
                    a.at = At.DUE_HEARTBEAT;
                }
                return w.blocked ? "tick(): no heartbeat, it is blocked" : "tick(): time for a heartbeat";
            }
            default -> {
                w.heartbeatDue = true;
                w.heartbeatOwed = true;
                a.signals(Signal.WAKE, From.OUTSIDE);
                return "tick(): a heartbeat is due";
            }
        }
    }

    private String watch(HoldModelActor a) {
        a.watches = false;
        boolean closed = w.state == HoldState.CLOSED;
        switch (a.at) {
            case WATCH -> {
                a.at = closed ? At.REST : At.SET_TIMER;
                return closed ? "tick(): it is closed by now" : "tick(): it is not closed yet";
            }
            case SET_TIMER -> {
                w.timerSet = true;
                a.at = At.CANCEL_LATE_TIMER;
                return "watch(): sets the timer";
            }
            default -> {
                if (closed && variant != HoldModelVariant.LATE_TIMER_LEFT) {
                    w.timerSet = false;
                }
                a.at = At.REST;
                return closed ? "watch(): it is closed, cancels the timer" : "watch(): it is not closed";
            }
        }
    }
}
