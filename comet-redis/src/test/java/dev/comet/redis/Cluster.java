package dev.comet.redis;

import dev.comet.Channel;
import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Scheduler;
import dev.comet.SimulationLot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Some hubs, whose logs are real {@link Node}s on a {@link ModelRedis}, and their world, from one seed: delays, cuts, nodes that die, a
 * Redis that is replaced; publishers on all nodes, and {@link Wanderer}s. Whatever is promised is checked against a {@link Book}.
 * <i>One thread; a run has nothing in common with another.</i>
 *
 * <p>Everything that happens is an event with a moment. An event is not interrupted, but where a hub waits for its log: then the
 * world goes on, on top of the one who waits.
 */
final class Cluster {
    private static final long SECOND = 1_000_000_000L;
    private static final long WALL_CLOCK_AT_START = 1_767_225_600_000L; // 2026-01-01T00:00Z
    private static final int DEEPEST = 6;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    /** How a run ended. */
    record Outcome(
            long seed, long events, long hash, @Nullable String violation, List<String> trace, Counts counts) {}

    /** What happened in it. */
    record Counts(long acknowledged, long delivered, long visits, long gaps, long resets) {}

    /** The promise is broken. Recorded where it is made, for a hub may catch it. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1;

        Violation(String what) {
            super(what);
        }
    }

    /** Who waits on a node that dies, dies. */
    static final class Died extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private record Due(long moment, long order, Runnable task) {}

    /** A node, until it dies or is closed. */
    final class Site {
        final int number;
        final ModelLinks links;
        final Node node;
        private @Nullable Comet hub;
        private boolean closed;

        Site(int number) {
            this.number = number;
            this.links = new ModelLinks(Cluster.this, TIMEOUT);
            Duration patience = Duration.ofMillis(lot.oneIn(2) ? 0 : lot.between(1, 3000));
            this.node = new Node(links, "comet", "n" + number, TIMEOUT, patience, replicas, trusting);
        }

        private Comet build() {
            Threads threads = new Threads(links);
            hub = Comet.builder()
                    .scheduler(threads)
                    .listenerExecutor(threads)
                    .log(new AwaitedLog(node, this::await))
                    .historyMessages(history)
                    .historyBytes(historyBytes)
                    .historyAge(historyAge)
                    .idleTimeout(idle)
                    .liveWindow(window)
                    .presenceGrace(grace)
                    .build();
            return hub;
        }

        Comet hub() {
            Comet built = hub;
            if (built == null) {
                throw new Died();
            }
            return built;
        }

        /** It is being built, is closed or dead. */
        boolean isGone() {
            return hub == null || closed || links.isDead();
        }

        boolean isDead() {
            return links.isDead();
        }

        private void await(CompletableFuture<?> stage) {
            if (onLinks) {
                throw violation("a thread of links waits for itself");
            }
            long most = now + 120 * SECOND;
            depth++;
            try {
                while (!stage.isDone()) {
                    if (links.isDead()) {
                        throw new Died();
                    }
                    if (now > most) {
                        throw violation("somebody waits for ever on node " + number
                                + (closed ? ", which is closed, " : " ")
                                + Arrays.stream(new Throwable().getStackTrace())
                                        .filter(f -> f.getClassName().startsWith("dev.comet."))
                                        .limit(12)
                                        .toList());
                    }
                    step();
                }
            } finally {
                depth--;
            }
        }
    }

    /** Threads and time of one hub. */
    private final class Threads implements Scheduler {
        private final ModelLinks links;

        Threads(ModelLinks links) {
            this.links = links;
        }

        @Override
        public void execute(Runnable task) {
            at(lot.between(0, 100_000), () -> run(task));
        }

        private void run(Runnable task) {
            if (!links.isDead()) {
                task.run();
            }
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public long currentTimeMillis() {
            return wall();
        }

        @Override
        public Timer schedule(Runnable task, long delayNanos) {
            boolean[] over = new boolean[1];
            at(Math.max(0, delayNanos) + lot.between(0, 2_000_000), () -> {
                if (!over[0]) {
                    over[0] = true;
                    run(task);
                }
            });
            return () -> {
                boolean prevented = !over[0];
                over[0] = true;
                return prevented;
            };
        }
    }

    final SimulationLot lot;
    final Book book = new Book(this);
    int visits;
    int delivered;
    int gaps;
    int resets;

