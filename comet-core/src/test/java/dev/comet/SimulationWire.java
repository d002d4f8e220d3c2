package dev.comet;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A held response and its connection: the states of the servlet module's HoldState in short, a socket that takes so many frames
 * at a time, and a network that delivers them in order, late, or not at all. <i>Owned by one run.</i>
 */
final class SimulationWire implements Sink {
    private static final int SHARE = 3;
    private static final long STALL = 6_000_000_000L;

    /** As the servlet module's HoldState. */
    private enum State {
        IDLE,
        DRAINING,
        DRAIN_AGAIN,
        HANDED_OVER,
        UNREADY,
        CLOSED
    }

    /** What goes over the network in one piece: events, and the place after them. */
    record Frame(int events, SimulationBookmark bookmark, boolean last) {}

    /** Who is at the other end. */
    interface End {
        void received(SimulationWire from, Frame frame);

        /** The response's last word has been written. */
        void written(SimulationWire from, Subscriber subscriber);

        /** The server has let go of the subscriber. */
        void completed(SimulationWire wire);
    }

    /** How a response behaves, and its client. */
    record Manner(boolean poll, boolean takesGaps, int room, int window, long latency, long hold, long heartbeat) {}

    private final Simulation world;
    private final SimulationScheduler threads;
    private final End end;
    private final Manner manner;
    final SimulationReader reader;

    private @Nullable Subscriber subscriber;
    private State state = State.UNREADY;
    private Scheduler.@Nullable Timer timer;
    private final long began;
    private long lastWrite;
    private long blockedSince;
    private boolean blocked = true;
    private boolean heartbeatDue;
    private boolean lastWords;
    private boolean completed;
    private CloseReason reason = CloseReason.DISCONNECTED;
    private int gathered;

    // The network.
    private final Deque<Frame> underWay = new ArrayDeque<>();
    private boolean gone;
    private int writesUntilItShows = Integer.MAX_VALUE;

    SimulationWire(Simulation world, End end, Manner manner, SimulationReader reader) {
        this.world = world;
        this.threads = world.threads();
        this.end = end;
        this.manner = manner;
        this.reader = reader;
        this.began = threads.now();
        this.lastWrite = began;
        this.blockedSince = began;
    }

    /** The container calls onWritePossible soon, which is the replay. Wakes may have come already. */
    void start(Subscriber follows) {
        subscriber = follows;
        world.opened(this);
        threads.soon(this::writePossible);
        watch();
    }

    // ---- signals

    void wake() {
        if (state == State.IDLE) {
            state = State.DRAINING;
            drain();
        } else if (state == State.DRAINING) {
            state = State.DRAIN_AGAIN;
        }
    }

    private void writePossible() {
        if (state == State.UNREADY) {
            state = State.DRAINING;
            drain();
        } else {
            wake();
        }
    }

    private void turn() {
        if (state == State.HANDED_OVER) {
            state = State.DRAINING;
            drain();
        }
    }

    /** An error, or a stall: ends it without last words. */
    private void abort(CloseReason why) {
        if (state != State.CLOSED) {
            boolean drained = state == State.DRAINING || state == State.DRAIN_AGAIN;
            state = State.CLOSED;
            reason = why;
            if (!drained) {
                complete();
            }
        }
    }

    // ---- the drainer

    private void drain() {
        Subscriber from = subscriber;
        if (from == null) {
            throw world.violation("drained before it has started");
        }
        for (int writes = 0; state != State.CLOSED; writes++) {
            if (writes == SHARE) {
                state = State.HANDED_OVER;
                threads.execute(this::turn);
                return;
            }
            if (!isReady()) {
                if (leavesFor(State.UNREADY)) {
                    return;
                }
                continue;
            }
            Frame frame = fill(from);
            if (frame != null) {
                write(from, frame);
            } else if (leavesFor(State.IDLE)) {
                return;
            }
        }
        complete();
    }

