package dev.comet.servlet;

import dev.comet.CloseReason;
import dev.comet.Scheduler;
import dev.comet.Subscriber;
import dev.comet.servlet.HoldState.Act;
import dev.comet.servlet.HoldState.Signal;
import dev.comet.servlet.HoldState.Transition;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Lease;
import dev.comet.servlet.dialect.Token;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A response that is held open: from the subscriber's ring to the socket, as far as the socket takes it. The only place that
 * knows about isReady(), the WriteListener, time-outs and disconnects. Its states are {@link HoldState}'s.
 *
 * <p>What is known of containers, and relied on here: isReady() has a side effect, so it is asked immediately before every write
 * and every flush, by the drainer only. A write that succeeded proves nothing; the position that counts is the cursor that the
 * client sends next. An idle client's going is told by nobody; two failed heartbeats find it out. An IOException is final: we end
 * the exchange ourselves, for a callback may come late, twice, on our own stack, or never. So no lock is held across a
 * container's method, and everything that ends a response goes through one transition that one caller wins.
 *
 * <p><i>Thread-safe: anyone may signal; what is written, and to what, is owned by the drainer.</i>
 */
final class HeldResponse implements Runnable, WriteListener, AsyncListener, Exchange {
    /** How often, and how long each time, a callback waits until nobody touches the exchange any more: one second in all. */
    private static final int LOOKS = 10_000;

    private static final long PAUSE_NANOS = 100_000;

    /** Of at most {@link Frames#FULL} bytes and a frame each, before others have their turn. */
    private static final int WRITES = 16;

    private static final int CLOSED = HoldState.CLOSED.number;
    private static final long NOBODY = 0; // no thread has this id

