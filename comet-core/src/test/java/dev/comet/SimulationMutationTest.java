package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That {@link Simulation} finds what it is there for: mistakes that somebody might make in the engine, each found soon. */
class SimulationMutationTest {
    /** In so many runs, of some milliseconds each, every mistake must show. */
    private static final int SEEDS = 300;

    static Stream<SimulationMutant> mutants() {
        return MUTANTS.stream();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    @Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void mistake_isFound(SimulationMutant mutant) throws Exception {
        LongFunction<String> simulation = mutant.simulation(SimulationMutant.Run.class);
        String violation = "";
        long seed = 0;
        while (violation.isEmpty() && seed < SEEDS) {
            violation = simulation.apply(++seed);
        }
        assertThat(violation).isNotEmpty();
    }

    private static final List<SimulationMutant> MUTANTS = List.of(
            new SimulationMutant(
                    "lost wake: a drain forgets the signals that came while it was at work",
                    "Drain",
                    "if ((int) WORK.getAndAdd(this, -seen) == seen) {",
                    "if ((int) WORK.getAndSet(this, 0) >= seen) {"),
            new SimulationMutant(
                    "double drain: every signal has the work executed",
                    "Drain",
                    "return (int) WORK.getAndAdd(this, 1) == 0;",
                    "return (int) WORK.getAndAdd(this, 1) >= 0;"),
            new SimulationMutant(
                    "replay off by one",
                    "Feed",
                    "ring.next() - last.n());",
                    "ring.next() - last.n() + (last.n() == 0 ? 0 : 1));"),
            new SimulationMutant(
                    "replay looks beyond the history, at what is kept for the slow",
                    "Feed",
                    "return Math.max(ring.oldest(), ring.next() - history);",
                    "return ring.oldest();"),
            new SimulationMutant(
                    "what is too old is replayed", "Feed", "ring.evictBefore(expired);", "assert expired != 0;"),
            new SimulationMutant(
                    "removal race: a life that is over takes messages",
                    "Feed",
                    "            if (closed) {\n                return null;\n            }\n",
                    ""),
            new SimulationMutant(
                    "an idle channel goes although somebody follows",
                    "Feed",
                    "fanout.size() + sessions > 0",
                    "sessions > 0"),
            new SimulationMutant(
                    "an idle channel goes although a session is between two polls",
                    "Feed",
                    "fanout.size() + sessions > 0",
                    "fanout.size() > 0"),
            new SimulationMutant(
                    "epoch ignored",
                    "Feed",
                    "at.cursor().epoch(entry) != channel.epoch()\n                    || ",
                    ""),
            new SimulationMutant(
                    "a cursor beyond the end is believed",
                    "Feed",
                    "\n                    || at.cursor().seq(entry) > ring.next()",
                    ""),
            new SimulationMutant(
                    "a number's gap is not told",
                    "Feed",
                    "if (ring.evictedId() > id) {",
                    "if (ring.evictedId() < 0) {"),
            new SimulationMutant(
                    "timer cancelled too late: that of a channel which has been removed",
                    "Lives",
                    "            channel.untend();\n            channel.feed.fanout.signal();",
                    "            channel.feed.fanout.signal();"),
            new SimulationMutant(
                    "timer cancelled too late: the one that a channel sets as it is removed",
                    "Channel",
                    "if (isRemoved()) {",
                    "if (hub.isClosed()) {"),
            new SimulationMutant(
                    "subscribers of a removed channel are not told",
                    "Lives",
                    "            channel.untend();\n            channel.feed.fanout.signal();",
                    "            channel.untend();"),
            new SimulationMutant(
                    "drain passes over those whose channel is gone",
                    "Lives",
                    "ended.forEach(channel -> channel.feed.fanout.endAll(reason));",
                    "assert !ended.isEmpty() || ended.isEmpty();"),
            new SimulationMutant("gap counted short", "Attachment", "next, oldest - 1);", "next, oldest - 2);"),
            new SimulationMutant(
                    "lapped not noticed: the reader goes on without a word",
                    "Attachment",
                    "        gap = feed.isPresence()",
                    "        if (oldest == next + 1) {\n            next = oldest;\n            return null;\n        }\n        gap = feed.isPresence()"),
            new SimulationMutant(
                    "a slot is believed whatever it holds",
                    "Ring",
                    "return m != null && m.seq() == seq ? m : null;",
                    "return m;"),
            new SimulationMutant(
                    "a ring holds more bytes than it may", "Ring", "bytes + m.bytes() > maxBytes", "bytes > maxBytes"),
            new SimulationMutant(
                    "a channel that is gone keeps its share of all histories' bytes",
                    "Feed",
                    "            ring.unbook();\n",
                    ""),
            new SimulationMutant(
                    "histories do not give way when all together hold too much",
                    "Ring",
                    "if (size() == 0 || !budget.fits(more - booked)) { // others have taken that room meanwhile",
                    "if (more > 0) {\n                break;\n            }\n            if (size() == 0) {"),
            new SimulationMutant(
                    "who is refused for all histories' bytes has thrown out some of his channel's",
                    "Ring",
                    "if (!budget.fits(more - booked)) {\n            return false; // before",
                    "if (more < 0) {\n            return false; // before"),
            new SimulationMutant(
                    "live window off: only the history is kept for the slow",
                    "Channel",
                    "Math.max(options.historyMessages(), hub.settings().liveWindow())",
                    "Math.max(options.historyMessages(), 1)"),
            new SimulationMutant(
                    "attach, then not read",
                    "Subscription",
                    "            started = true;\n            signal();",
                    "            started = true;"),
            new SimulationMutant(
                    "cursor not advanced by a gap",
                    "Attachment",
                    "        next = oldest;\n",
                    "        next = oldest - 1;\n"),
            new SimulationMutant(
                    "the cursor of one who has not been told of a reset forgets it",
                    "Subscriber",
                    "epochs[n] = a.pending == null ? a.feed.channel.epoch() : 0;",
                    "epochs[n] = a.feed.channel.epoch();"),
            new SimulationMutant(
                    "a number is reported before what is below it was handed over",
                    "Subscriber",
                    "        safeId = soonest.id();",
                    "        safeId = bound;"),
            new SimulationMutant(
                    "a number passes over the channel's next life",
                    "Subscriber",
                    "bound = Math.min(bound, a.feed.closedAt());",
                    "assert bound >= 0;"),
            new SimulationMutant(
                    "several channels are not merged by their ids",
                    "Subscriber",
                    "soonest == null || m.id() < soonest.id()",
                    "soonest == null"),
            new SimulationMutant(
                    "what came during a pass that was interrupted is not looked for",
                    "Subscriber",
                    "                        beginPass();\n                        continue;",
                    "                        beginPass();"),
            new SimulationMutant(
                    "an end is not waked for",
                    "Subscriber",
                    "            wake();\n        }\n    }\n\n    /** Why",
                    "        }\n    }\n\n    /** Why"),
            new SimulationMutant(
                    "only the first slice of a crowd is signalled",
                    "Fanout",
                    "                slice.signal();\n",
                    "                slice.signal();\n                return;\n"),
            new SimulationMutant(
                    "a slot is given to two",
                    "Fanout",
                    "lowestFree < array.length && array[lowestFree] != null",
                    "lowestFree < 0"),
            new SimulationMutant(
                    "presence: a leave is lost",
                    "Members",
                    "                told = announceHere(Message.Kind.LEAVE, Draft.text(name));",
                    "                told = null;"),
            new SimulationMutant(
                    "presence: the grace of one who comes back and leaves again counts from the first time",
                    "Members",
                    "            if (left <= 0) {",
                    "            if (left <= 0 || true) {"),
            new SimulationMutant(
                    "presence: nobody watches over one who leaves",
                    "Members",
                    "            member.watched = true;\n        }\n        watch(name, graceNanos());",
                    "            member.watched = true;\n        }"),
            new SimulationMutant(
                    "a session's position moves for a poll that was replaced",
                    "Session",
                    "            if (poll != of) {",
                    "            if (poll == null) {"),
            new SimulationMutant(
                    "a poll begins where the session was before a commit that came in between",
                    "Session",
                    "            if (!Objects.equals(position, at)) {\n                return false;\n            }\n",
                    ""),
            new SimulationMutant(
                    "a session that is closed keeps its channels",
                    "Session",
                    "            released = retained;\n            retained = List.of();",
                    "            released = List.of();\n            retained = List.of();"),
            new SimulationMutant(
                    "a session ends while it polls",
                    "Session",
                    "if (open || !pollOver) {",
                    "if (!open && !pollOver) {"),
            new SimulationMutant(
                    "a session whose poll broke has only what was left of its time",
                    "Session",
                    "if (open || !pollOver) {",
                    "if (open) {"),
            new SimulationMutant(
                    "a session's timer outlives it",
                    "Session",
                    "        if (timer != null) {\n            timer.cancel();\n        }\n        if (open",
                    "        if (open"),
            new SimulationMutant(
                    "what an executor rejects is lost", "Patient", "if (!hub.isClosed()) {", "if (hub.isClosed()) {"),
            new SimulationMutant(
                    "more than was requested",
                    "EventPublisher",
                    "demand.decrementAndGet() > 0",
                    "demand.decrementAndGet() >= 0"),
            new SimulationMutant(
                    "a refused subscriber stays where it had attached",
                    "Comet",
                    "            subscriber.undo();\n",
                    ""),
            new SimulationMutant(
                    "timers: early by up to a tick",
                    "TimerWheel",
                    "((elapsed + delayNanos - 1) >>> TICK_SHIFT) + 1;",
                    "(elapsed + delayNanos - 1) >>> TICK_SHIFT;"),
            new SimulationMutant(
                    "timers: the driver is not waked for one that is due sooner",
                    "TimerWheel",
                    "        if (sooner) {\n            wake.run();",
                    "        if (sooner && delayNanos < 0) {\n            wake.run();"),
            new SimulationMutant(
                    "timers: one that moves to a lower level is forgotten",
                    "TimerWheel",
                    "                    link(timeout);\n                } else",
                    "                    timeout.task = null;\n                } else"),
            new SimulationMutant(
                    "limits: a channel that was begun for a publish which is refused stays",
                    "Comet",
                    "            if (e != null) {\n                begun.forEach(lives::forsake);\n            }\n",
                    ""),
            new SimulationMutant(
                    "limits: a channel that was begun for a subscriber who is refused stays",
                    "Comet",
                    "            subscriber.undo();\n            begun.forEach(lives::forsake);\n",
                    "            subscriber.undo();\n"),
            new SimulationMutant(
                    "limits: a subscriber is not given back when it closes",
                    "Comet",
                    "            leaveAddress(address);\n        }\n        leave();\n",
                    "            leaveAddress(address);\n        }\n"),
            new SimulationMutant(
                    "limits: a subscriber is given back twice",
                    "Comet",
                    "            leaveAddress(address);\n        }\n        leave();\n",
                    "            leaveAddress(address);\n        }\n        leave();\n        leave();\n"),
            new SimulationMutant(
                    "limits: an address is not given back when its subscriber closes",
                    "Comet",
                    "        if (address != null) {\n            leaveAddress(address);",
                    "        if (address != null && address.isEmpty()) {\n            leaveAddress(address);"),
            new SimulationMutant(
                    "limits: an address is given back twice",
                    "Comet",
                    "        if (address != null) {\n            leaveAddress(address);",
                    "        if (address != null) {\n            leaveAddress(address);\n            leaveAddress(address);"),
            new SimulationMutant(
                    "limits: a subscriber is given back to another address",
                    "Comet",
                    "        if (address != null) {\n            leaveAddress(address);",
                    "        if (address != null) {\n            leaveAddress(address.equals(\"10.0.0.0\") ? \"10.0.0.1\" : address);"),
            new SimulationMutant(
                    "limits: who is refused for his address is still counted there",
                    "Comet",
                    "            leave();\n            leaveAddress(address);\n",
                    "            leave();\n"),
            new SimulationMutant(
                    "limits: who is refused for his address is still counted among all",
                    "Comet",
                    "            leave();\n            leaveAddress(address);\n",
                    "            leaveAddress(address);\n"),
            new SimulationMutant(
                    "limits: who is refused for the maximum of subscribers is still counted",
                    "Comet",
                    "            leave();\n            throw refused(\n                    Refusal.TOO_MANY_SUBSCRIBERS,",
                    "            throw refused(\n                    Refusal.TOO_MANY_SUBSCRIBERS,"),
            new SimulationMutant(
                    "limits: an address may have one subscriber more",
                    "Comet",
                    "> settings.maxSubscribersPerAddress()) {",
                    "> settings.maxSubscribersPerAddress() + 1) {"),
            new SimulationMutant(
                    "limits: an address is refused its last subscriber",
                    "Comet",
                    "> settings.maxSubscribersPerAddress()) {",
                    "> settings.maxSubscribersPerAddress() - 1) {"),
            new SimulationMutant(
                    "limits: the hub is full before it is",
                    "Comet",
                    "subscribers.incrementAndGet() > settings.maxSubscribers()",
                    "subscribers.incrementAndGet() >= settings.maxSubscribers()"),
            new SimulationMutant(
                    "limits: a channel takes one subscriber too many",
                    "Feed",
                    "fanout.size() >= most",
                    "fanout.size() > most"),
            new SimulationMutant(
                    "limits: a channel takes one member too many",
                    "Members",
                    "all.size() >= most",
                    "all.size() > most"),
            new SimulationMutant(
                    "limits: a channel that is refused is still counted",
                    "Lives",
                    "            count.decrementAndGet();\n            throw",
                    "            throw"),
            new SimulationMutant(
                    "limits: the last fifth of the channels is for anybody",
                    "Lives",
                    "open(name, options, most - most / 5, begun)",
                    "open(name, options, most, begun)"),
            new SimulationMutant(
                    "limits: a session that is refused for its channels is still counted",
                    "Sessions",
                    "            hub.releaseSession();\n            throw e;",
                    "            throw e;"),
            new SimulationMutant(
                    "limits: a session is not given back when it is over",
                    "Sessions",
                    "        byId.remove(session.id(), session);\n        hub.releaseSession();",
                    "        byId.remove(session.id(), session);"));
}
