package dev.comet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A hub and its world, from its beginning to its end, from one seed: everything that happens is drawn by lot, and whatever the
 * hub promises is checked by an oracle that keeps books of its own. <i>One thread; a run has nothing in common with another.</i>
 *
 * <p>See docs/concurrency.md, "The simulator", for what it sees and what it cannot.
 */
final class Simulation implements Runnable {
    /** What a listener says that fails on purpose. */
    static final String DELIBERATE = "on purpose";

    private static final long SECOND = 1_000_000_000L;
    private static final int MAX_MESSAGE_BYTES = 5000;
    private static final String FILLER = "x".repeat(MAX_MESSAGE_BYTES);

    /** The first two have the same hash in cursors. */
    private static final List<String> NAMES =
            List.of("liquid", "costarring", "a", "b", "news", "chat", "ä€😀", "g", "h");

    /** How a run ended. */
    record Outcome(
            long seed, long events, long hash, @Nullable String violation, List<String> trace) {}

    /** The promise is broken. Recorded where it is made, for the hub may catch it. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1;

        Violation(String what) {
            super(what);
        }
    }

    private final long seed;
    private final int atLeast;
    private final boolean traced;
    private final SimulationLot lot;
    private final SimulationScheduler threads;
    private final SimulationMessages messages;
    private final SimulationPresence presence;
    private final SimulationLimits limits;
    private final Comet hub;
    private final Duration sessionTimeout;
    private final Sessions sessions;
    private final Logger log = Logger.getLogger("dev.comet");

    private final List<String> names;
    private final List<SimulationActor> actors = new ArrayList<>();
    private final Set<SimulationWire> wires = new LinkedHashSet<>();
    private final List<Channel> kept = new ArrayList<>();
    private final Set<Runnable> rejected = Collections.newSetFromMap(new IdentityHashMap<>()); // never iterated
    private final Set<Integer> epochs = new LinkedHashSet<>();
    private final int admins;
    private final boolean limited;
    private final boolean shortOfMemory;
    private final boolean answersAtOnce;
    private int readers;
    int openListeners;

    private boolean rejects;
    private boolean settling;
    private boolean closing;
    private long events;
    private long hash = 1;
    private @Nullable Violation violation;
    private final List<String> trace = new ArrayList<>();

    private Simulation(long seed, int atLeast, boolean traced, SimulationLog.Maker logs) {
        this.seed = seed;
        this.atLeast = atLeast;
        this.traced = traced;
        this.lot = new SimulationLot(seed);
        this.threads = new SimulationScheduler(this, lot);
        this.messages = new SimulationMessages(this);
        this.presence = new SimulationPresence(this);
        this.names = new ArrayList<>(NAMES.subList(0, 2 + lot.below(NAMES.size() - 1)));
        this.admins = lot.of(5, 15, 60);
        this.limited = lot.oneIn(3);
        this.shortOfMemory = limited && lot.oneIn(3);
        this.answersAtOnce = logs.answersAtOnce();
        this.hub = Comet.builder()
                .scheduler(threads)
                .listenerExecutor(this::listen)
                .epochs(this::epoch)
                .few(lot.of(0, 0, 2, Fanout.FEW))
                .log(new SimulationLog(logs.log(this), this))
                .historyMessages(lot.of(0, 1, 3, 10, 100))
                .historyBytes(lot.of(1, 60, 400, 1 << 20))
                .historyAge(Duration.ofSeconds(lot.of(1, 10, 600)))
                .idleTimeout(Duration.ofSeconds(lot.of(0, 3, 20)))
                .liveWindow(lot.of(1, 2, 8, 128))
                .maxHistoryMessages(lot.of(5, 1000))
                .maxMessageBytes(MAX_MESSAGE_BYTES)
                .maxHistoryBytesTotal(shortOfMemory ? lot.of(500, 4000) : 1L << 40)
                .maxChannels(limit(3, 6))
                .maxSubscribers(limit(3, 8))
                .maxSubscribersPerChannel(limited && lot.oneIn(3) ? 2 : 0)
                .maxSubscribersPerAddress(limited && lot.oneIn(3) ? 2 : 0)
                .maxMembersPerChannel(limit(1, 3))
                .maxSessions(limit(1, 2))
                .presenceGrace(Duration.ofSeconds(lot.of(0, 1, 10)))
                .build();
        this.sessionTimeout = Duration.ofSeconds(lot.of(5, 15));
        this.sessions = hub.sessions(sessionTimeout);
        this.limits = new SimulationLimits(this);
        populate();
    }

    private int limit(int... values) {
        return limited && lot.oneIn(3) ? lot.of(values) : 100_000;
    }

    private void populate() {
        for (int n = 2 + lot.below(8); n > 0; n--) {
            actors.add(new SimulationClient(this, actors.size()));
        }
        for (int n = lot.below(4); n > 0; n--) {
            actors.add(new SimulationListener(this));
        }
        for (int n = lot.below(3); n > 0; n--) {
            actors.add(new SimulationFlow(this));
        }
        for (int n = lot.below(4); n > 0; n--) {
            actors.add(new SimulationSession(this, actors.size()));
        }
    }

    /** A run of at least so many events. A traced one says in words what happened last. */
    static Outcome run(long seed, int atLeast, boolean traced, SimulationLog.Maker logs) {
        return new Simulation(seed, atLeast, traced, logs).outcome();
    }

