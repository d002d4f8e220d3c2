package dev.comet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The oracle's book of everything that was published and handed over, by channel and life. It asks the hub nothing but what is in
 * a channel's ring. <i>Owned by one run.</i>
 */
final class SimulationMessages {
    private static final String EVERYWHERE = "*";

    private final Simulation world;
    private final List<String> channelOf = new ArrayList<>(); // by token
    private final List<Boolean> isStored = new ArrayList<>();
    private final Map<Integer, SimulationLife> lives = new HashMap<>(); // by epoch
    private final Map<String, List<SimulationLife>> livesOf = new HashMap<>(); // by name; never iterated

    long stored;
    long delivered;
    long gaps;
    long resets;
    long lost;

    SimulationMessages(Simulation world) {
        this.world = world;
    }

    /** A number for a message that is about to be published; a refused one is never stored. */
    int token(String channel) {
        channelOf.add(channel);
        isStored.add(false);
        return channelOf.size() - 1;
    }

    int broadcastToken() {
        return token(EVERYWHERE);
    }

    /** A message has been seen in a ring for the first time. */
    int stored(Message m) {
        int token = Simulation.token(m);
        String channel = token < channelOf.size() ? channelOf.get(token) : "";
        boolean everywhere = m.kind() == Message.Kind.BROADCAST;
        if (!channel.equals(everywhere ? EVERYWHERE : m.channel()) || (!everywhere && isStored.get(token))) {
            throw world.violation(m + ": " + m.payload() + " was published to " + channel + ", or is stored twice");
        }
        isStored.set(token, true);
        stored++;
        return token;
    }

    /** Somebody was answered that a message has this place. */
    void acknowledged(int token, Message m) {
        if (Simulation.token(m) != token) {
            throw world.violation(m + " is the answer to another publish");
        }
        SimulationLife life = lives.get(m.epoch());
        if (life == null) {
            throw world.violation(m + " is in a life that nobody knows");
        }
        life.check(m);
    }

    SimulationLife life(Channel channel) {
        SimulationLife life = lives.get(channel.epoch());
        if (life == null) {
            life = new SimulationLife(world, channel);
            lives.put(channel.epoch(), life);
            livesOf.computeIfAbsent(channel.name(), n -> new ArrayList<>()).add(life);
        }
        return life;
    }

    /** Looks at every ring, before what is in it can go. */
    void syncAll() {
        lives.values().forEach(SimulationLife::sync);
    }

    /** The life that a message says it is of. Every life is known before its first message is stored. */
    SimulationLife lifeOf(Message m) {
        SimulationLife life = lives.get(m.epoch());
        if (life == null) {
            throw world.violation(m + " is of a life that nobody knows");
        }
        return life;
    }

    /** All lives of a name that had a message, or were followed, in order. */
    List<SimulationLife> livesOf(String name) {
        return livesOf.getOrDefault(name, List.of());
    }
}
