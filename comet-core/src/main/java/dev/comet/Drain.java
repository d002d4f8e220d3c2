package dev.comet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;

/**
 * Work that many may ask for and one thread at a time does; requests that come while it is being done coalesce into one more
 * round. <i>Thread-safe.</i>
 *
 * <p>The counter is the work in progress: whoever raises it from 0 has the work executed, or does it, all others only raise it. The worker
 * takes off what it saw before its round; what remains was asked for since, and it goes round again. After {@link #ROUNDS}
 * rounds it goes to the back of the executor's queue, so that a busy channel does not keep a thread for itself.
 */
abstract class Drain implements Runnable {
    private static final int ROUNDS = 16;

    /** How many events a round hands to an application's code at most: it may be slow. */
    static final int TURN = 64;

    private static final VarHandle WORK;

    static {
        try {
            WORK = MethodHandles.lookup().findVarHandle(Drain.class, "work", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by WORK
    private volatile int work;

    /** Sees to it that a whole {@link #drain} begins after this call, one for any number of calls. */
    final void signal() {
        if (asked()) {
            schedule();
        }
    }

    /**
     * As {@link #signal}; and where nobody is at it, the caller does a round itself. What is asked for meanwhile, others do.
     *
     * @return whether it is done: the caller did it, and nothing was asked for meanwhile
     */
    final boolean signalHere() {
        return asked() && work(1);
    }

    /** Whether nobody is at it, so that whoever asked is to see to it. */
    private boolean asked() {
        return (int) WORK.getAndAdd(this, 1) == 0;
    }

    private void schedule() {
        executor().execute(this);
    }

    /** Where the work is done. It takes every task: see {@link Patient}. */
    abstract Executor executor();

    /** One round: everything there is to do now. By one thread at a time. Must not throw. */
    abstract void drain();

    @Override
    public final void run() {
        work(ROUNDS);
    }

    /** False when others go on. */
    private boolean work(int rounds) {
        for (int round = 0; round < rounds; round++) {
            int seen = work;
            drain();
            if ((int) WORK.getAndAdd(this, -seen) == seen) {
                return true;
            }
        }
        schedule();
        return false;
    }
}
