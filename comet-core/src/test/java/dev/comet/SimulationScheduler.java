package dev.comet;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Threads and time of a simulation: one thread, a virtual clock, the real {@link TimerWheel}, and any ready task may be the next.
 * <i>Owned by one run.</i>
 *
 * <p>A task is not atomic. Where another thread could come between two steps of the one that runs, there is a <i>seam</i>: the
 * world may take a step of its own, on top of the one that is suspended, up to {@value #DEEPEST} deep. Seams are in every
 * {@code execute} and {@code schedule}, at every reading of the clock that is made without a lock, and wherever the hub calls
 * what is the simulation's own: sinks, wakes, listeners, the log.
 */
final class SimulationScheduler implements Scheduler {
    static final long TICK = 1L << TimerWheel.TICK_SHIFT;

    private static final int DEEPEST = 3;
    private static final long ORIGIN = Long.MAX_VALUE - TimeUnit.MINUTES.toNanos(1); // so that nanoTime() wraps around
    private static final long WALL_CLOCK_AT_START = 1_767_225_600_000L; // 2026-01-01T00:00Z
    private static final StackWalker STACK = StackWalker.getInstance();

    private final SimulationLot lot;
    private final Simulation world;
    private final TimerWheel wheel = new TimerWheel(ORIGIN, () -> asked = false);
    private final List<Runnable> ready = new ArrayList<>();

    /** One of so many seams opens. */
    private final int seams;

    private final int clockSeams;
    private final int inline;

    private boolean asked; // the wheel, for when it has something to do
    private long nextLook = Long.MAX_VALUE;
    private long elapsed;
    private long wallShift;
    private long latestWall = WALL_CLOCK_AT_START;
    private int depth;
    private long overtaken;
    private int hubTimers;
    private int worldTimers;
    private int listenersWaiting;

    // Until the hub is built nothing comes between its steps.
    boolean open;

    SimulationScheduler(Simulation world, SimulationLot lot) {
        this.world = world;
        this.lot = lot;
        this.seams = lot.of(2, 4, 12, 50);
        this.clockSeams = lot.of(8, 30, 100);
        this.inline = lot.of(3, 10, 10_000);
    }

    // ---- what the hub asks for

    @Override
    public void execute(Runnable task) {
        if (open && lot.oneIn(16)) {
            world.checkNoLockIsHeld();
        }
        if (mayOvertake() && lot.oneIn(inline)) {
            overtake(task); // the contract allows it
        } else {
            enqueue(task);
            seam();
        }
    }

    /** Signals coalesce: no task is twice in the queue. */
    private void enqueue(Runnable task) {
        for (Runnable other : ready) {
            if (other == task) {
                throw world.violation("a task is in the queue already");
            }
        }
        ready.add(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        if (open) {
            world.checkNoLockIsHeld();
        }
        hubTimers++;
        Timer timer = new Pending(task, delayNanos, true);
        seam();
        return timer;
    }

    @Override
    public long nanoTime() {
        clockSeam();
        return ORIGIN + elapsed;
    }

    @Override
    public long currentTimeMillis() {
        clockSeam();
        return wall();
    }

    // ---- seams

    /** Here another thread may come in between. */
    void seam() {
        if (mayOvertake() && lot.oneIn(seams)) {
            overtake(world::step);
        }
    }

    private void clockSeam() {
        if (mayOvertake() && lot.oneIn(clockSeams) && !isUnderLock()) {
            overtake(world::step);
        }
    }

    /** The oracle looks, and nobody comes in between. */
    <T> T undisturbed(Supplier<T> look) {
        boolean before = open;
        open = false;
        try {
            return look.get();
        } finally {
            open = before;
        }
    }

    private boolean mayOvertake() {
        return open && depth < DEEPEST;
    }

    private void overtake(Runnable step) {
        depth++;
        overtaken++;
        try {
            step.run();
        } finally {
            depth--;
        }
    }

    int depth() {
        return depth;
    }

    /** How often something came in between so far: unchanged over a call of the hub's, it was alone. */
    long overtaken() {
        return overtaken;
    }

    /**
     * Whether the clock is read under a lock, where nobody could come in between: the map's for one name, and the members', which
     * read it while they store news.
     */
    private static boolean isUnderLock() {
        return STACK.walk(frames -> frames.takeWhile(f -> !f.getMethodName().equals("overtake"))
                .anyMatch(f -> f.getClassName().equals("java.util.concurrent.ConcurrentHashMap")
                        || (f.getClassName().equals("dev.comet.Members")
                                && (f.getMethodName().equals("announce")
                                        || f.getMethodName().equals("feed")))));
    }

    // ---- time and tasks, for the world

    /** As {@link #schedule}, for what is the world's: it is counted apart. */
    Timer later(long delayNanos, Runnable task) {
        worldTimers++;
        return new Pending(task, delayNanos, false);
    }

    /** As {@link #execute}, without a seam. */
    void soon(Runnable task) {
        ready.add(task);
    }

    /** Runs one of the tasks that are ready. */
    void runOne() {
        int i = lot.below(ready.size());
        int last = ready.size() - 1;
        Runnable task = ready.get(i);
        ready.set(i, ready.get(last));
        ready.remove(last);
        task.run();
    }

    /** Lets time pass; what becomes due becomes ready. Never while something is suspended: it would stay so for as long. */
    void pass(long nanos) {
        long target = elapsed + nanos;
        look();
        while (nextLook <= target) {
            elapsed = Math.max(elapsed, nextLook);
            latestWall = Math.max(latestWall, wall());
            asked = false;
            look();
        }
        elapsed = target;
        latestWall = Math.max(latestWall, wall());
    }

    /** The timer thread, which sleeps until the wheel has something to do, or says that it has to be asked anew. */
    private void look() {
        while (!asked) {
            asked = true;
            for (Runnable due : wheel.advance(ORIGIN + elapsed)) {
                ((Pending) due).checkNotLate();
                ready.add(due);
            }
            long delay = wheel.nextDelay(ORIGIN + elapsed);
            nextLook = delay == Long.MAX_VALUE ? Long.MAX_VALUE : elapsed + delay;
            asked = delay > 0;
        }
    }

    /** How long nothing becomes due; at most a minute. */
    long untilNextTimer() {
        look();
        return Math.min(nextLook - elapsed, TimeUnit.MINUTES.toNanos(1));
    }

    void shiftWallClock(long millis) {
        wallShift += millis;
        latestWall = Math.max(latestWall, wall());
    }

    long now() {
        return elapsed;
    }

    long wall() {
        return WALL_CLOCK_AT_START + wallShift + elapsed / 1_000_000;
    }

    /** The latest that the wall clock has ever shown. */
    long latestWall() {
        return latestWall;
    }

    int readyTasks() {
        return ready.size();
    }

    /** Timers of the hub that are neither fired nor cancelled. */
    int hubTimers() {
        return hubTimers;
    }

    int worldTimers() {
        return worldTimers;
    }

    /** A timer, which knows better than the wheel when it was to fire. */
    private final class Pending implements Timer, Runnable {
        private final Runnable task;
        private final boolean hubs;
        private final long due;
        private final Timer timer;
        private boolean over;

        Pending(Runnable task, long delayNanos, boolean hubs) {
            this.task = task;
            this.hubs = hubs;
            this.due = elapsed + Math.max(0, delayNanos);
            this.timer = wheel.add(this, ORIGIN + elapsed, delayNanos);
        }

        @Override
        public boolean cancel() {
            boolean prevented = timer.cancel();
            if (prevented) {
                ends();
            }
            return prevented;
        }

        @Override
        public void run() {
            ends();
            if (elapsed < due) {
                throw world.violation("a timer is early by " + (due - elapsed) + " ns");
            }
            task.run();
        }

        void checkNotLate() {
            if (elapsed - due > TICK) {
                throw world.violation("a timer is late by " + (elapsed - due) + " ns");
            }
        }

        private void ends() {
            if (over) {
                throw world.violation("a timer has fired twice, or after it was cancelled");
            }
            over = true;
            if (hubs) {
                hubTimers--;
            } else {
                worldTimers--;
            }
        }
    }

    /** The executor for listeners: it takes a task at once, later, or runs it within this call. */
    void executeListener(Runnable task) {
        if (mayOvertake() && lot.oneIn(inline)) {
            overtake(task);
        } else if (lot.oneIn(4)) {
            listenersWaiting++;
            later(lot.between(0, 3_000_000_000L), () -> {
                listenersWaiting--;
                task.run();
            });
        } else {
            enqueue(task);
            seam();
        }
    }

    /** Tasks of listeners that their executor has taken, and lets wait. */
    int listenersWaiting() {
        return listenersWaiting;
    }
}