    private boolean leavesFor(State next) {
        if (state == State.DRAINING) {
            state = next;
            blocked = next == State.UNREADY;
            blockedSince = threads.now();
            return true;
        }
        if (state == State.DRAIN_AGAIN) {
            state = State.DRAINING;
        }
        return false;
    }

    private boolean isReady() {
        return underWay.size() < manner.window;
    }

    private @Nullable Frame fill(Subscriber from) {
        gathered = 0;
        reader.enter();
        Subscriber.Read read = from.read(this);
        SimulationBookmark bookmark = reader.bookmark(from.cursor().toString(), from.idCursor());
        reader.leave();
        if (read == Subscriber.Read.CLOSED) {
            reason = from.ending().orElse(CloseReason.CLOSED);
            lastWords = true;
            if (reason == CloseReason.CLOSED) {
                reader.checkRead();
            }
        } else if (manner.poll && gathered > 0) {
            reason = CloseReason.DONE;
            lastWords = true;
        }
        boolean heartbeat = heartbeatDue;
        heartbeatDue = false;
        return gathered > 0 || heartbeat || lastWords ? new Frame(gathered, bookmark, lastWords) : null;
    }

    @Override
    public boolean accept(Event event) {
        reader.accept(event);
        gathered++;
        threads.seam();
        return gathered < manner.room && state != State.CLOSED;
    }

    @Override
    public boolean takesGaps() {
        return manner.takesGaps || gathered == 0;
    }

    private void write(Subscriber from, Frame frame) {
        if (gone && writesUntilItShows-- <= 0) {
            reason = CloseReason.DISCONNECTED;
            state = State.CLOSED;
            return;
        }
        lastWrite = threads.now();
        blocked = false;
        underWay.add(frame);
        threads.later(manner.latency, this::deliver);
        if (frame.last && state != State.CLOSED) {
            end.written(this, from);
            state = State.CLOSED;
        }
    }

    private void complete() {
        if (completed) {
            throw world.violation("completed twice");
        }
        completed = true;
        if (timer != null) {
            timer.cancel();
        }
        world.closed(this);
        Subscriber s = subscriber;
        if (s != null) {
            s.close(reason);
        }
        end.completed(this);
    }

    // ---- the timer: heartbeat, maximum age and stall

    private void watch() {
        long left = Math.max(1, manner.hold - (threads.now() - began));
        timer = threads.later(Math.min(Math.min(left, manner.heartbeat), STALL), this::tick);
    }

    private void tick() {
        Subscriber s = subscriber;
        if (s == null || state == State.CLOSED) {
            return;
        }
        long now = threads.now();
        if (blocked && now - blockedSince >= STALL) {
            abort(CloseReason.STALLED);
            return;
        }
        if (now - began >= manner.hold) {
            s.end(manner.poll ? CloseReason.DONE : CloseReason.MAX_AGE);
        } else if (!blocked && now - lastWrite >= manner.heartbeat) {
            heartbeatDue = true;
            lastWrite = now;
            wake();
        }
        if (state != State.CLOSED) {
            watch();
        }
    }

    // ---- the network, and the client's side

    private void deliver() {
        Frame frame = underWay.peek();
        if (frame == null || gone) {
            return; // lost; and who is gone acknowledges nothing
        }
        underWay.remove();
        end.received(this, frame);
        if (state == State.UNREADY) {
            threads.soon(this::writePossible);
        }
    }

    /** The connection breaks, and the container says so. */
    void breaks() {
        gone = true;
        abort(CloseReason.DISCONNECTED);
    }

    /** The client has gone without a word: so many more writes succeed before one fails, if the socket takes them. */
    void vanishes(int writes) {
        gone = true;
        writesUntilItShows = writes;
    }

    boolean isPoll() {
        return manner.poll;
    }

    boolean isCompleted() {
        return completed;
    }

    /** Whether it waits for a wake, with all written: so there is nothing that it has not been handed. */
    boolean isIdle() {
        return state == State.IDLE;
    }

    @Nullable
    Subscriber subscriber() {
        return subscriber;
    }
}
