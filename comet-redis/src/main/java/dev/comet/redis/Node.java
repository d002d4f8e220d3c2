package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Stats;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import dev.comet.spi.LocalHub;
import dev.comet.spi.Notes;
import dev.comet.spi.Place;
import dev.comet.spi.Roster;
import dev.comet.spi.SharedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One hub's end of the log: its link to Redis, what it follows there, and how far it has come.
 *
 * <p>All that changes is owned by the links' one thread: answers and announcements come on it in Redis' order, and who wants to
 * follow or leave is queued there. Appends go out from the publisher's thread; their answers come in with the rest.
 *
 * <p><b>How far it has come.</b> Redis draws the ids, one after the other, and announces each message in the same step. On one link
 * announcements come in that order; so with the announcement of an id, everything below it has come too. That fails for one
 * channel whose messages are known to be missing: until it has caught up, the number stands still.
 */
final class Node implements SharedLog, Link.Events {
    private static final System.Logger LOG = System.getLogger("dev.comet.redis");
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Publishes that are not done have so many bytes at most. */
    private static final long MOST_UNDER_WAY = 16 << 20;

    /** What each counts beside its draft. */
    private static final int OVERHEAD = 1 << 10;

    private static final Duration SAY_AGAIN = Duration.ofMinutes(1);

    private final Links links;
    private final String hubKey;
    private final String announcements; // what their names begin with
    private final Duration timeout;
    private final Duration patience;
    private final String trustRestarts;
    final Turns opens = new Turns(16); // times a page: 4 MiB, and more only where messages are larger
    private final Turns publishes = new Turns(256); // few enough to be answered well within the time-out
    private final Replicas replicas;
    private final RedisRoster roster;
    private final RedisNotes notes = new RedisNotes(this);
    private final Turns broadcasts =
            new Turns(64); // of their own: a publish does not wait until all channels had theirs
    private final AtomicLong underWay = new AtomicLong();

    // Set by start().
    private final AtomicBoolean started = new AtomicBoolean();
    private @Nullable LocalHub hub;
    private int liveWindow;
    private int maxChannels;

    // Written by the links' thread, read by anyone.
    private volatile @Nullable Link link;
    private volatile boolean closed;
    private volatile long seen;
    private volatile String why = "not connected yet"; // where there is no link

    // Owned by the links' thread.
    int behind;
    final Map<String, List<Followed>> followed = new HashMap<>();
    private final Queue<CompletableFuture<Link>> waiting = new ArrayDeque<>(); // publishes, for a link
    private long reached;
    private int failures;
    private Set<String> said = new HashSet<>(); // why there is no link; all of it is said again after a while

    // Written by anyone.
    private volatile String trouble = "";

    /** Of a hub that its nodes share by this name; what this one is called is for people. */
    Node(
            Links links,
            String hub,
            String name,
            Duration timeout,
            Duration patience,
            int replicas,
            boolean trustRestarts) {
        this.links = links;
        this.hubKey = "{" + hub + "}";
        this.announcements = hubKey + links.database() + "c";
        this.timeout = timeout;
        this.patience = patience;
        this.trustRestarts = trustRestarts ? "1" : "0";
        this.roster = new RedisRoster(this, name, links.random());
        this.replicas = new Replicas(replicas, timeout.dividedBy(2));
    }

