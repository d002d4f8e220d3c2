package dev.comet;

import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** A Flow.Subscriber that asks for a few events at a time, and cancels when it likes. <i>Owned by one run.</i> */
final class SimulationFlow implements SimulationActor {
    private final Simulation world;
    private final SimulationLot lot;
    private final List<String> names;
    private final boolean lazy;
    private @Nullable Following now;
    private boolean retired;

    SimulationFlow(Simulation world) {
        this.world = world;
        this.lot = world.lot();
        this.lazy = lot.oneIn(3);
        this.names = world.someNames(lot.oneIn(2) ? 1 : 4);
    }

    @Override
    public String toString() {
        return "a flow";
    }

    @Override
    public void act() {
        Following following = now;
        if (retired) {
            return;
        }
        if (following == null) {
            From from = From.last(lot.of(0, 0, 2, Integer.MAX_VALUE));
            SubscribeOptions options = SubscribeOptions.of(names).withFrom(from).withSource("flow");
            Following fresh = new Following(
                    new SimulationReader(world, names, from, null),
                    world.limits().toFollow(options));
            now = fresh;
            world.note(this, "follows", names.size(), 0);
            world.hub().publisher(options).subscribe(fresh);
            if (!fresh.reader.isOver()) { // else it was refused
                fresh.reader.attached();
            }
        } else {
            following.act();
        }
    }

    @Override
    public void retire() {
        retired = true;
        if (now != null) {
            now.cancel();
        }
    }

    @Override
    public void check() {
        Following following = now;
        if (following != null && following.subscription != null) {
            following.reader.checkKeptAlive();
            if (world.listenersAreServed() && following.demand > 0) {
                following.reader.checkUpToDate();
            }
        }
    }

    /** One subscription of its. */
    private final class Following implements Flow.Subscriber<Event> {
        final SimulationReader reader;
        private final SimulationLimits.Ask ask;

        Flow.@Nullable Subscription subscription;

        private long demand;
        private boolean cancelled;

        Following(SimulationReader reader, SimulationLimits.Ask ask) {
            this.reader = reader;
            this.ask = ask;
        }

        void act() {
            Flow.Subscription s = subscription;
            if (s == null) {
                return;
            }
            if (lot.oneIn(lazy ? 100 : 12)) {
                cancel();
            } else if (lot.oneIn(100)) {
                world.note(this, "requests nothing", 0, 0);
                s.request(0);
            } else if (!lazy || lot.oneIn(20)) {
                int n = lot.of(1, 2, 5, 100);
                demand += n;
                s.request(n);
            }
        }

        void cancel() {
            Flow.Subscription s = subscription;
            if (s != null) {
                cancelled = true;
                now = null;
                world.note(this, "cancels", 0, 0);
                s.cancel();
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription s) {
            subscription = s;
            world.threads().seam();
        }

        @Override
        public void onNext(Event event) {
            reader.enter();
            if (--demand < 0) {
                throw world.violation(event + " was not asked for");
            }
            reader.accept(event);
            world.threads().seam();
            reader.leave();
        }

        @Override
        public void onError(Throwable e) {
            if (e instanceof RefusedException refused) {
                world.checkRefusal(refused, ask);
            } else if (!(e instanceof IllegalArgumentException)) {
                throw world.violation("onError " + e);
            }
            over();
        }

        @Override
        public void onComplete() {
            if (!cancelled && !world.isClosing()) {
                reader.checkRead();
            }
            over();
        }

        private void over() {
            reader.end();
            if (now == this) {
                now = null;
            }
        }
    }
}