    private final long seed;
    private final boolean traced;
    private final List<String> trace = new ArrayList<>();
    private final PriorityQueue<Due> due =
            new PriorityQueue<>(Comparator.comparingLong(Due::moment).thenComparingLong(Due::order));
    private final Logger log = Logger.getLogger("dev.comet");
    private long order;
    private long now;
    private long events;
    private long hash = 1;
    private int depth;
    private boolean onLinks;
    private boolean settling;
    private @Nullable Violation violation;

    // What kind of world it is.
    private final boolean harmless;
    private final boolean trusting;
    private final boolean administered;
    private final List<String> channels;
    private final int history;
    private final long historyBytes;
    private final Duration historyAge;
    private final Duration idle;
    private final int window;
    private final Duration grace;
    private final int haste;
    private final int replicas;

    private final Site[] sites;
    private final List<Wanderer> wanderers = new ArrayList<>();
    private final List<ModelRedis> stillServing = new ArrayList<>();
    private ModelRedis redis;
    private ModelRedis replica;
    private boolean reachable = true;
    private boolean split;
    private boolean thrownAway;

    private Cluster(long seed, boolean traced) {
        this.seed = seed;
        this.traced = traced;
        this.lot = new SimulationLot(seed);
        this.harmless = lot.oneIn(3);
        this.trusting = !harmless && lot.oneIn(5);
        this.administered = !harmless && lot.oneIn(2);
        this.channels = List.of("a", "b", "c", "d").subList(0, 1 + lot.below(4));
        boolean ample = harmless || lot.oneIn(2);
        this.history = ample ? 100_000 : lot.of(0, 2, 10, 50);
        this.historyBytes = ample ? 1 << 30 : lot.of(50, 500, 1 << 20);
        this.historyAge = Duration.ofSeconds(ample ? 3600 : lot.of(3, 30, 600));
        this.idle = Duration.ofSeconds(harmless ? lot.of(0, 300) : lot.of(0, 5, 20, 300));
        this.window = lot.of(1, 5, 128);
        this.grace = Duration.ofMillis(lot.of(0, 500, 3000, 10_000));
        this.haste = lot.of(1, 4, 10);
        this.redis = ModelRedis.empty(book, replid(), page(), lot.oneIn(2));
        this.replica = redis.copy(replid());
        this.sites = new Site[2 + lot.below(3)];
        this.replicas = lot.oneIn(8) ? 1 : 0;
    }

    static Outcome run(long seed, boolean traced) {
        return new Cluster(seed, traced).outcome();
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
            violation("threw " + e + " at "
                    + Arrays.stream(e.getStackTrace()).limit(4).toList());
        } finally {
            log.removeHandler(handler);
            log.setUseParentHandlers(true);
        }
        Violation v = violation;
        return new Outcome(
                seed,
                events,
                hash,
                v == null ? null : v.getMessage(),
                trace,
                new Counts(book.acknowledged, delivered, visits, gaps, resets));
    }

    private void run() {
        for (int i = 0; i < sites.length; i++) {
            begin(i);
        }
        for (int n = 2 + lot.below(6); n > 0; n--) {
            Wanderer wanderer = new Wanderer(this, n, channels);
            wanderers.add(wanderer);
            again(300 * haste, wanderer::act);
        }
        for (int n = 1 + lot.below(3); n > 0; n--) {
            again(150 * haste, this::publish);
        }
        again(1500 * haste, this::breakSomething);
        again(700, this::replicate);
        if (administered) {
            again(2000 * haste, this::administer);
        }
        goOn(SECOND * lot.of(3, 6, 12) * haste);
        settle();
        checkAtRest();
        for (String channel : channels) { // what is not noticed by itself shows with the next
            publish(lot.of(Arrays.asList(sites)), channel, false);
        }
        goOn(5 * SECOND);
        checkAtRest();
        if (harmless && gaps + resets > 0) {
            throw violation("there were " + gaps + " gaps and " + resets + " resets, and Redis has lost nothing");
        }
    }

    // ---- time

    long now() {
        return now;
    }

    long wall() {
        return WALL_CLOCK_AT_START + now / 1_000_000;
    }

    void at(long delay, Runnable task) {
        due.add(new Due(now + delay, order++, task));
    }

    private void again(int mostMillis, Runnable task) {
        at(lot.between(0, mostMillis * 1_000_000L), () -> {
            if (!settling) {
                again(mostMillis, task);
            }
            if (depth < DEEPEST) {
                task.run();
            }
        });
    }