    private Outcome outcome() {
        Handler handler = new Problems();
        log.setUseParentHandlers(false);
        log.addHandler(handler);
        try {
            run();
        } catch (Violation e) {
            // recorded
        } catch (RuntimeException | Error e) {
            StackTraceElement[] stack = e.getStackTrace();
            violation("threw " + e + (stack.length == 0 ? "" : " at " + stack[0]));
        } finally {
            log.removeHandler(handler);
            log.setUseParentHandlers(true);
        }
        Violation v = violation;
        return new Outcome(seed, events, hash, v == null ? null : v.getMessage(), trace);
    }

    @Override
    public void run() {
        threads.open = true;
        if (lot.oneIn(40)) {
            crowd();
        }
        for (long until = events + atLeast; events < until; ) {
            turn();
            stopIfBroken();
        }
        settle();
        if (lot.oneIn(3)) {
            abandon();
        }
        end();
    }

    /** So many subscribers that hardly anything is ever quiet; so it is looked at when the first message has reached all. */
    private void crowd() {
        SimulationCrowd crowd = new SimulationCrowd(this);
        actors.add(crowd);
        crowd.comes();
        runReady();
        for (int i = 0; i < 2 * names.size(); i++) {
            publish();
        }
        runReady();
        checkQuiet();
    }

    /** One thing that happens at the top: a task, an act of somebody, or that time passes. */
    private void turn() {
        int ready = threads.readyTasks();
        if (ready == 0 && lot.oneIn(4)) {
            checkQuiet();
        } else if (events % 8 == 0) {
            limits.check();
        }
        if (ready > 0 && lot.below(10) < 7) {
            events++;
            threads.runOne();
        } else if (lot.oneIn(3)) {
            pass();
        } else {
            events++;
            act();
        }
    }

    /** What another thread does meanwhile. */
    void step() {
        events++;
        if (threads.readyTasks() > 0 && lot.oneIn(2)) {
            threads.runOne();
        } else {
            act();
        }
    }

    /** Threads may be busy for a while, and tasks wait; timers are then as late. */
    private void pass() {
        int how = lot.below(20);
        if (how < 12) {
            threads.pass(lot.between(0, SECOND / 10));
        } else if (how < 19 && threads.readyTasks() == 0) {
            threads.pass(threads.untilNextTimer());
        } else if (how == 19) {
            threads.pass(lot.between(0, 20 * SECOND));
        }
    }

    private void act() {
        if (closing || lot.below(100) >= 60) {
            lot.of(actors).act();
        } else if (lot.oneIn(admins)) {
            administer();
        } else {
            publish();
        }
    }

    // ---- what publishers and administrators do

    private void publish() {
        String name = lot.of(names);
        int token = messages.token(name);
        int size =
                lot.oneIn(50) ? MAX_MESSAGE_BYTES + 1 - lot.below(20) : lot.oneIn(6) ? lot.below(300) : lot.below(12);
        Draft draft = draft(token, size);
        note(name, "publishes", token, draft.bytes());
        SimulationLimits.Ask ask = limits.toPublish(name, draft);
        try {
            if (!kept.isEmpty() && lot.oneIn(8)) {
                publishToKept(name, draft, token, ask);
            } else if (!answersAtOnce || lot.oneIn(4)) {
                hub.publishAsync(name, draft).whenComplete((m, e) -> answered(token, m, e, ask));
            } else {
                messages.acknowledged(token, hub.publish(name, draft));
            }
        } catch (RefusedException e) {
            checkPublishRefusal(e, ask);
        }
    }

