package dev.comet.servlet;

import dev.comet.servlet.HoldModelActor.At;
import dev.comet.servlet.HoldModelActor.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything there is at one moment: the held response, the channel, the container, the threads, and what only the claims need
 * to know. Mutable while a step is made; {@link HoldModelSnapshot} is what is kept. <i>Owned by the search.</i>
 */
final class HoldModelWorld {
    private static final HoldState[] STATES = HoldState.values();

    // The held response.
    HoldState state = HoldState.UNREADY;
    boolean begun;
    boolean lastWords;
    boolean unflushed;
    boolean blocked = true;
    boolean heartbeatDue;
    boolean timerSet;
    boolean over;

    // The hub and its scheduler.
    boolean hubClosed;
    boolean schedulerClosed;
    int tasks;

    // The channel and the subscriber.
    int appended;
    int cursor;
    boolean ending;
    boolean channelClosed;

    // The container.
    boolean started;
    boolean pending;
    boolean armed;
    boolean holdsArray;
    boolean dead;
    int callbacksOwed;
    int errorsOwed;
    int completed;
    boolean recycled;

    // What really happened, for the claims.
    int written;
    int flushed;
    boolean dirty;
    boolean lastWordsWritten;
    boolean lastWordsFlushed;
    boolean heartbeatOwed;
    boolean aborted;

    // What may still happen.
    int stalls;
    int errors;
    int ticks;
    int spurious;

    final List<HoldModelActor> actors = new ArrayList<>();

    private HoldModelWorld(HoldModelBounds bounds) {
        for (int i = 0; i < bounds.wakers(); i++) {
            actors.add(new HoldModelActor(Role.WAKER));
        }
        actors.add(new HoldModelActor(Role.CONTAINER));
        actors.add(new HoldModelActor(Role.ERRORS));
        actors.add(new HoldModelActor(Role.TIMER));
        if (bounds.share() > 0) {
            actors.add(new HoldModelActor(Role.POOL));
        }
    }

    /** Before start(): subscribed already, and nothing has happened. */
    static HoldModelWorld atFirst(HoldModelBounds bounds) {
        HoldModelWorld w = new HoldModelWorld(bounds);
        w.stalls = bounds.stalls();
        w.errors = bounds.errors();
        w.ticks = bounds.ticks();
        w.spurious = bounds.spurious();
        for (HoldModelActor a : w.actors) {
            if (a.role == Role.TIMER) {
                a.at = At.START;
            }
        }
        return w;
    }

    static HoldModelWorld of(HoldModelBounds bounds, HoldModelPacking packed) {
        HoldModelWorld w = new HoldModelWorld(bounds);
        w.layout(packed);
        return w;
    }

    void layout(HoldModelPacking p) {
        state = p.one(state, STATES);
        begun = p.flag(begun);
        lastWords = p.flag(lastWords);
        unflushed = p.flag(unflushed);
        blocked = p.flag(blocked);
        heartbeatDue = p.flag(heartbeatDue);
        timerSet = p.flag(timerSet);
        over = p.flag(over);
        hubClosed = p.flag(hubClosed);
        schedulerClosed = p.flag(schedulerClosed);
        tasks = p.number(tasks, 2);
        appended = p.number(appended, 2);
        cursor = p.number(cursor, 2);
        ending = p.flag(ending);
        channelClosed = p.flag(channelClosed);
        started = p.flag(started);
        pending = p.flag(pending);
        armed = p.flag(armed);
        holdsArray = p.flag(holdsArray);
        dead = p.flag(dead);
        callbacksOwed = p.number(callbacksOwed, 2);
        errorsOwed = p.number(errorsOwed, 2);
        completed = p.number(completed, 2);
        recycled = p.flag(recycled);
        written = p.number(written, 2);
        flushed = p.number(flushed, 2);
        dirty = p.flag(dirty);
        lastWordsWritten = p.flag(lastWordsWritten);
        lastWordsFlushed = p.flag(lastWordsFlushed);
        heartbeatOwed = p.flag(heartbeatOwed);
        aborted = p.flag(aborted);
        stalls = p.number(stalls, 3);
        errors = p.number(errors, 2);
        ticks = p.number(ticks, 2);
        spurious = p.number(spurious, 1);
        for (HoldModelActor a : actors) {
            a.layout(p);
        }
    }

    /** Nobody is in the middle of anything, no task waits, and the container owes no call. */
    boolean isQuiet() {
        if (!started || callbacksOwed > 0 || errorsOwed > 0 || tasks > 0) {
            return false;
        }
        for (HoldModelActor a : actors) {
            if (a.at != At.REST) {
                return false;
            }
        }
        return true;
    }

    /** The connection is gone: what was pending is over, and no array of ours is read any more. */
    void dies() {
        dead = true;
        pending = false;
        armed = false;
        holdsArray = false;
    }

    boolean anybodyDrains() {
        for (HoldModelActor a : actors) {
            if (a.drains) {
                return true;
            }
        }
        return false;
    }

    boolean anybodyInside() {
        for (HoldModelActor a : actors) {
            if (a.inside) {
                return true;
            }
        }
        return false;
    }
}