    private void step() {
        Due next = due.remove();
        now = Math.max(now, next.moment);
        events++;
        hash = hash * 31 + now;
        next.task.run();
        Violation v = violation;
        if (v != null) {
            throw v;
        }
    }

    private void goOn(long nanos) {
        long until = now + nanos;
        while (due.element().moment < until) {
            step();
        }
        now = Math.max(now, until);
    }

    /** Lets the world go on until then, or for so long. */
    void await(BooleanSupplier done, long atMost) {
        long until = now + atMost;
        depth++;
        while (!done.getAsBoolean() && now < until && !due.isEmpty()) {
            step();
        }
        depth--;
    }

    /** Whether one more may wait on top of those who do. */
    boolean mayWait() {
        return depth < DEEPEST;
    }

    /** Runs a task of links. */
    void onThread(Runnable task) {
        onLinks = true;
        try {
            task.run();
        } finally {
            onLinks = false;
        }
    }

    boolean isSettling() {
        return settling;
    }

    // ---- nodes

    private void begin(int number) {
        Site site = new Site(number);
        sites[number] = site;
        note("node begins", number);
        site.build();
    }

    List<Site> sites() {
        return Arrays.asList(sites);
    }

    /** One dies; or is closed in order, and then all who wait are answered. */
    private void end(Site site) {
        boolean dies = lot.oneIn(2);
        note(dies ? "node dies" : "node is closed", site.number);
        if (dies) {
            site.links.die();
        } else {
            site.closed = true;
            site.hub().close();
        }
        at(lot.between(0, 3 * SECOND), () -> begin(site.number));
    }

    // ---- publishers and administrators

    private void publish() {
        publish(sites[lot.below(sites.length)], lot.of(channels), lot.oneIn(40));
    }

    private void publish(Site site, String channel, boolean broadcast) {
        if (site.isGone()) {
            return;
        }

        int token = book.publishes(site.links, broadcast);
        note("publishes", site.number, broadcast ? "everywhere" : channel, token);
        Draft draft = Draft.text(token + "." + "x".repeat(lot.of(0, 0, 10, 60)));
        try {
            if (broadcast) {
                if (mayWait()) {
                    site.hub().broadcast(draft);
                }
                book.answered(token, Book.Standing.UNCERTAIN);
            } else if (mayWait() && lot.oneIn(8)) {
                book.acknowledged(token, site.hub().publish(channel, draft));
            } else {
                int losses = site.links.losses;
                CompletableFuture<?> unused = site.hub()
                        .publishAsync(channel, draft)
                        .whenComplete((m, e) -> answered(site, losses, token, m, e))
                        .toCompletableFuture();
            }
        } catch (RefusedException e) {
            refused(token, e);
        } catch (Died e) {
            book.answered(token, Book.Standing.UNCERTAIN);
        }
    }

    private void answered(Site site, int losses, int token, @Nullable Message m, @Nullable Throwable e) {
        if (m != null) {
            book.acknowledged(token, m);
            if (harmless && site.links.losses == losses) {
                checkToldBefore(site, m);
            }
        } else if ((e instanceof CompletionException ? e.getCause() : e) instanceof RefusedException refused) {
            refused(token, refused);
        } else {
            throw violation("a publish failed: " + e);
        }
    }

    /** Who follows on the publisher's own node has had it before he is told. */
    private void checkToldBefore(Site site, Message m) {
        site.hub().channels().stream()
                .filter(c -> c.name().equals(m.channel()) && c.epoch() == m.epoch() && c.nextSeq() <= m.seq())
                .findFirst()
                .ifPresent(c -> {
                    throw violation(m + " was acknowledged, and " + c + " there is at " + c.nextSeq());
                });
    }

    private void refused(int token, RefusedException e) {
        checkRefusal(e);
        boolean surely = !book.isBroadcast(token)
                && (e.refusal() != Refusal.UNAVAILABLE || e.detail().startsWith("Redis cannot be reached"));
        book.answered(token, surely ? Book.Standing.REFUSED : Book.Standing.UNCERTAIN);
    }

    void checkRefusal(RefusedException e) {
        if (e.refusal() != Refusal.UNAVAILABLE
                && e.refusal() != Refusal.SHUTTING_DOWN
                && (harmless || e.refusal() != Refusal.HISTORY_FULL)) {
            throw violation("refused: " + e.refusal() + " " + e.detail());
        }
    }