    @Override
    public void start(LocalHub local) {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("this log has a hub already: each needs its own");
        }
        this.hub = local;
        this.liveWindow = local.settings().liveWindow();
        this.maxChannels = local.settings().maxChannels();
        links.start(this, timeout);
    }

    LocalHub hub() {
        LocalHub local = hub;
        if (local == null) {
            throw new IllegalStateException("no hub has been built with this log");
        }
        return local;
    }

    // ---- publish

    @Override
    public CompletionStage<Place> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft) {
        long weight = draft.bytes() + OVERHEAD;
        if (underWay.getAndAdd(weight) >= MOST_UNDER_WAY) {
            underWay.addAndGet(-weight);
            return CompletableFuture.failedStage(
                    new RefusedException(Refusal.UNAVAILABLE, "more is published than Redis takes"));
        }
        byte[] body = Wire.body(kind, draft);
        return ready().thenCompose(up -> publishes.take(() -> append(channel, options, true, draft, body)))
                .thenApply(place -> {
                    if (place == null) {
                        throw new IllegalStateException("no channel was created: " + channel);
                    }
                    return place;
                })
                .whenComplete((place, e) -> underWay.addAndGet(-weight));
    }

    private CompletionStage<@Nullable Place> append(
            String channel, ChannelOptions options, boolean create, Draft draft, byte[] body) {
        Link up = link;
        if (up == null) {
            return CompletableFuture.failedStage(noLink());
        }
        CompletableFuture<@Nullable Place> appended = new CompletableFuture<>();
        up.run(
                Script.APPEND,
                keys(channel),
                arguments(options, maxChannels, Wire.bytes(create ? "1" : "0"), Wire.bytes(draft.bytes()), body),
                answer(appended, "the message may be stored", values -> appended(channel, values)
                        .thenCompose(place -> replicas.haveIt(up).thenApply(have -> place))
                        .whenComplete((place, e) -> {
                            if (e == null) {
                                appended.complete(place);
                            } else {
                                appended.completeExceptionally(refused(e, "it is stored"));
                            }
                        })));
        return appended;
    }

    /** Has an answer read in its turn; what cannot be read is a failure too, or who waits for it would for ever. */
    private Link.Answer answer(CompletableFuture<?> to, String state, Consumer<List<Object>> then) {
        return (values, e) -> {
            if (e != null) {
                to.completeExceptionally(refused(e, state));
                return;
            }
            try {
                then.accept(values);
            } catch (RuntimeException broken) {
                to.completeExceptionally(refused(broken, state));
            }
        };
    }

    /** The place is told when those who follow here have been told of the message. */
    private CompletionStage<@Nullable Place> appended(String channel, List<Object> answer) {
        if (answer.isEmpty()) {
            return CompletableFuture.completedStage(null);
        }
        Place place = new Place(
                (int) Wire.number(answer.get(0)),
                Wire.number(answer.get(1)),
                Wire.number(answer.get(2)),
                Wire.number(answer.get(3)));
        List<CompletableFuture<Void>> told = new ArrayList<>(0);
        for (Followed f : followed.getOrDefault(channel, List.of())) {
            if (!f.has(place.epoch(), place.seq())) {
                told.add(f.whenItHas(place.epoch(), place.seq()));
            }
        }
        return CompletableFuture.allOf(told.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> place);
    }

    @Override
    public CompletionStage<Integer> broadcast(Draft draft) {
        byte[] body = Wire.body(Message.Kind.BROADCAST, draft);
        CompletableFuture<Integer> done = new CompletableFuture<>();
        CompletionStage<?> unused = channels().whenComplete((names, e) -> {
            if (e == null) {
                broadcast(names, draft, body, done); // by the links' thread
            } else {
                done.completeExceptionally(refused(e, "nothing was published"));
            }
        });
        return done;
    }

    private void broadcast(Set<String> names, Draft draft, byte[] body, CompletableFuture<Integer> done) {
        List<CompletableFuture<@Nullable Place>> appends = new ArrayList<>(names.size());
        for (String channel : names) {
            appends.add(broadcasts.take(() -> append(channel, ChannelOptions.DEFAULT, false, draft, body)));
        }
        CompletionStage<?> unused = CompletableFuture.allOf(appends.toArray(CompletableFuture<?>[]::new))
                .whenComplete((all, e) -> {
                    if (e == null) {
                        done.complete((int)
                                appends.stream().filter(a -> a.join() != null).count());
                    } else {
                        done.completeExceptionally(refused(e, "it may have reached some channels"));
                    }
                });
    }

    @Override
    public CompletionStage<Boolean> remove(String channel, int epoch) {
        return end(Script.REMOVE, 'r', channel, epoch);
    }

    @Override
    public CompletionStage<Boolean> clear(String channel, int epoch) {
        return end(Script.CLEAR, 'c', channel, epoch);
    }

    /** A Redis may announce to its own caller before its answer or after it: so the answer counts as the announcement too. */
    private CompletionStage<Boolean> end(Script script, char what, String channel, int epoch) {
        return ready().thenCompose(up -> {
            CompletableFuture<Boolean> ended = new CompletableFuture<>();
            up.run(
                    script,
                    keys(channel),
                    arguments(ChannelOptions.DEFAULT, maxChannels, Wire.bytes(epoch)),
                    answer(ended, "it may have been done", values -> {
                        if (!values.isEmpty()) {
                            long seq = Wire.number(values.get(0));
                            long id = Wire.number(values.get(1));
                            announced(channel, new Wire.Announcement(what, epoch, seq, id, NOTHING));
                        }
                        ended.complete(!values.isEmpty());
                    }));
            return ended;
        });
    }

    // ---- what else nodes share

    @Override
    public CompletionStage<Set<String>> channels() {
        CompletableFuture<Set<String>> all = new CompletableFuture<>();
        CompletionStage<?> unused = ready().whenComplete((up, e) -> {
            if (e == null) {
                channels("0", new HashSet<>(), all);
            } else {
                all.completeExceptionally(e);
            }
        });
        return all;
    }

    /** In pages: all at once may be more than Redis keeps for a connection that is subscribed. */
    private void channels(String cursor, Set<String> before, CompletableFuture<Set<String>> all) {
        run(Script.CHANNELS, "", List.of(Wire.bytes(cursor)), all, page -> {
            page.subList(1, page.size()).forEach(name -> before.add(Wire.text(name)));
            String next = Wire.text(page.get(0));
            if (next.equals("0")) {
                all.complete(before);
            } else {
                channels(next, before, all);
            }
        });
    }

    @Override
    public CompletionStage<Optional<String>> secret(String channel, int epoch, String fresh) {
        CompletableFuture<Optional<String>> secret = new CompletableFuture<>();
        run(
                Script.SECRET,
                channel,
                List.of(Wire.bytes(epoch), Wire.bytes(fresh)),
                secret,
                values -> secret.complete(values.stream().findFirst().map(Wire::text)));
        return secret;
    }

    @Override
    public Roster roster() {
        return roster;
    }

    @Override
    public Notes notes() {
        return notes;
    }

    @Override
    public String node() {
        return roster.id();
    }

    @Override
    public Optional<String> unreachable() {
        return link == null ? Optional.of(links + ": " + why) : Optional.empty();
    }

    @Override
    public Map<String, Stats> nodes() {
        return roster.nodes();
    }

    /** Runs a script that needs nothing of a channel's options. What it says after that is read by the links' thread. */
    void run(
            Script script,
            String channel,
            List<byte[]> arguments,
            CompletableFuture<?> to,
            Consumer<List<Object>> then) {
        Link up = link;
        if (up == null) {
            to.completeExceptionally(noLink());
        } else {
            up.run(
                    script,
                    keys(channel),
                    arguments(ChannelOptions.DEFAULT, maxChannels, arguments.toArray(byte[][]::new)),
                    answer(to, "it may have been done", then));
        }
    }

    // ---- the link

    /** The link; where there is none, who may wait does. */
    private CompletionStage<Link> ready() {
        Link up = link;
        if (up != null) {
            return CompletableFuture.completedStage(up);
        }
        if (patience.isZero() || closed) {
            return CompletableFuture.failedStage(noLink());
        }
        CompletableFuture<Link> one = new CompletableFuture<>();
        links.execute(() -> await(one));
        return one;
    }

    private void await(CompletableFuture<Link> one) {
        Link up = link;
        if (up != null) {
            one.complete(up);
        } else if (closed) {
            one.completeExceptionally(noLink());
        } else {
            waiting.add(one);
            links.schedule(() -> giveUp(one), patience);
        }
    }

    private void giveUp(CompletableFuture<Link> one) {
        one.completeExceptionally(noLink());
        while (!waiting.isEmpty() && waiting.element().isDone()) { // all wait as long, so it is among the first
            waiting.remove();
        }
    }

    static RefusedException noLink() {
        return new RefusedException(Refusal.UNAVAILABLE, "Redis cannot be reached now");
    }

    /** What somebody is told whose command failed. */
    private RefusedException refused(Throwable thrown, String state) {
        Throwable e = thrown;
        while (e instanceof CompletionException && e.getCause() != null) {
            e = e.getCause();
        }
        if (e instanceof RefusedException refused) {
            return refused;
        }
        String text = String.valueOf(e.getMessage());
        if (e instanceof IOException) { // it is told where the link is
            LOG.log(System.Logger.Level.DEBUG, "a command to Redis was not answered", e);
        } else if (!text.equals(trouble)) { // once: it may be the same with each message
            trouble = text;
            LOG.log(System.Logger.Level.WARNING, "a command to Redis failed", e);
        }
        return new RefusedException(Refusal.UNAVAILABLE, "Redis did not answer; " + state);
    }

    // ---- follow

    @Override
    public Following follow(String channel, ChannelOptions options, int most, Follower follower) {
        return new Followed(this, channel, options, most, follower);
    }

    /** Asks for what a channel has beyond this. */
    void open(
            Link up,
            String channel,
            ChannelOptions options,
            int most,
            Following.Opening how,
            int epoch,
            long next,
            CompletableFuture<?> to,
            Consumer<List<Object>> then) {
        up.run(
                Script.OPEN,
                keys(channel),
                arguments(
                        options,
                        most,
                        Wire.bytes(how.name()),
                        Wire.bytes(epoch),
                        Wire.bytes(next),
                        Wire.bytes(Followed.PAGE)),
                answer(to, "try again", then));
    }

    /** Runs a task by the links' thread. */
    void execute(Runnable task) {
        links.execute(task);
    }

    /** The same, when the time-out has passed. */
    void later(Runnable task) {
        links.schedule(task, timeout);
    }

    /** The same, when so much time has passed. */
    void later(Runnable task, Duration delay) {
        links.schedule(task, delay);
    }

    @Nullable
    Link link() {
        return link;
    }

    long reached() {
        return reached;
    }

    /** Everything up to this id has come, but where a channel is behind. */
    void sees(long id) {
        if (id > seen) {
            seen = id;
        }
        reachSeen();
    }

    @Override
    public long newestId() {
        return seen;
    }

    void mayHaveLostMembers() {
        roster.mayDiffer();
    }

    void add(Followed f) {
        List<Followed> all = followed.computeIfAbsent(f.channel, c -> new ArrayList<>(1));
        if (!all.contains(f)) {
            all.add(f);
        }
    }

    void remove(Followed f) {
        List<Followed> all = followed.getOrDefault(f.channel, List.of());
        if (all.remove(f) && all.isEmpty()) {
            followed.remove(f.channel);
            Link up = link;
            if (up != null) {
                up.unsubscribe(announcements + f.channel);
            }
        }
        reachSeen();
    }

    void subscribe(Link up, String channel) {
        up.subscribe(announcements + channel);
    }

    private void reachSeen() {
        if (behind == 0 && seen > reached) {
            reached = seen;
            hub().reached(reached);
        }
    }

    // ---- what comes from Redis

    @Override
    public void up(Link now) {
        if (closed) {
            now.close();
            return;
        }
        if (failures > 0) {
            LOG.log(System.Logger.Level.INFO, "connected to Redis at " + links);
        }
        failures = 0;
        said = new HashSet<>();
        trouble = "";
        link = now;
        all().forEach(Followed::ask);
        roster.up(now);
        watch(now);
        List<CompletableFuture<Link>> ready = List.copyOf(waiting);
        waiting.clear();
        ready.forEach(one -> one.complete(now));
    }

    /** A connection that is quiet may be dead. */
    private void watch(Link up) {
        if (up == link) {
            up.ping();
            later(() -> watch(up));
        }
    }

    @Override
    public void down(Link was) {
        if (link == was) {
            link = null;
            all().forEach(Followed::fallBehind);
            all().forEach(Followed::tellAll);
        }
        unreachable("the connection was lost");
    }

    @Override
    public void unreachable(String now) {
        why = now;
        if (!closed) {
            if (failures++ == 0) {
                sayAgainLater(said);
            }
            if (said.add(now)) {
                LOG.log(System.Logger.Level.WARNING, "no connection to Redis at " + links + ", trying again: " + now);
            }
            long most = Math.min(2_000, 20L << Math.min(failures, 7));
            long millis = most / 2 + Math.floorMod(links.random(), most / 2 + 1); // not all nodes at once
            links.schedule(links::dial, Duration.ofMillis(millis));
        }
    }

    /** Until there is a link: then others are said. */
    private void sayAgainLater(Set<String> whys) {
        links.schedule(
                () -> {
                    if (failures > 0 && !closed && whys == said) {
                        whys.clear();
                        sayAgainLater(whys);
                    }
                },
                SAY_AGAIN);
    }

    private List<Followed> all() {
        return followed.values().stream().flatMap(List::stream).toList();
    }

    @Override
    public void announced(Link from, String key, byte[] announcement) {
        if (from != link) {
            return;
        }
        Wire.Announcement a = Wire.announcement(announcement);
        announced(key.substring(announcements.length()), a);
        sees(a.id());
    }

    private void announced(String channel, Wire.Announcement a) {
        for (Followed f : List.copyOf(followed.getOrDefault(channel, List.of()))) { // who is told of an end leaves
            try {
                f.announced(a);
            } catch (RuntimeException e) { // a newer node's, perhaps: not to be passed over
                RefusedException unused = refused(e, "");
                f.miss();
            }
        }
    }

    /** Whether nobody waits for anything. */
    boolean isIdle() {
        return waiting.isEmpty()
                && underWay.get() == 0
                && opens.isIdle()
                && publishes.isIdle()
                && broadcasts.isIdle()
                && roster.isIdle()
                && all().stream().allMatch(Followed::isIdle);
    }

    @Override
    public void close() {
        closed = true;
        links.execute(() -> {
            List<CompletableFuture<Link>> left = List.copyOf(waiting);
            waiting.clear();
            left.forEach(one -> one.completeExceptionally(noLink()));
            link = null;
        });
        links.close();
    }

    // ---- how it is said

    private List<String> keys(String channel) {
        return List.of(hubKey, hubKey + "c" + channel, hubKey + "m" + channel, hubKey + "all");
    }

    private List<byte[]> arguments(ChannelOptions options, int most, byte[]... more) {
        List<byte[]> all = new ArrayList<>(5 + more.length);
        int fresh = (int) links.random();
        all.add(Wire.bytes(fresh == 0 ? 1 : fresh));
        all.add(Wire.bytes(trustRestarts));
        all.add(Wire.bytes(Wire.options(options, liveWindow)));
        all.add(Wire.bytes(most));
        all.add(Wire.bytes(links.database()));
        all.addAll(List.of(more));
        return all;
    }
}