    private static final VarHandle STATE;
    private static final VarHandle INSIDE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(HeldResponse.class, "state", int.class);
            INSIDE = MethodHandles.lookup().findVarHandle(HeldResponse.class, "inside", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // Immutable, or written once before the listener is set.
    private final Holds holds;
    private final Framing framing;
    private final Scheduler scheduler;
    private final long began;
    private final long holdNanos;
    private @Nullable Subscriber subscriber;
    private @Nullable Lease lease;
    private @Nullable AsyncContext async;
    private @Nullable ServletOutputStream out;

    // Changed by compare-and-set only: a blind set could erase CLOSED. A number, as is "inside" below: to store a
    // reference in an old object makes work for G1, and these are stored with every delivery.
    private volatile int state = HoldState.UNREADY.number;

    // Owned by the drainer.
    private boolean begun;
    private boolean lastWords;
    private boolean unflushed;
    private boolean committed;
    private @Nullable Token warned;

    // Written by the drainer, read by the timer.
    private volatile long lastWrite;
    private volatile boolean blocked = true;
    private volatile long blockedSince;

    // Written by the timer, read by the drainer.
    private volatile boolean heartbeatDue;
    private volatile @Nullable Token expiring;

    // Guarded by being the only timer there is: it sets the next one itself.
    private volatile Scheduler.@Nullable Timer timer;

    private volatile CloseReason reason = CloseReason.DISCONNECTED;

    // Written by whoever drains or completes, read by the container's callbacks: who may be inside the container, and
    // whether nobody will be any more. A thread's id, or NOBODY.
    private volatile long inside = NOBODY;
    private volatile boolean over;

    HeldResponse(Holds holds, Framing framing) {
        this.holds = holds;
        this.framing = framing;
        this.scheduler = holds.scheduler();
        this.began = scheduler.nanoTime();
        this.holdNanos = framing.holdFor().toNanos();
        this.lastWrite = began;
        this.blockedSince = began;
        this.unflushed = framing.sendsHeadersAtOnce();
    }

    /** Begins: the container calls {@link #onWritePossible} soon, which is the replay. Wakes may have come already. */
    void start(Subscriber follows, @Nullable Lease by, AsyncContext context, ServletOutputStream stream) {
        subscriber = follows;
        lease = by;
        async = context;
        out = stream;
        holds.begun(this);
        try {
            context.addListener(this);
            stream.setWriteListener(this);
        } catch (RuntimeException e) {
            holds.failed(e);
            abort(CloseReason.FAILED);
            return;
        }
        watch();
    }

    /** The subscriber's wake. Drains on the caller's thread, which is the fan-out's: a drain never blocks. */
    @Override
    public void run() {
        signal(Signal.WAKE);
    }

    @Override
    public void onWritePossible() {
        signal(Signal.WRITE_POSSIBLE);
    }

    private Act signal(Signal signal) {
        Act act = change(signal);
        if (act == Act.DRAIN) {
            drain();
        } else if (act == Act.COMPLETE) {
            complete();
        }
        return act;
    }

    private boolean isClosed() {
        return state == CLOSED;
    }

    private Act change(Signal signal) {
        while (true) {
            HoldState now = HoldState.of(state);
            Transition to = now.on(signal);
            if (to.next() == now || STATE.compareAndSet(this, now.number, to.next().number)) {
                return to.act();
            }
        }
    }

    // ---- the drainer

    private void drain() {
        Subscriber from = subscriber;
        ServletOutputStream to = out;
        AsyncContext context = async;
        if (from == null || to == null || context == null) {
            return; // not possible: the listener is set after them
        }
        inside = Thread.currentThread().getId();
        try {
            Act act = Act.LOOP; // signalled meanwhile: once more, beginning with isReady()
            while (act == Act.LOOP) {
                act = round(from, to, context);
                if (act == Act.HAND_OVER) {
                    act = handOver();
                }
            }
        } catch (IOException | RuntimeException e) {
            boolean expected = e instanceof IOException || isClosed();
            leaveForGood(); // final, whatever it was: the client left, or the container has recycled the exchange
            if (expected) {
                holds.note(e);
            } else {
                holds.failed(e);
            }
        } catch (Error e) {
            leaveForGood();
            throw e;
        } finally {
            INSIDE.compareAndSet(
                    this, Thread.currentThread().getId(), NOBODY); // the next drainer may be at work already
        }
    }

    private void leaveForGood() {
        signal(Signal.END);
        signal(Signal.NOTHING_LEFT);
    }

    /**
     * Has the rest drained by a task of its own. Until that has its turn nobody drains; so whoever ends the response meanwhile
     * completes it, and the task then finds it closed: it may come long after the container has recycled the exchange.
     *
     * <p>Where no task will come, the drainer takes the turn back and goes on: when it was refused, as by an application's pool
     * that is full; when it came at once, inside this very call; and when the hub is closed, whose scheduler then drops what
     * comes too late. The hub is asked after the task was given away, for it closes before its scheduler does.
     *
     * @return {@link Act#LOOP} when it goes on itself
     */
    private Act handOver() {
        Turn turn = new Turn();
        boolean comes = false;
        try {
            scheduler.execute(turn);
            comes = !turn.cameAtOnce && !holds.comet().isClosed();
        } catch (Throwable e) { // an application's pool may be out of threads, too: nothing is lost
            holds.refused(e);
        }
        turn.given = true;
        if (comes || change(Signal.TURN) != Act.DRAIN) {
            return Act.LEAVE;
        }
        inside = Thread.currentThread().getId();
        return Act.LOOP;
    }

    /** What a response is handed over to. */
    private final class Turn implements Runnable {
        // Owned by the thread that hands over, which may be the one that it runs on.
        private final Thread giver = Thread.currentThread();
        private boolean given;
        private boolean cameAtOnce;

        @Override
        public void run() {
            if (Thread.currentThread() == giver && !given) {
                cameAtOnce = true; // the giver goes on, and its stack does not grow with the backlog
            } else {
                signal(Signal.TURN);
            }
        }
    }

    /**
     * Reads and writes until there is nothing left, the stream is not ready, or it has had its share: a client that is fast while
     * publishers are faster must not keep the thread from the others of its slice.
     */
    private Act round(Subscriber from, ServletOutputStream to, AsyncContext context) throws IOException {
        Gathering gathering = holds.take();
        Outlet outlet = Outlet.of(to);
        boolean lent = false;
        blocked = false;
        for (int writes = 0; !isClosed(); ) {
            if (writes == WRITES) {
                giveBack(gathering, lent);
                return signal(Signal.SHARE_USED);
            }
            if (!to.isReady()) {
                blockedSince = scheduler.nanoTime();
                blocked = true;
                giveBack(gathering, lent);
                return signal(Signal.NOT_READY);
            }
            lent = fill(from, gathering);
            if (lent) {
                Frames frames = gathering.frames();
                if (lastWords && !committed) {
                    context.getResponse().setContentLength(frames.size()); // that is all: no chunks, one write
                }
                committed = true;
                outlet.write(to, frames.bytes(), frames.size());
                writes++;
                unflushed = outlet.buffers();
                lastWrite = scheduler.nanoTime();
            } else if (unflushed) {
                to.flush();
                committed = true;
                unflushed = false;
            } else if (lastWords) {
                framing.written(from);
                signal(Signal.END);
            } else {
                break;
            }
        }
        giveBack(gathering, lent);
        return signal(Signal.NOTHING_LEFT);
    }

    /** What was written last and not followed by a true isReady(), the container may still have: nobody may write to it. */
    private void giveBack(Gathering gathering, boolean lent) {
        if (!lent) {
            holds.giveBack(gathering);
        }
    }

    /** Gathers what is to be written next; false when there is nothing. */
    private boolean fill(Subscriber from, Gathering gathering) {
        Frames frames = gathering.begin(framing, from);
        if (lastWords) {
            return false;
        }
        boolean more = true;
        if (!begun) {
            begun = true;
            more = framing.begin(from, frames);
        }
        Subscriber.Read read = Subscriber.Read.MORE;
        if (more && !frames.isFull()) {
            read = from.read(gathering);
        }
        if (read == Subscriber.Read.CLOSED || framing.isDone()) {
            CloseReason why =
                    read == Subscriber.Read.CLOSED ? from.ending().orElse(CloseReason.CLOSED) : CloseReason.DONE;
            lastWords = true;
            reason = why;
            framing.end(why, from, frames);
        }
        if (heartbeatDue) {
            heartbeatDue = false; // only when it was seen: one that is said to be due meanwhile has its own wake
            if (frames.size() == 0 && !lastWords) {
                framing.heartbeat(frames);
            }
        }
        warn(frames);
        return frames.size() > 0;
    }

    /** Says that the token is about to run out, unless it was renewed meanwhile. */
    private void warn(Frames frames) {
        Lease held = lease;
        Token of = expiring;
        if (held != null && of != null && of != warned) {
            warned = of;
            if (!lastWords && held.isExpiring(of)) {
                framing.expiring(of.endMillis(), frames);
            }
        }
    }

    // ---- the end

    @Override
    public void close() {
        Subscriber s = subscriber;
        if (s != null) {
            s.end(CloseReason.SHUTDOWN);
        }
    }

    @Override
    public void abort() {
        abort(CloseReason.SHUTDOWN);
    }

    /** Ends it without last words. */
    private void abort(CloseReason why) {
        if (!isClosed()) {
            reason = why;
        }
        signal(Signal.END);
    }

    private void complete() {
        inside = Thread.currentThread().getId();
        Scheduler.Timer t = timer;
        if (t != null) {
            t.cancel();
        }
        Subscriber s = subscriber;
        if (s != null) {
            s.close(reason);
        }
        Lease held = lease;
        if (held != null) {
            held.close();
        }
        AsyncContext context = async;
        if (context != null) {
            try {
                context.complete();
            } catch (RuntimeException e) {
                holds.note(e); // the container has ended it already; thrown into the drain it would complete it twice
            }
        }
        over = true;
        INSIDE.compareAndSet(this, Thread.currentThread().getId(), NOBODY);
        holds.ended(this);
    }

    @Override
    public void onError(Throwable t) {
        disconnected();
    }

    @Override
    public void onComplete(AsyncEvent event) {
        disconnected();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
        disconnected();
    }

    @Override
    public void onError(AsyncEvent event) {
        disconnected();
    }

    /**
     * The container says that it is over, and recycles its objects once this has returned: so not while somebody may still touch
     * them, a drainer on its way out of a write that failed, or one that has only just begun. Tomcat hands the error to a thread
     * of its own first and only then marks the response as broken; when that thread is done before, it is the next request's
     * response that is marked, and another client's stream that breaks. The wait is short: nothing blocks between a response's
     * end and its completion, and one that is handed over is completed here. Undertow calls this on the drainer's own stack, and
     * some containers call it from within complete().
     */
    private void disconnected() {
        abort(CloseReason.DISCONNECTED);
        for (int i = 0; i < LOOKS && !over && inside != Thread.currentThread().getId(); i++) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
        // Nobody starts it again: what was dispatched is not ours.
    }

    // ---- the timer: one at a time, for heartbeat, maximum age, stall, and the end of the token

    private void watch() {
        long now = scheduler.nanoTime();
        long stall = holds.stallNanos();
        long left = holdNanos - (now - began);
        long next = left > 0 ? left : stall;
        long heartbeat = framing.heartbeatEvery().toNanos();
        if (heartbeat > 0) {
            // None is written while it is blocked: so it is looked at once a period, not every tick of the clock.
            long sinceWrite = blocked ? 0 : now - lastWrite;
            next = Math.min(next, Math.max(1, heartbeat - sinceWrite));
        }
        if (blocked) {
            next = Math.min(next, Math.max(1, stall - (now - blockedSince)));
        }
        Lease held = lease;
        if (held != null && !held.isOver()) {
            next = Math.min(next, held.nanosToNext(expiring));
        }
        timer = scheduler.schedule(this::tick, Math.min(next, stall));
        if (isClosed()) {
            Scheduler.Timer late = timer;
            if (late != null) {
                late.cancel(); // it was closed before it could see this timer
            }
        }
    }

    private void tick() {
        Subscriber s = subscriber;
        if (s == null || isClosed()) {
            return;
        }
        long now = scheduler.nanoTime();
        if (blocked && now - blockedSince >= holds.stallNanos()) {
            abort(CloseReason.STALLED);
            return;
        }
        Lease held = lease;
        if (now - began >= holdNanos) {
            s.end(framing.expiry());
        } else if (held != null && held.isOver()) {
            s.end(CloseReason.EXPIRED);
        } else {
            if (held != null && expiring != held.token() && held.isExpiring(held.token())) {
                expiring = held.token();
                signal(Signal.WAKE);
            }
            long heartbeat = framing.heartbeatEvery().toNanos();
            if (heartbeat > 0 && !blocked && now - lastWrite >= heartbeat) {
                heartbeatDue = true;
                lastWrite = now; // the next one is a whole period away, even if this one cannot be written
                signal(Signal.WAKE);
            }
        }
        if (!isClosed()) {
            watch();
        }
    }
}