    private void administer() {
        Site site = sites[lot.below(sites.length)];
        String channel = lot.of(channels);
        if (site.isGone() || !mayWait()) {
            return;
        }
        int what = lot.below(4);
        note("administers", site.number, channel, what);
        try {
            switch (what) {
                case 0 -> site.hub().remove(channel);
                case 1 -> site.hub().find(channel).ifPresent(c -> c.clear());
                case 2 -> site.hub().create(channel, ChannelOptions.DEFAULT.withHistoryMessages(lot.of(0, 5, 100)));
                default -> site.hub().channelNames();
            }
        } catch (RefusedException e) {
            if (e.refusal() != Refusal.EXISTS) {
                checkRefusal(e);
            }
        } catch (Died e) {
            note("administrator dies", site.number);
        }
    }

    // ---- what breaks

    private void breakSomething() {
        Site site = sites[lot.below(sites.length)];
        int what = lot.below(harmless ? 8 : 13);
        note("breaks", what, site.number);
        switch (what) {
            case 0 -> site.links.cut(false);
            case 1 -> site.links.cut(true);
            case 2 -> site.links.fallSilent(lot.between(0, 3 * SECOND));
            case 3 -> site.links.part(lot.between(0, 6 * SECOND));
            case 4 -> site.links.slowDown(lot.of(50_000, 1_000_000, 20_000_000, 100_000_000));
            case 5 -> site.links.halt(lot.between(0, 3 * SECOND));
            case 6, 7 -> {
                if (!site.isGone()) {
                    end(site);
                }
            }
            case 8 -> replace(ModelRedis.empty(book, replid(), page(), redis.announcesFirst));
            case 9 -> replace(redis.copy(replid()));
            case 10 -> replace(trusting ? redis.copy(replid()) : replica.copy(replid()));
            case 11 -> {
                thrownAway = true;
                redis.throwAway(lot.of(channels), lot.oneIn(2));
            }
            default -> {
                redis.full = true;
                at(lot.between(0, 3 * SECOND), () -> redis.full = false);
            }
        }
    }

    private void replicate() {
        if (lot.oneIn(2)) {
            replica = redis.copy(replid());
        }
    }

    /** Another Redis takes over, at once or later. The one before stops; or it goes on for a while, for those who do not know. */
    private void replace(ModelRedis next) {
        if (trusting && next.channels().isEmpty()) {
            return; // believed, it must lose nothing
        }
        ModelRedis before = redis;
        redis = next;
        replica = next.copy(replid());
        before.full = false;
        if (!trusting && stillServing.isEmpty() && before.isUsed() && lot.oneIn(4)) {
            split = true;
            stillServing.add(before);
            at(lot.between(0, 4 * SECOND), () -> {
                if (lot.oneIn(2)) {
                    before.readOnly = true;
                    at(SECOND, () -> stop(before));
                } else {
                    stop(before);
                }
            });
        } else {
            stop(before);
            reachable = false;
            at(lot.between(1_000_000, 3 * SECOND), () -> reachable = true);
        }
    }

    private void stop(ModelRedis before) {
        stillServing.remove(before);
        for (Site site : sites) {
            site.links.lose(before);
        }
    }

    private int page() {
        return lot.of(200, 2000, 1 << 20);
    }

    private String replid() {
        return Long.toHexString(lot.next());
    }

    ModelRedis redis() {
        return redis;
    }

    boolean isReachable() {
        return reachable;
    }

    /** Whether two have been Redis at once. */
    boolean isSplit() {
        return split;
    }

    // ---- what is so

    /** The life that a channel has now. */
    ModelRedis.@Nullable Stored now(String channel) {
        return redis.present(channel, wall(), trusting);
    }

    /** Whether this life may not go on. */
    boolean mayReset(String channel, int epoch) {
        ModelRedis.Stored there = now(channel);
        return split || book.life(channel, epoch).over || there == null || there.epoch != epoch;
    }

    /** Whether a message need not be held any more. */
    boolean isGone(String channel, int epoch, long seq) {
        ModelRedis.Stored there = now(channel);
        Book.Kept kept = book.message(channel, epoch, seq);
        boolean held = there != null && there.epoch == epoch && seq > there.seq - there.held.size();
        return !held || split || kept == null || kept.time() < wall() - historyAge.toMillis();
    }

