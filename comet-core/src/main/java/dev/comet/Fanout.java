package dev.comet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The subscribers of a feed, and the way to signal them all. <i>Changed under the feed's lock; signalled by anyone without it.</i>
 *
 * <p>Subscribers live in slices of at most {@link #SLICE}, each a {@link Drain} of its own: so several threads work on a large
 * channel, and each subscriber is always woken by the one thread that drains its slice. A slot keeps its subscriber until it
 * leaves; nobody is ever moved, for a round that is under way could pass by the one that moves, and its message would wait for
 * the next.
 *
 * <p>Why no subscriber is missed: it was added under the lock under which messages are appended. A message that is appended
 * later is signalled later still, and the round that follows the signal reads the slots after it (the counter of the drain
 * orders them). A message that was appended earlier is below the position that the subscriber was given, or is found by its
 * first read.
 */
final class Fanout {
    /** Small enough that two threads share 1,000 subscribers evenly, large enough that a task is worth its hand-over. */
    static final int SLICE = 256;

    /**
     * So few are woken by the publisher itself: to wake a thread for them costs more than what it would do. With ten subscribers
     * on each channel that was a tenth of a delivery.
     */
    static final int FEW = 16;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Attachment[].class);
    private static final int INITIAL = 4;
    private static final Slice[] NONE = {};

    private final Executor executor;
    private final int few;

    // Written under the feed's lock, read by anyone.
    private volatile Slice[] slices = NONE;
    private volatile int size;

    /** Nobody yet; {@code few}: see {@link #FEW}, which the simulator varies. */
    Fanout(Executor executor, int few) {
        this.executor = executor;
        this.few = few;
    }

    /** How many subscribers there are. */
    int size() {
        return size;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the feed's lock
    void add(Attachment attachment) {
        Slice slice = withRoom();
        slice.add(attachment);
        size = size + 1;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the feed's lock
    void remove(Attachment attachment) {
        Slice slice = attachment.slice;
        if (slice != null) {
            slice.remove(attachment);
            size = size - 1;
            if (size == 0) {
                slices = NONE; // the arrays that a crowd needed go with it
            }
        }
    }

    /** Wakes every subscriber, soon, on the executor. */
    void signal() {
        for (Slice slice : slices) {
            if (slice.count > 0) {
                slice.signal();
            }
        }
    }

    /**
     * The same; by the caller itself where they are so few that a task would not be worth its hand-over.
     *
     * @return whether all have been woken already
     */
    boolean signalHere() {
        Slice[] all = slices;
        if (all.length == 0) {
            return true;
        }
        if (all.length == 1 && all[0].count <= few) {
            return all[0].signalHere();
        }
        signal();
        return false;
    }

    /** Asks every subscriber to end. */
    void endAll(CloseReason reason) {
        present().forEach(attachment -> attachment.subscriber.end(reason));
    }

    /** Those who are there now. A snapshot. */
    List<Attachment> present() {
        List<Attachment> present = new ArrayList<>(size);
        for (Slice slice : slices) {
            slice.addTo(present);
        }
        return present;
    }

    private Slice withRoom() {
        for (Slice slice : slices) {
            if (slice.count < SLICE) {
                return slice;
            }
        }
        Slice fresh = new Slice(executor);
        Slice[] more = Arrays.copyOf(slices, slices.length + 1);
        more[more.length - 1] = fresh;
        slices = more;
        return fresh;
    }

    /** A part of the subscribers, woken by one thread at a time. */
    static final class Slice extends Drain {
        private final Executor executor;

        // Written under the feed's lock, read by the drainer.
        private volatile @Nullable Attachment[] slots = new Attachment[INITIAL];
        private volatile int count;

        // Guarded by the feed's lock: no slot below is free.
        private int lowestFree;

        Slice(Executor executor) {
            this.executor = executor;
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // under the feed's lock
        private void add(Attachment attachment) {
            @Nullable Attachment[] array = slots;
            while (lowestFree < array.length && array[lowestFree] != null) {
                lowestFree++;
            }
            if (lowestFree == array.length) {
                array = Arrays.copyOf(array, array.length * 2);
                slots = array;
            }
            attachment.slice = this;
            attachment.slot = lowestFree;
            SLOT.setRelease(array, lowestFree, attachment);
            count = count + 1;
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // under the feed's lock
        private void remove(Attachment attachment) {
            SLOT.setRelease(slots, attachment.slot, (Attachment) null);
            lowestFree = Math.min(lowestFree, attachment.slot);
            attachment.slice = null;
            count = count - 1;
        }

        @Override
        Executor executor() {
            return executor;
        }

        @Override
        void drain() {
            @Nullable Attachment[] array = slots;
            for (int i = 0; i < array.length; i++) {
                Attachment attachment = (Attachment) SLOT.getAcquire(array, i);
                if (attachment != null) {
                    attachment.subscriber.wake();
                }
            }
        }

        private void addTo(List<Attachment> present) {
            @Nullable Attachment[] array = slots;
            for (int i = 0; i < array.length; i++) {
                Attachment attachment = (Attachment) SLOT.getAcquire(array, i);
                if (attachment != null) {
                    present.add(attachment);
                }
            }
        }
    }
}