    private void publishToKept(String name, Draft draft, int token, SimulationLimits.Ask ask) {
        for (Channel channel : kept) {
            if (channel.name().equals(name)) {
                channel.publishAsync(draft).whenComplete((m, e) -> answered(token, m, e, ask));
                return;
            }
        }
        kept.add(hub.channel(name));
    }

    private void answered(int token, @Nullable Message m, @Nullable Throwable e, SimulationLimits.Ask ask) {
        if (m != null) {
            messages.acknowledged(token, m);
        } else if ((e instanceof CompletionException ? e.getCause() : e) instanceof RefusedException refused) {
            checkPublishRefusal(refused, ask);
        } else {
            throw violation("a publish failed: " + e);
        }
    }

    private static Draft draft(int token, int size) {
        String head = token + ".";
        return Draft.text(
                head + FILLER.substring(0, Math.max(0, Math.min(size, MAX_MESSAGE_BYTES + 1) - head.length())));
    }

    /** The number that a published message carries. */
    static int token(Message m) {
        String payload = m.payload();
        int token = 0;
        for (int i = 0; payload.charAt(i) != '.'; i++) {
            token = token * 10 + payload.charAt(i) - '0';
        }
        return token;
    }

    /** Something of a message that is the same in each run of a seed. */
    static long number(Message m) {
        return m.id() * 31 + m.payload().hashCode();
    }

    private void administer() {
        String name = lot.of(names);
        Channel channel = find(name);
        int what = lot.below(12);
        note(name, "administers", what, names.indexOf(name));
        SimulationLimits.Ask ask = SimulationLimits.unknown();
        try {
            switch (what) {
                case 0, 1 -> remove(channel);
                case 2 -> {
                    if (channel != null) {
                        messages.life(channel).clear();
                    }
                }
                case 3 -> {
                    if (channel != null) {
                        channel.expireAfter(Duration.ofMillis(1 + lot.below(10_000)));
                    }
                }
                case 4, 5 -> create(name);
                case 6 -> {
                    if (answersAtOnce) {
                        hub.broadcast(draft(messages.broadcastToken(), lot.below(20)));
                    }
                }
                case 7 -> {
                    messages.syncAll(); // what ages at once has been seen
                    threads.shiftWallClock(lot.between(-20_000, 20_000));
                }
                case 8 -> rejects = !rejects && lot.oneIn(2);
                case 9, 10 -> {
                    if (channel != null) {
                        String member = "m" + lot.below(4);
                        ask = limits.toSign(name, member);
                        channel.sign(member);
                        presence.signed(channel, member);
                    }
                }
                default -> kept.removeIf(c -> lot.oneIn(2));
            }
        } catch (RefusedException e) {
            checkRefusal(e, ask);
        }
    }

    private void remove(@Nullable Channel channel) {
        if (channel == null) {
            return;
        }
        messages.life(channel).removed = true;
        if (lot.oneIn(2)) {
            channel.remove();
        } else {
            hub.remove(channel.name()); // perhaps the next life, when something comes in between
        }
    }

    private void create(String name) {
        ChannelOptions options = new ChannelOptions(
                lot.of(0, 2, 20),
                lot.of(50, 1 << 20),
                Duration.ofSeconds(lot.of(2, 60)),
                Duration.ofSeconds(lot.of(0, 2, 30)),
                false);
        boolean there = find(name) != null;
        SimulationLimits.Ask ask = limits.toPublish(name, Draft.text(""));
        try {
            hub.create(name, options);
        } catch (RefusedException e) {
            if (e.refusal() == Refusal.EXISTS && !there) {
                throw violation("there is no " + name + ", and it exists");
            }
            checkRefusal(e, ask);
        }
    }

    // ---- the end

    /** Everybody is given the time to get what there is. */
    private void settle() {
        settling = true;
        for (int i = 0; i < 200; i++) {
            runReady();
            threads.pass(SECOND / 20);
        }
        runReady();
        checkQuiet();
    }

    private void runReady() {
        for (int steps = 0; threads.readyTasks() > 0; steps++) {
            events++;
            threads.runOne();
            stopIfBroken();
            if (steps > 200_000) {
                throw violation("livelock");
            }
        }
    }

