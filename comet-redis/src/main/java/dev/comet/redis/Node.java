package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Scheduler;
import dev.comet.Settings;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import dev.comet.spi.Place;
import dev.comet.spi.SharedLog;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongConsumer;
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
    private static final int MOST_WAITING = 10_000;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final LettuceLinks links;
    private final String hubKey;
    private final Duration timeout;
    private final Duration patience;
    private final String trustRestarts;

    // Set by start().
    private @Nullable Scheduler scheduler;
    private LongConsumer reach = id -> {};
    private int liveWindow;

    // Written by the links' thread, read by anyone.
    private volatile @Nullable Link link;
    private volatile boolean closed;

    // Owned by the links' thread.
    private final Map<String, List<Followed>> followed = new HashMap<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private int behind;
    private long reached;
    private long seen;
    private int failures;

    /** A publish that waits for a link. */
    private record Waiting(CompletableFuture<Link> link) {}

    Node(LettuceLinks links, String hub, Duration timeout, Duration patience, boolean trustRestarts) {
        this.links = links;
        this.hubKey = "{" + hub + "}";
        this.timeout = timeout;
        this.patience = patience;
        this.trustRestarts = trustRestarts ? "1" : "0";
    }

    @Override
    public void start(Settings settings, Scheduler scheduler, LongConsumer reached) {
        this.scheduler = scheduler;
        this.reach = reached;
        this.liveWindow = settings.liveWindow();
        links.start(this);
        links.firstAttempt(timeout);
    }

    private Scheduler scheduler() {
        Scheduler started = scheduler;
        if (started == null) {
            throw new IllegalStateException("this log has no hub yet");
        }
        return started;
    }

    // ---- publish

    @Override
    public CompletionStage<Place> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft) {
        return append(channel, options, kind, draft, true).thenApply(place -> {
            if (place == null) {
                throw new IllegalStateException("no channel was created: " + channel);
            }
            return place;
        });
    }

    private CompletionStage<@Nullable Place> append(
            String channel, ChannelOptions options, Message.Kind kind, Draft draft, boolean create) {
        List<byte[]> arguments = arguments(
                channel, options, Wire.bytes(create ? "1" : "0"), Wire.bytes(draft.bytes()), Wire.body(kind, draft));
        return ready().thenCompose(up -> {
            CompletableFuture<@Nullable Place> appended = new CompletableFuture<>();
            up.run(Script.APPEND, keys(channel), arguments, (answer, e) -> {
                if (e != null) {
                    appended.completeExceptionally(refused(e, "the message may be stored"));
                } else {
                    appended(channel, answer).thenAccept(appended::complete);
                }
            });
            return appended;
        });
    }

    /** The place is told when those who follow here have been told of the message. */
    private CompletionStage<@Nullable Place> appended(String channel, List<Object> answer) {
        if (answer.isEmpty()) {
            return CompletableFuture.completedStage(null);
        }
        Place place = new Place(
                (int) number(answer.get(0)), number(answer.get(1)), number(answer.get(2)), number(answer.get(3)));
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
        return ready().thenCompose(up -> up.names(hubKey + "all"))
                .exceptionally(e -> {
                    throw refused(e, "nothing was published");
                })
                .thenCompose(names -> {
                    List<CompletableFuture<@Nullable Place>> appends = new ArrayList<>(names.size());
                    for (byte[] name : names) {
                        String channel = new String(name, StandardCharsets.UTF_8);
                        appends.add(append(channel, ChannelOptions.DEFAULT, Message.Kind.BROADCAST, draft, false)
                                .toCompletableFuture());
                    }
                    return CompletableFuture.allOf(appends.toArray(CompletableFuture<?>[]::new))
                            .thenApply(done -> (int) appends.stream()
                                    .filter(a -> a.join() != null)
                                    .count());
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
        List<byte[]> arguments = arguments(channel, ChannelOptions.DEFAULT, Wire.bytes(epoch));
        return ready().thenCompose(up -> {
            CompletableFuture<Boolean> ended = new CompletableFuture<>();
            up.run(script, keys(channel), arguments, (answer, e) -> {
                if (e != null) {
                    ended.completeExceptionally(refused(e, "it may have been done"));
                    return;
                }
                if (!answer.isEmpty()) {
                    long seq = number(answer.get(0));
                    announced(channel, new Wire.Announcement(what, epoch, seq, number(answer.get(1)), NOTHING));
                }
                ended.complete(!answer.isEmpty());
            });
            return ended;
        });
    }

    /** The link; where there is none, who may wait does. */
    private CompletionStage<Link> ready() {
        Link up = link;
        if (up != null) {
            return CompletableFuture.completedStage(up);
        }
        if (patience.isZero() || closed) {
            return CompletableFuture.failedStage(noLink());
        }
        Waiting one = new Waiting(new CompletableFuture<>());
        links.execute(() -> await(one));
        return one.link;
    }

    private void await(Waiting one) {
        Link up = link;
        if (up != null) {
            one.link.complete(up);
        } else if (waiting.size() >= MOST_WAITING || closed) {
            one.link.completeExceptionally(noLink());
        } else {
            waiting.add(one);
            scheduler().schedule(() -> links.execute(() -> giveUp(one)), patience.toNanos());
        }
    }

    private void giveUp(Waiting one) {
        if (waiting.remove(one)) {
            one.link.completeExceptionally(noLink());
        }
    }

    private static RefusedException noLink() {
        return new RefusedException(Refusal.UNAVAILABLE, "Redis cannot be reached now");
    }

    /** What somebody is told whose command failed. */
    private static RefusedException refused(Throwable thrown, String state) {
        Throwable e = thrown;
        while (e instanceof CompletionException && e.getCause() != null) {
            e = e.getCause();
        }
        if (e instanceof RefusedException refused) {
            return refused;
        }
        String text = String.valueOf(e.getMessage());
        if (text.startsWith("OOM")) {
            return new RefusedException(Refusal.HISTORY_FULL, "Redis has no memory left (maxmemory)");
        }
        LOG.log(System.Logger.Level.DEBUG, "a command to Redis failed", e);
        return new RefusedException(Refusal.UNAVAILABLE, "Redis did not answer; " + state);
    }

    // ---- follow

    @Override
    public Following follow(String channel, ChannelOptions options, Follower follower) {
        return new Followed(channel, options, follower);
    }

    /**
     * One channel that is followed. It is <i>live</i> while each announcement continues what it has; else it is behind, passes over
     * announcements, and has asked Redis for what it lacks, or will when there is a link: the answer has all of that. <i>Owned
     * by the links' thread, but for its methods as a {@link Following}.</i>
     */
    private final class Followed implements Following {
        private final String channel;
        private final ChannelOptions options;
        private final Follower follower;

        private record Told(int epoch, long seq, CompletableFuture<Void> done) {}

        private final List<Told> told = new ArrayList<>(0);
        private boolean live;
        private boolean wasLive; // and is not, means: it is behind
        private boolean over;
        private int epoch; // 0: nothing was told yet
        private long next = 1;

        Followed(String channel, ChannelOptions options, Follower follower) {
            this.channel = channel;
            this.options = options;
            this.follower = follower;
        }

        @Override
        public CompletionStage<Boolean> open(Opening how) {
            CompletableFuture<Boolean> opened = new CompletableFuture<>();
            links.execute(() -> {
                Link up = link;
                if (up == null || over) {
                    opened.completeExceptionally(noLink());
                    return;
                }
                if (subscribe(this)) {
                    up.subscribe(List.of(key(channel)));
                }
                ask(up, how, opened);
            });
            return opened;
        }

        /** Asks for what it lacks. */
        private void ask(Link up, Opening how, CompletableFuture<Boolean> opened) {
            List<byte[]> arguments =
                    arguments(channel, options, Wire.bytes(how.name()), Wire.bytes(epoch), Wire.bytes(next));
            up.run(Script.OPEN, keys(channel), arguments, (answer, e) -> {
                if (e != null) {
                    failed(up);
                    opened.completeExceptionally(refused(e, "try again"));
                } else if (up != link || over) {
                    opened.completeExceptionally(noLink()); // it is asked for anew on the next link
                } else {
                    answered(answer, opened);
                }
            });
        }

        /** Redis takes no writes now, or somebody has written what this version cannot read: it may be better later. */
        private void failed(Link up) {
            leaveIfUnborn();
            tellAll();
            if (!live && !over) {
                Scheduler.Timer unused =
                        scheduler().schedule(() -> links.execute(() -> askAgain(up)), timeout.toNanos());
            }
        }

        private void askAgain(Link up) {
            if (!live && !over && up == link) {
                ask(up, Opening.FIND_OR_CREATE, new CompletableFuture<>());
            }
        }

        private void answered(List<Object> answer, CompletableFuture<Boolean> opened) {
            if (answer.isEmpty()) {
                leaveIfUnborn();
                opened.complete(false);
                return;
            }
            try {
                Snapshot now = Snapshot.of(answer);
                if (now.epoch() == epoch) {
                    continued(now);
                } else {
                    follower.began(now.life());
                    epoch = now.epoch();
                }
                next = now.next();
                if (!live && wasLive) {
                    behind--;
                }
                live = true;
                wasLive = true;
                seen = Math.max(seen, now.id());
                reachSeen();
                tell();
                opened.complete(true);
            } catch (RefusedException e) { // the hub has no room
                leave();
                opened.completeExceptionally(e);
            }
        }

        private void continued(Snapshot now) {
            if (now.next() > next && now.first() > next) {
                follower.gone(now.first(), now.goneId());
            }
            now.entries().stream()
                    .filter(entry -> entry.seq() >= next)
                    .forEach(entry -> follower.applied(entry, reached));
        }

        void announced(Wire.Announcement a) {
            if (!live) {
                return;
            }
            if (a.epoch() != epoch) {
                if (a.what() == 'm') { // another life; or the last words of one before, which costs a look
                    fallBehind();
                }
            } else if (a.what() == 'r') {
                follower.ended();
            } else if (a.what() == 'c') {
                next = Math.max(next, a.seq());
                follower.gone(next, a.id());
            } else if (a.seq() == next) {
                next++;
                follower.applied(a.entry(), behind == 0 ? a.id() : reached);
                tell();
            } else if (a.seq() > next) {
                fallBehind();
            }
        }

        /** Something was missed. Until it is here, nobody is told of a number beyond it. */
        void fallBehind() {
            if (live) {
                live = false;
                behind++;
            }
            Link up = link;
            if (up != null) {
                ask(up, Opening.FIND_OR_CREATE, new CompletableFuture<>());
            }
        }

        boolean has(int of, long seq) {
            return over || (live && (of != epoch || seq < next));
        }

        CompletableFuture<Void> whenItHas(int of, long seq) {
            Told one = new Told(of, seq, new CompletableFuture<>());
            told.add(one);
            return one.done;
        }

        /** Publishers do not wait for a link: what they have published is stored, and comes here when there is one. */
        private void tellAll() {
            told.forEach(t -> t.done.complete(null));
            told.clear();
        }

        private void tell() {
            if (!told.isEmpty()) {
                List<Told> ready =
                        told.stream().filter(t -> has(t.epoch, t.seq)).toList();
                told.removeAll(ready);
                ready.forEach(t -> t.done.complete(null));
            }
        }

        private void leaveIfUnborn() {
            if (epoch == 0) {
                leave();
            }
        }

        @Override
        public void close() {
            links.execute(this::leave);
        }

        private void leave() {
            if (over) {
                return;
            }
            over = true;
            if (!live && wasLive) {
                behind--;
                reachSeen();
            }
            tell();
            Link up = link;
            if (unsubscribe(this) && up != null) {
                up.unsubscribe(key(channel));
            }
        }
    }

    /** True for the first of its channel. */
    private boolean subscribe(Followed f) {
        List<Followed> all = followed.computeIfAbsent(f.channel, c -> new ArrayList<>(1));
        if (!all.contains(f)) {
            all.add(f);
        }
        return all.size() == 1;
    }

    /** True for the last of its channel. */
    private boolean unsubscribe(Followed f) {
        List<Followed> all = followed.getOrDefault(f.channel, List.of());
        boolean was = all.remove(f);
        if (was && all.isEmpty()) {
            followed.remove(f.channel);
        }
        return was && all.isEmpty();
    }

    private void reachSeen() {
        if (behind == 0 && seen > reached) {
            reached = seen;
            reach.accept(reached);
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
            LOG.log(System.Logger.Level.INFO, "connected to Redis again");
        }
        failures = 0;
        link = now;
        if (!followed.isEmpty()) {
            now.subscribe(followed.keySet().stream().map(this::key).toList());
        }
        all().forEach(f -> f.ask(now, Following.Opening.FIND_OR_CREATE, new CompletableFuture<>()));
        watch(now);
        List<Waiting> ready = List.copyOf(waiting);
        waiting.clear();
        ready.forEach(one -> one.link.complete(now));
    }

    /** A connection that is quiet may be dead. */
    private void watch(Link up) {
        if (up == link) {
            up.ping();
            Scheduler.Timer unused = scheduler().schedule(() -> watch(up), timeout.toNanos());
        }
    }

    @Override
    public void down(Link was) {
        if (link == was) {
            link = null;
            all().forEach(Followed::fallBehind);
            all().forEach(Followed::tellAll);
        }
        unreachable(was + " is lost");
    }

    @Override
    public void unreachable(String why) {
        if (!closed) {
            if (failures++ == 0) {
                LOG.log(System.Logger.Level.WARNING, "no connection to Redis, trying again: " + why);
            }
            long most = Math.min(2_000, 20L << Math.min(failures, 7));
            long millis = ThreadLocalRandom.current().nextLong(most / 2, most + 1); // not all nodes at once
            scheduler().schedule(links::dial, millis * 1_000_000);
        }
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
        seen = Math.max(seen, a.id());
        String channel = key.substring(hubKey.length() + 1);
        announced(channel, a);
        reachSeen();
    }

    private void announced(String channel, Wire.Announcement a) {
        for (Followed f : List.copyOf(followed.getOrDefault(channel, List.of()))) { // who is told of an end leaves
            f.announced(a);
        }
    }

    @Override
    public void close() {
        closed = true;
        links.execute(() -> {
            List<Waiting> left = List.copyOf(waiting);
            waiting.clear();
            left.forEach(one -> one.link.completeExceptionally(noLink()));
            link = null;
        });
        links.close();
    }

    // ---- how it is said

    private String key(String channel) {
        return hubKey + "c" + channel;
    }

    private List<String> keys(String channel) {
        return List.of(hubKey, key(channel), hubKey + "m" + channel, hubKey + "all");
    }

    private List<byte[]> arguments(String channel, ChannelOptions options, byte[]... more) {
        List<byte[]> all = new ArrayList<>(4 + more.length);
        int fresh = ThreadLocalRandom.current().nextInt();
        all.add(Wire.bytes(fresh == 0 ? 1 : fresh));
        all.add(Wire.bytes(trustRestarts));
        all.add(Wire.bytes(Wire.options(options, liveWindow)));
        all.add(Wire.bytes(channel));
        all.addAll(List.of(more));
        return all;
    }

    static long number(Object integer) {
        return (Long) integer;
    }
}
