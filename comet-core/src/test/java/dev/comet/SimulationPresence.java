package dev.comet;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The oracle's count of who is a member of what, by how many subscribers, and since when by none. <i>Owned by one run.</i> */
final class SimulationPresence {
    private static final class Member {
        final SimulationLife life;
        final String name;
        int subscribers;
        long leftAt = Long.MIN_VALUE / 2;
        long triedAt = leftAt;

        Member(SimulationLife life, String name) {
            this.life = life;
            this.name = name;
        }
    }

    private final Simulation world;
    private final Map<String, Member> members = new TreeMap<>();

    SimulationPresence(Simulation world) {
        this.world = world;
    }

    private Member member(Channel channel, String name) {
        return members.computeIfAbsent(
                channel.epoch() + "/" + name, key -> new Member(world.messages().life(channel), name));
    }

    void joined(List<Channel> channels, String name) {
        channels.forEach(channel -> member(channel, name).subscribers++);
    }

    void left(List<Channel> channels, String name) {
        for (Channel channel : channels) {
            Member member = member(channel, name);
            member.subscribers--;
            member.leftAt = world.threads().now();
        }
    }

    void signed(Channel channel, String name) {
        member(channel, name).leftAt = world.threads().now();
    }

    /** It was refused on one of these channels, and may have been a member of the others for a moment. */
    void tried(List<String> names, String name) {
        for (String channelName : names) {
            Channel channel = world.find(channelName);
            if (channel != null) {
                member(channel, name).triedAt = world.threads().now();
            }
        }
    }

    /** Nothing is under way: who is there is listed, who has been away for too long is not. */
    void check() {
        long grace = world.settings().presenceGrace().toNanos();
        long now = world.threads().now();
        for (Member member : members.values()) {
            long away = now - member.leftAt;
            if (member.life.channel.isRemoved()) {
                continue;
            }
            boolean listed = member.life.channel.members().contains(member.name);
            boolean must = member.subscribers > 0 || away < grace;
            boolean may = must || now - Math.max(member.leftAt, member.triedAt) <= grace + 3 * SimulationScheduler.TICK;
            if (must ? !listed : listed && !may) {
                throw world.violation(member.name + (listed ? " is still listed in " : " is not listed in ")
                        + member.life + ", with " + member.subscribers + " subscribers, away for " + away + " ns");
            }
        }
        members.values()
                .removeIf(m -> m.subscribers == 0
                        && now - Math.max(m.leftAt, m.triedAt) > grace + 4 * SimulationScheduler.TICK);
    }

    /** How many timers may watch over members, at most. */
    int watched() {
        return members.size();
    }
}
