package dev.comet;

import java.util.concurrent.Executor;

/**
 * A listener that follows channels: a {@link Subscriber} that is drained on an executor. <i>Thread-safe.</i>
 */
public final class Subscription implements AutoCloseable {
    private final Subscriber subscriber;
    private final Work work;

    private volatile Cursor cursor;

    Subscription(Comet hub, SubscribeOptions options, Listener listener) {
        this.work = new Work(hub, listener);
        this.subscriber = hub.attach(options, work::wake);
        this.cursor = subscriber.cursor();
        work.start();
    }

    /** Where to go on after what the listener has been given so far. */
    public Cursor cursor() {
        return cursor;
    }

    /** Ends it: the listener is told, once, after what it is doing now. */
    @Override
    public void close() {
        subscriber.end(CloseReason.DONE);
    }

    /** The drain: one thread at a time. Wakes that come before the subscriber is known are kept by the counter. */
    private final class Work extends Drain {
        private final Comet hub;
        private final Listener listener;

        private volatile boolean started;

        // Owned by the drainer.
        private int turn;

        Work(Comet hub, Listener listener) {
            this.hub = hub;
            this.listener = listener;
        }

        void wake() {
            if (started) {
                signal();
            }
        }

        void start() {
            started = true;
            signal();
        }

        @Override
        Executor executor() {
            return hub.listenerExecutor();
        }

        @Override
        void drain() {
            if (subscriber.isClosed()) {
                return;
            }
            try {
                turn = TURN;
                switch (subscriber.read(this::deliver)) {
                    case CLOSED -> end(subscriber.ending().orElse(CloseReason.CLOSED));
                    case MORE -> signal();
                    case EMPTY -> {}
                }
            } catch (Throwable e) { // a checked one too, from languages that have none
                hub.problem("a listener threw; its subscription ends", e);
                end(CloseReason.FAILED);
            }
        }

        private boolean deliver(Event event) {
            if (event instanceof Message m) {
                listener.onMessage(m);
            } else if (event instanceof Gap g) {
                listener.onGap(g);
            }
            cursor = subscriber.cursor();
            return --turn > 0;
        }

        private void end(CloseReason reason) {
            subscriber.close(reason);
            try {
                listener.onClose(reason);
            } catch (Throwable e) {
                hub.problem("a listener's onClose threw", e);
            }
        }
    }
}