    /** All leave, and nobody publishes: sessions end, channels go that may. */
    private void abandon() {
        closing = true;
        actors.forEach(SimulationActor::retire);
        for (int i = 0; i < 120; i++) {
            runReady();
            threads.pass(SECOND);
        }
        runReady();
        checkQuiet();
        for (Channel channel : hub.channels()) {
            if (!channel.options().idleTimeout().isZero()) {
                throw violation(channel + " has been idle for two minutes, and is still there");
            }
        }
        checkNobody();
    }

    private void end() {
        closing = true;
        note("the hub", "ends", 0, 0);
        if (lot.oneIn(2)) {
            hub.drain(Duration.ZERO);
            for (int i = lot.below(50); i > 0 && threads.readyTasks() > 0; i--) {
                turn();
                stopIfBroken();
            }
        }
        for (String name : names) {
            messages.livesOf(name).forEach(life -> life.removed = true);
        }
        hub.close();
        for (int turns = 0; threads.readyTasks() + threads.hubTimers() + threads.worldTimers() > 0; turns++) {
            runReady();
            threads.pass(threads.untilNextTimer());
            if (turns > 20_000) {
                throw violation("after the end there are still " + threads.hubTimers() + " timers of the hub, "
                        + threads.worldTimers() + " of its world");
            }
        }
        if (hub.channelCount() != 0 || !hub.channels().isEmpty()) {
            throw violation("after the end there are " + hub.channelCount() + " channels");
        }
        if (find(names.get(0)) != null) {
            throw violation("after the end there is " + names.get(0));
        }
        checkNobody();
        checkCounters();
    }

    private void checkNobody() {
        limits.check();
        Stats stats = stats();
        if (!stats.subscribersBySource().isEmpty() || !wires.isEmpty() || openListeners != 0) {
            throw violation("left behind: " + stats.subscribersBySource().keySet() + ", " + wires.size()
                    + " responses, " + openListeners + " listeners");
        }
        if (stats.sessions() != 0 || !sessions.ids().isEmpty()) {
            throw violation("left behind: " + stats.sessions() + " sessions, " + sessions.ids());
        }
    }

    private void checkCounters() {
        Stats stats = stats();
        if (stats.published() != messages.stored
                || stats.delivered() != messages.delivered
                || stats.gaps() != messages.gaps
                || stats.resets() != messages.resets
                || stats.lost() != messages.lost) {
            throw violation("counted " + stats + ", and there were " + messages.stored + " published, "
                    + messages.delivered + " delivered, " + messages.gaps + " gaps of " + messages.lost + ", "
                    + messages.resets + " resets");
        }
    }

    // ---- what must be true

    /** No task is ready and nothing suspended: whoever waits, has everything; whatever is held, somebody holds. */
    private void checkQuiet() {
        limits.check();
        for (Channel over : hub.lives.ended()) {
            if (over.subscribers() == 0) {
                throw violation(over + " is over, and kept for nobody");
            }
        }
        for (SimulationWire wire : wires) {
            wire.reader.checkKeptAlive();
            if (wire.isIdle()) {
                Subscriber subscriber = wire.subscriber();
                if (subscriber != null && subscriber.ending().isPresent()) {
                    throw violation("asked to end as " + subscriber.ending().get() + ", and waits");
                }
                wire.reader.checkUpToDate();
            }
        }
        actors.forEach(SimulationActor::check);
        presence.check();
        Stats stats = stats();
        int held = stats.subscribersBySource().getOrDefault("http", 0)
                + stats.subscribersBySource().getOrDefault("session", 0);
        int listening = stats.subscribersBySource().getOrDefault("listener", 0);
        if (held != wires.size() || listening != openListeners) {
            throw violation("there are " + wires.size() + " responses and " + openListeners + " listeners, counted as "
                    + stats.subscribersBySource());
        }
        int limit = hub.channelCount() + stats.sessions() + presence.watched() + rejected.size();
        if (threads.hubTimers() > limit) {
            throw violation("the hub has " + threads.hubTimers() + " timers, and needs at most " + limit);
        }
    }

    /** Whether histories give way to each other. */
    boolean isShortOfMemory() {
        return shortOfMemory;
    }

    boolean isClosing() {
        return closing;
    }

    /** Whether no task of a listener waits on its executor, or to be offered again. */
    boolean listenersAreServed() {
        return rejected.isEmpty() && threads.listenersWaiting() == 0;
    }

