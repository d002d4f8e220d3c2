package dev.comet;

import java.util.ArrayList;
import java.util.List;

/** More streams on one channel than a slice of its subscribers takes; they come at once, and leave one by one. */
final class SimulationCrowd implements SimulationActor, SimulationWire.End {
    private final Simulation world;
    private final List<String> names;
    private final List<SimulationWire> streams = new ArrayList<>();

    SimulationCrowd(Simulation world) {
        this.world = world;
        this.names = world.someNames(1);
    }

    void comes() {
        for (int i = 0; i < Fanout.SLICE + 10; i++) {
            one();
        }
    }

    private void one() {
        From from = From.last(world.lot().below(3));
        SimulationReader reader = new SimulationReader(world, names, from, null);
        long hold = 1_000_000_000L * (5 + world.lot().below(15));
        SimulationWire stream = new SimulationWire(
                world, this, new SimulationWire.Manner(false, true, 10, 4, 10_000_000, hold, hold), reader);
        SubscribeOptions options = SubscribeOptions.of(names).withFrom(from).withSource("http");
        SimulationLimits.Ask ask = world.limits().toFollow(options);
        Subscriber subscriber;
        try {
            subscriber = world.hub().attach(options, stream::wake);
        } catch (RefusedException e) {
            world.checkRefusal(e, ask);
            return;
        }
        world.limits().granted(ask);
        reader.attached(subscriber.channels());
        streams.add(stream);
        stream.start(subscriber);
    }

    @Override
    public void act() {
        if (!streams.isEmpty()) {
            world.lot().of(streams).breaks();
        }
    }

    @Override
    public void retire() {
        List.copyOf(streams).forEach(SimulationWire::breaks);
    }

    @Override
    public void check() {
        // Its streams are checked with all others.
    }

    @Override
    public void received(SimulationWire from, SimulationWire.Frame frame) {}

    @Override
    public void written(SimulationWire from, Subscriber subscriber) {}

    @Override
    public void completed(SimulationWire wire) {
        streams.remove(wire);
    }
}