    // ---- the end

    /** Nothing breaks any more, and everybody has time. */
    private void settle() {
        settling = true;
        note("settles");
        goOn(7 * SECOND); // what was to begin anew has
        redis.full = false;
        for (ModelRedis before : List.copyOf(stillServing)) {
            stop(before);
        }
        for (Site site : sites) {
            site.links.heal();
        }
        for (Wanderer wanderer : List.copyOf(wanderers)) {
            if (lot.oneIn(3)) {
                wanderers.remove(wanderer);
                retire(wanderer);
            } else {
                stay(wanderer);
            }
        }

        goOn(15 * SECOND);
        if (thrownAway) { // that shows with the next
            channels.forEach(channel -> publish(sites[0], channel, false));
        }
        goOn(20 * SECOND + 3 * grace.toNanos());
    }

    private void retire(Wanderer wanderer) {
        if (!wanderer.retires()) {
            at(SECOND / 2, () -> retire(wanderer));
        }
    }

    private void stay(Wanderer wanderer) {
        wanderer.act();
        at(SECOND / 2, () -> stay(wanderer));
    }

    private void checkAtRest() {
        note("is at rest");
        for (Site site : sites) {
            check(site);
        }
        wanderers.forEach(Wanderer::checkUpToDate);
        book.checkAnswered();
        for (String channel : channels) {
            checkMembers(channel);
        }
    }

    private void check(Site site) {
        Node node = site.node;
        Set<String> followed = new TreeSet<>(node.followed.keySet());
        Set<String> here =
                site.hub().channels().stream().map(c -> c.name()).collect(Collectors.toCollection(TreeSet::new));
        if (node.link() == null) {
            throw violation("node " + site.number + " has no link");
        }
        if (node.behind != 0) {
            throw violation("node " + site.number + " is behind with " + node.behind);
        }
        if (!followed.equals(here)) {
            throw violation("node " + site.number + " follows " + followed + ", and has " + here);
        }
        if (!site.links.subscribed().equals(followed)) {
            throw violation("node " + site.number + " follows " + followed + ", and hears " + site.links.subscribed());
        }
        for (Channel channel : site.hub().channels()) {
            ModelRedis.Stored there = now(channel.name());
            if (there == null || channel.epoch() != there.epoch || channel.oldestSeq() < there.cleared) {
                throw violation("node " + site.number + " has " + channel + " from " + channel.epoch() + "."
                        + channel.oldestSeq() + ", and Redis has " + there);
            }
        }
        await(node::isIdle, 10 * SECOND); // it asks anyway, now and then
        if (!node.isIdle()) {
            throw violation("node " + site.number + " holds what nothing ends");
        }
    }

    private void checkMembers(String channel) {
        Set<String> there = wanderers.stream()
                .filter(w -> w.isMemberOf(channel))
                .map(Wanderer::name)
                .collect(Collectors.toCollection(TreeSet::new));
        for (Site site : sites) {
            CompletableFuture<Set<String>> members =
                    site.node.roster().members(channel).toCompletableFuture();
            await(members::isDone, 10 * SECOND);
            if (!there.equals(members.join())) {
                throw violation("members of " + channel + " are " + members.join() + ", and there are " + there);
            }
        }
        wanderers.forEach(w -> w.checkMembers(channel, there));
    }

    // ---- records

    void note(Object... what) {
        hash = hash * 31
                + Arrays.hashCode(Arrays.stream(what).map(String::valueOf).toArray());
        if (traced) {
            trace.add(String.format("%,d ", now / 1000)
                    + Arrays.stream(what).map(String::valueOf).collect(Collectors.joining(" ")));
        }
    }

    Violation violation(String what) {
        Violation first = violation;
        if (first == null) {
            first = new Violation(what);
            violation = first;
        }
        return first;
    }

    /** What a hub or a node reports that should not happen. */
    private final class Problems extends Handler {
        @Override
        public void publish(LogRecord entry) {
            Throwable e = entry.getThrown();
            boolean broken = e != null && !(e instanceof ModelRedis.Refused);
            if (entry.getLevel().intValue() >= Level.WARNING.intValue() && broken) {
                violation("reported " + entry.getMessage() + ": " + e + " at "
                        + Arrays.stream(e.getStackTrace()).limit(4).toList());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
