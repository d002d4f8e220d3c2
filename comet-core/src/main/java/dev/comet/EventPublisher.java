package dev.comet;

import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Channels as a {@link Flow.Publisher}: each subscriber follows them on its own, and is given as much as it requested; what the
 * history loses in the meantime it is told by a {@link Gap}. <i>Thread-safe.</i>
 */
final class EventPublisher implements Flow.Publisher<Event> {
    private final Comet hub;
    private final SubscribeOptions options;

    EventPublisher(Comet hub, SubscribeOptions options) {
        this.hub = hub;
        this.options = options;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super Event> subscriber) {
        new Work(subscriber).start();
    }

    /** The drain of one subscriber: one thread at a time, as the specification's rule 1.3 asks. */
    private final class Work extends Drain implements Flow.Subscription {
        private final Flow.Subscriber<? super Event> downstream;
        private final AtomicLong demand = new AtomicLong();

        // Written by start() before the first signal.
        private volatile boolean started;
        private Subscriber upstream;

        // Any thread.
        private volatile boolean cancelled;
        private volatile boolean badRequest;

        // Owned by the drainer.
        private int turn;

        @SuppressWarnings("NullAway.Init") // upstream is attached by start()
        Work(Flow.Subscriber<? super Event> downstream) {
            this.downstream = java.util.Objects.requireNonNull(downstream, "subscriber");
        }

        void start() {
            try {
                upstream = hub.attach(options, this::wake);
            } catch (RefusedException refused) {
                downstream.onSubscribe(this);
                downstream.onError(refused);
                return;
            }
            try {
                downstream.onSubscribe(this);
            } catch (Throwable e) { // rule 2.13 forbids it; it must not leave a subscriber behind
                upstream.close(CloseReason.FAILED);
                throw e;
            }
            started = true;
            signal();
        }

        private void wake() {
            if (started) {
                signal();
            }
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                badRequest = true;
            } else {
                demand.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
            }
            wake();
        }

        @Override
        public void cancel() {
            cancelled = true;
            wake();
        }

        @Override
        Executor executor() {
            return hub.listenerExecutor();
        }

        @Override
        void drain() {
            if (upstream.isClosed()) {
                return;
            }
            try {
                if (cancelled) {
                    upstream.close(CloseReason.DONE);
                } else if (badRequest) {
                    upstream.close(CloseReason.FAILED);
                    downstream.onError(new IllegalArgumentException("request(n): n must be greater than 0 (rule 3.9)"));
                } else if (isOver()) {
                    upstream.close(upstream.ending().orElse(CloseReason.CLOSED));
                    downstream.onComplete();
                }
            } catch (Throwable e) { // a checked one too, from languages that have none
                hub.problem("a Flow.Subscriber threw; its subscription ends", e);
                upstream.close(CloseReason.FAILED);
            }
        }

        /** Delivers what is asked for. The end needs no demand, neither before nor after that. */
        private boolean isOver() {
            if (upstream.exhausted()) {
                return true;
            }
            turn = TURN;
            if (demand.get() <= 0) {
                return false;
            }
            Subscriber.Read read = upstream.read(this::deliver);
            if (turn == 0) {
                signal(); // there may be more, and it may be asked for
            }
            return read == Subscriber.Read.CLOSED || upstream.exhausted();
        }

        private boolean deliver(Event event) {
            downstream.onNext(event);
            return demand.decrementAndGet() > 0 && --turn > 0 && !cancelled && !badRequest;
        }
    }
}
