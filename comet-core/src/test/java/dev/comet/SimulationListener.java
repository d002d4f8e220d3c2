package dev.comet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A listener in the process, slow at times, that comes back where it was. Now and then it throws. <i>Owned by one run.</i> */
final class SimulationListener implements SimulationActor {
    private final Simulation world;
    private final SimulationLot lot;
    private final List<String> names;
    private @Nullable Following now;
    private boolean busy;
    private boolean retired;
    private @Nullable SimulationBookmark left;

    SimulationListener(Simulation world) {
        this.world = world;
        this.lot = world.lot();
        this.names = world.someNames(lot.oneIn(2) ? 1 : 4);
    }

    @Override
    public String toString() {
        return "a listener";
    }

    @Override
    public void act() {
        Following following = now;
        if (busy || retired) {
            return;
        }
        busy = true;
        try {
            if (following == null) {
                follow();
            } else if (lot.oneIn(10) && following.subscription != null) {
                world.note(this, "closes", 0, 0);
                following.subscription.close();
            }
        } finally {
            busy = false;
        }
    }

    private void follow() {
        SimulationBookmark mark = left;
        From from = mark == null || lot.oneIn(10)
                ? From.last(lot.of(0, 0, 2, Integer.MAX_VALUE))
                : From.cursor(Cursor.parse(mark.text));
        world.note(this, "listens", names.size(), 0);
        Following fresh = new Following(new SimulationReader(world, names, from, mark));
        now = fresh;
        SubscribeOptions options =
                SubscribeOptions.of(names).withFrom(from).withSource("listener").withMembers(lot.oneIn(4));
        SimulationLimits.Ask ask = world.limits().toFollow(options);
        try {
            fresh.subscription = world.hub().subscribe(options, fresh);
        } catch (RefusedException e) {
            now = null;
            world.checkRefusal(e, ask);
            return;
        }
        world.openListeners++;
        fresh.reader.attached();
        if (!fresh.reader.isOver() && !fresh.reader.isInside()) {
            left = fresh.reader.bookmark(fresh.subscription.cursor().toString(), 0);
        }
        fresh.ended();
    }

    @Override
    public void retire() {
        retired = true;
        Following following = now;
        if (following != null && following.subscription != null) {
            following.subscription.close();
        }
    }

    @Override
    public void check() {
        Following following = now;
        if (following != null && following.subscription != null) {
            following.reader.checkKeptAlive();
            if (world.listenersAreServed()) {
                following.reader.checkUpToDate();
            }
        }
    }

    /** One subscription of its. */
    private final class Following implements Listener {
        final SimulationReader reader;

        @Nullable
        Subscription subscription;

        private boolean counted;
        private boolean failed;

        Following(SimulationReader reader) {
            this.reader = reader;
        }

        @Override
        public void onMessage(Message message) {
            take(message);
            if (lot.oneIn(300)) {
                failed = true;
                throw new IllegalStateException(Simulation.DELIBERATE);
            }
        }

        @Override
        public void onGap(Gap gap) {
            take(gap);
        }

        private void take(Event event) {
            reader.enter();
            reader.accept(event);
            world.threads().seam();
            reader.leave();
        }

        @Override
        public void onClose(CloseReason reason) {
            world.note(this, reason.name(), 0, 0);
            reader.end();
            if (reason == CloseReason.CLOSED) {
                reader.checkRead();
            }
            ended();
        }

        /** Told of its end, and known to its owner: in either order. */
        void ended() {
            Subscription of = subscription;
            if (of == null || !reader.isOver() || counted) {
                return;
            }
            counted = true;
            world.openListeners--;
            now = null;
            String cursor = of.cursor().toString();
            // What it threw at it has not been given, by its cursor.
            left = failed ? new SimulationBookmark(cursor, 0) : reader.bookmark(cursor, 0);
        }
    }
}
