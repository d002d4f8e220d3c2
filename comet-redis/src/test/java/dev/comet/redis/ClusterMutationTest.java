package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.SimulationMutant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That {@link Cluster} finds what it is there for: mistakes that somebody might make between hubs and Redis, each found soon. */
@Tag("proof") // a minute and a half
class ClusterMutationTest {
    /** In so many runs every mistake must show. */
    private static final int SEEDS = 2000;

    /** A run, in the mutant's own world of classes. */
    public static final class Run implements LongFunction<String> {
        /** By reflection, from another package at run time: that of the same name and another loader. */
        public Run() {}

        @Override
        public String apply(long seed) {
            String violation = Cluster.run(seed, false).violation();
            return violation == null ? "" : violation;
        }
    }

    static Stream<SimulationMutant> mutants() {
        return MUTANTS.stream();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void mistake_isFound(SimulationMutant mutant) throws Exception {
        LongFunction<String> simulation = mutant.simulation(Run.class, Node.class);
        String violation = "";
        long seed = 0;
        while (violation.isEmpty() && seed < SEEDS) {
            violation = simulation.apply(++seed);
        }
        assertThat(violation).isNotEmpty();
    }

    private static final List<SimulationMutant> MUTANTS = List.of(
            new SimulationMutant(
                    "it asks before it subscribes",
                    "redis/Followed",
                    "                node.subscribe(up, channel); // before it asks: nothing is lost between\n"
                            + "            }\n            askFor(up, null, answer);",
                    "            }\n            askFor(up, null, answer);\n            node.subscribe(up, channel);"),
            new SimulationMutant(
                    "another life's messages are taken for this one's",
                    "redis/Followed",
                    "} else if (a.epoch() != epoch) {",
                    "} else if (a.epoch() == 0) {"),
            new SimulationMutant(
                    "only an answer's last page is kept",
                    "redis/Followed",
                    "before == null ? page : before.and(page);",
                    "page;"),
            new SimulationMutant(
                    "a clearing that was missed stays so",
                    "redis/Followed",
                    "if (now.first() > next || clearedMeanwhile) {",
                    "if (now.first() > next) {"),
            new SimulationMutant(
                    "who asks while it asks is forgotten",
                    "redis/Followed",
                    "asking = Asking.AGAIN;",
                    "retries |= retries;"),
            new SimulationMutant(
                    "who waits for one that leaves waits for ever",
                    "redis/Followed",
                    "        nextAnswer.complete(false); // nobody asks any more\n",
                    ""),
            new SimulationMutant(
                    "what was refused is not asked for again",
                    "redis/Followed",
                    "            tellAll();\n            retryLater();",
                    "            tellAll();"),
            new SimulationMutant(
                    "members' comings and goings are missed without a word",
                    "redis/Followed",
                    "            follower.missedMembers();\n",
                    ""),
            new SimulationMutant(
                    "the number goes beyond a channel that is behind",
                    "redis/Node",
                    "if (behind == 0 && seen > reached) {",
                    "if (seen > reached) {"),
            new SimulationMutant(
                    "an append whose answer is lost is sent again",
                    "redis/Node",
                    "publishes.take(() -> append(channel, options, true, draft, body)))",
                    "publishes.take(() -> append(channel, options, true, draft, body)"
                            + ".exceptionallyCompose(e -> append(channel, options, true, draft, body))))"),
            new SimulationMutant(
                    "a publisher is told before who follows",
                    "redis/Node",
                    "if (!f.has(place.epoch(), place.seq())) {",
                    "if (place.seq() < 0) {"),
            new SimulationMutant(
                    "who lost the link is not behind",
                    "redis/Node",
                    "            all().forEach(Followed::fallBehind);\n",
                    ""),
            new SimulationMutant(
                    "nobody asks on the next link", "redis/Node", "        all().forEach(Followed::ask);\n", ""),
            new SimulationMutant(
                    "a channel that is left is listened to for ever",
                    "redis/Node",
                    "                up.unsubscribe(announcements + f.channel);\n",
                    "                up.ping();\n"),
            new SimulationMutant(
                    "a publish that fails is counted as under way for ever",
                    "redis/Node",
                    ".whenComplete((place, e) -> underWay.addAndGet(-weight));",
                    ".whenComplete((place, e) -> underWay.addAndGet(e == null ? -weight : 0));"),
            new SimulationMutant(
                    "a turn that fails is not over",
                    "redis/Turns",
                    "                underWay.decrementAndGet();\n                if (e == null) {",
                    "                if (e == null) {\n                    underWay.decrementAndGet();"),
            new SimulationMutant("links are not told from one another", "redis/RedisRoster", "        links++;\n", ""),
            new SimulationMutant(
                    "a node whose lease was over does not notice",
                    "redis/RedisRoster",
                    "if (uncertain || !known) {",
                    "if (uncertain) {"),
            new SimulationMutant(
                    "a node says once that it lives",
                    "redis/RedisRoster",
                    "node.later(() -> sayThatItLives(link), ",
                    "node.later(() -> {}, "),
            new SimulationMutant(
                    "members that have gone meanwhile stay",
                    "redis/RedisRoster",
                    "            if (!hub.isMember(member)) {",
                    "            if (hub.isMember(member)) {"),
            new SimulationMutant(
                    "a reader of several channels is not told that the number has moved",
                    "SharedHistory",
                    "            if (reached < entry.id()) {\n                hub.isAhead();\n            }\n",
                    ""),
            new SimulationMutant(
                    "a message's own id counts as reached",
                    "SharedHistory",
                    "hub.reached(reached); // before",
                    "hub.reached(entry.id()); // before"),
            new SimulationMutant(
                    "a node believes that no other has come further",
                    "Comet",
                    "if (shared != null && channel.feed.isBehind(options.from(), only)) {",
                    "if (shared != null && options.channels().isEmpty()) {"),
            new SimulationMutant(
                    "a number that this node has not reached is taken for one of another time",
                    "Feed",
                    "if (id > channel.hub.newestId()) {",
                    "if (id > channel.hub.lastId()) {"),
            new SimulationMutant(
                    "who follows a life that was lost is not waked",
                    "Lives",
                    "        before.feed.fanout.signal();\n        return renewed;",
                    "        return renewed;"),
            new SimulationMutant(
                    "who goes on in another life is not told",
                    "Subscriber",
                    "to.attach(a, FROM_ANOTHER_LIFE, true, 0)",
                    "to.attach(a, From.oldest(), true, 0)"));
}