    /** Where the hub hands over tasks and timers no lock may be held, for they may run at once. */
    void checkNoLockIsHeld() {
        for (String name : names) {
            Channel channel = find(name);
            if (channel != null && (Thread.holdsLock(channel.feed) || Thread.holdsLock(channel.membership()))) {
                throw violation("a lock of " + channel + " is held");
            }
        }
        if (Thread.holdsLock(hub)) {
            throw violation("the hub's lock is held");
        }
        for (String id : sessions.ids()) {
            if (sessions.find(id).filter(Thread::holdsLock).isPresent()) {
                throw violation("the lock of session " + id + " is held");
            }
        }
    }

    /** Refused for a limit that there is and that was reached, or at the end. */
    void checkRefusal(RefusedException e, SimulationLimits.Ask ask) {
        limits.refused(ask, e);
        note("somebody", e.refusal().name(), 0, 0);
        boolean right =
                switch (e.refusal()) {
                    case TOO_MANY_CHANNELS,
                            TOO_MANY_SUBSCRIBERS,
                            TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                            TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
                            TOO_MANY_MEMBERS,
                            TOO_MANY_SESSIONS -> limited;
                    case HISTORY_FULL -> shortOfMemory;
                    case UNKNOWN_CHANNEL, EXISTS -> true;
                    case SHUTTING_DOWN -> closing;
                    default -> false;
                };
        if (!right) {
            throw violation("refused: " + e.refusal() + " " + e.detail());
        }
    }

    private void checkPublishRefusal(RefusedException e, SimulationLimits.Ask ask) {
        if (e.refusal() == Refusal.MESSAGE_TOO_LARGE && ask.bytes() > MAX_MESSAGE_BYTES) {
            limits.refused(ask, e);
        } else {
            checkRefusal(e, ask);
        }
    }

    Violation violation(String what) {
        Violation v = new Violation(what);
        if (violation == null) {
            violation = v;
        }
        return v;
    }

    private void stopIfBroken() {
        if (violation != null) {
            throw violation;
        }
    }

    // ---- what the parts know each other by

    /** How much has happened so far. */
    long events() {
        return events;
    }

    SimulationLot lot() {
        return lot;
    }

    /** The hub's counters, as the oracle reads them. */
    Stats stats() {
        return threads.undisturbed(hub::stats);
    }

    SimulationScheduler threads() {
        return threads;
    }

    SimulationMessages messages() {
        return messages;
    }

    SimulationPresence presence() {
        return presence;
    }

    SimulationLimits limits() {
        return limits;
    }

    Comet hub() {
        return hub;
    }

    Settings settings() {
        return hub.settings();
    }

    Sessions sessions() {
        return sessions;
    }

    long sessionTimeout() {
        return sessionTimeout.toNanos();
    }

    @Nullable
    Channel find(String name) {
        return hub.find(name).orElse(null);
    }

    /** One to so many of the channels' names, each once. */
    List<String> someNames(int most) {
        Set<String> some = new LinkedHashSet<>();
        for (int n = 1 + lot.below(most); n > 0; n--) {
            some.add(lot.of(names));
        }
        return List.copyOf(some);
    }

    void opened(SimulationWire wire) {
        wires.add(wire);
    }

    void closed(SimulationWire wire) {
        wires.remove(wire);
    }

    private int epoch() {
        int epoch = (int) lot.next();
        while (epoch == 0 || !epochs.add(epoch)) {
            epoch = (int) lot.next();
        }
        return epoch;
    }

    private void listen(Runnable task) {
        if (rejects && !settling && lot.oneIn(2)) {
            rejected.add(task);
            note("the executor", "rejects", rejected.size(), 0);
            throw new RejectedExecutionException("full");
        }
        rejected.remove(task);
        threads.executeListener(task);
    }

    /** Something happened: it counts towards the run's hash, and is told in its trace. */
    void note(Object who, String what, long a, long b) {
        hash = SimulationLot.mixed(hash + what.hashCode() * 31L + a) + b + threads.now();
        if (traced) {
            trace.add(threads.now() / 1_000_000 + " ms: " + "| ".repeat(threads.depth()) + who + " " + what + " " + a
                    + " " + b);
        }
    }

    int nextReader() {
        return readers++;
    }

    /** What the hub logs: only what was done to it on purpose. */
    private final class Problems extends Handler {
        @Override
        public void publish(LogRecord record) {
            Throwable e = record.getThrown();
            if (e == null
                    || !(e instanceof RejectedExecutionException
                            || String.valueOf(e.getMessage()).equals(DELIBERATE))) {
                violation(record.getMessage() + ": " + e);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
