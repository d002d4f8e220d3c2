package dev.comet.redis;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Stats;
import dev.comet.spi.LocalHub;
import dev.comet.spi.LocalHub.Member;
import dev.comet.spi.Roster;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Who is a member where. What Redis has is not kept in step by what this node remembers to have told, but by what is: each message says
 * what the hub says in that moment; and whenever something may not have got there, all that Redis has of this node is compared with
 * the hub. <i>Owned by the links' thread, but for its methods as a {@link Roster}.</i>
 *
 * <p>A node says that it lives. One that has not for the grace period has lost its members: any other has them leave.
 */
final class RedisRoster implements Roster {
    private static final Duration LEAST_LEASE = Duration.ofSeconds(1);
    private static final Duration MOST_BETWEEN = Duration.ofSeconds(5);

    private final Node node;
    private final String id;
    private final Turns lists = new Turns(2); // each may be some megabytes
    private final Turns turns = new Turns(256); // few enough to be answered well within the time-out

    /** Whether Redis may have something else than the hub. */
    private boolean uncertain;

    /** How many there were: what one before brings too late is refused. */
    private long links;

    // Written by the links' thread, read by anyone.
    private volatile Map<String, Stats> nodes = Map.of();

    /**
     * The members of one node.
     *
     * @param name what people know it by; without spaces
     * @param random tells it from others of this name
     */
    RedisRoster(Node node, String name, long random) {
        this.node = node;
        String number = String.format("%016x", random);
        this.id = name.isEmpty() ? number : name + "-" + number;
    }

    /** Whether all was told. */
    boolean isIdle() {
        return turns.isIdle() && !uncertain;
    }

    String id() {
        return id;
    }

    Map<String, Stats> nodes() {
        return nodes;
    }

    // ---- tell

    @Override
    public CompletionStage<Void> changed(Member member, boolean signs) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        node.execute(() -> tell(member, signs, told));
        return told;
    }

    private void tell(Member member, boolean signs, CompletableFuture<Void> told) {
        LocalHub hub = node.hub();
        CompletionStage<Void> unused = turns.take(() -> {
            node.run(
                    Script.MEMBER,
                    member.channel(),
                    List.of(
                            Wire.bytes(id),
                            Wire.bytes(member.name()),
                            Wire.bytes(hub.isMember(member) ? "1" : "0"),
                            Wire.bytes(hub.settings().maxMembersPerChannel()),
                            Wire.bytes(signs ? "1" : "0"),
                            Wire.bytes(links)),
                    told,
                    values -> {
                        if (values.isEmpty()) {
                            told.complete(null);
                        } else {
                            told.completeExceptionally(new RefusedException(
                                    Refusal.TOO_MANY_MEMBERS,
                                    "channel '" + member.channel() + "' has its maximum of "
                                            + hub.settings().maxMembersPerChannel() + " members on all nodes"));
                        }
                    });
            return told.whenComplete((done, e) -> uncertain |= e != null);
        });
    }

    @Override
    public CompletionStage<Set<String>> members(String channel) {
        return lists.take(() -> {
            CompletableFuture<Set<String>> members = new CompletableFuture<>();
            node.run(
                    Script.MEMBERS,
                    channel,
                    List.of(),
                    members,
                    values -> members.complete(values.stream().map(Wire::text).collect(Collectors.toSet())));
            return members;
        });
    }

    // ---- stay in step

    /**
     * There is a link. What was told to the one before may be lost, and what happened since was told to none; so Redis does not know this
     * one.
     */
    void up(Link link) {
        links++;
        sayThatItLives(link);
    }

    /** Redis may have forgotten some: it is asked when this node next says that it lives. */
    void mayDiffer() {
        uncertain = true;
    }

    private void sayThatItLives(Link link) {
        if (link != node.link()) {
            return; // the next one has its own
        }
        Duration grace = node.hub().settings().presenceGrace();
        Duration lease = grace.compareTo(LEAST_LEASE) < 0 ? LEAST_LEASE : grace;
        CompletableFuture<Boolean> more = new CompletableFuture<>();
        node.run(
                Script.LEASE,
                "",
                List.of(
                        Wire.bytes(id),
                        Wire.bytes(lease.toMillis()),
                        Figures.bytes(node.hub().stats()),
                        Wire.bytes(links)),
                more,
                values -> {
                    boolean known = Wire.number(values.get(0)) == 1;
                    nodes = figures(values.subList(2, values.size()));
                    if (uncertain || !known) {
                        uncertain = false;
                        compare();
                    }
                    more.complete(Wire.number(values.get(1)) == 1);
                });
        Duration third = lease.dividedBy(3);
        CompletionStage<Boolean> unused = more.whenComplete((now, e) -> {
            if (e == null && now) {
                sayThatItLives(link);
            } else {
                node.later(() -> sayThatItLives(link), third.compareTo(MOST_BETWEEN) < 0 ? third : MOST_BETWEEN);
            }
        });
    }

    private static Map<String, Stats> figures(List<Object> values) {
        Map<String, Stats> nodes = new HashMap<>();
        for (int i = 0; i + 1 < values.size(); i += 2) {
            String name = Wire.text(values.get(i));
            Figures.stats((byte[]) values.get(i + 1)).ifPresent(stats -> nodes.put(name, stats));
        }
        return Map.copyOf(nodes);
    }

    /** Tells of all in which Redis and the hub differ. */
    private void compare() {
        CompletableFuture<Set<Member>> compared = new CompletableFuture<>();
        present("0", new HashSet<>(), compared);
        CompletionStage<?> unused = compared.whenComplete((there, e) -> {
            if (e == null) {
                tellDifference(there);
            } else {
                uncertain = true;
            }
        });
    }

    /** All that Redis has of this node, in pages. */
    private void present(String cursor, Set<Member> before, CompletableFuture<Set<Member>> all) {
        node.run(Script.PRESENT, "", List.of(Wire.bytes(id), Wire.bytes(cursor)), all, page -> {
            for (Object value : page.subList(1, page.size())) {
                String text = Wire.text(value);
                int slash = text.indexOf('/'); // no channel has one
                before.add(new Member(text.substring(0, slash), text.substring(slash + 1)));
            }
            String next = Wire.text(page.get(0));
            if (next.equals("0")) {
                all.complete(before);
            } else {
                present(next, before, all);
            }
        });
    }

    private void tellDifference(Set<Member> there) {
        LocalHub hub = node.hub();
        for (Member member : hub.members()) {
            if (!there.remove(member)) {
                tell(member, false, new CompletableFuture<>());
            }
        }
        there.forEach(member -> {
            if (!hub.isMember(member)) {
                tell(member, false, new CompletableFuture<>());
            }
        });
    }
}
