package dev.comet;

import dev.comet.spi.LocalHub;
import dev.comet.spi.SharedLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The hub: channels, what is published to them, and those who follow. One per application. <i>Thread-safe.</i>
 *
 * <pre>{@code
 * Comet comet = Comet.builder().build();
 * comet.publish("news", "hello");
 * }</pre>
 *
 * <p>A subscriber sees every message of its channels exactly once and in order, or is told exactly what it missed; and no
 * subscriber, however slow, costs more than a fixed amount of memory.
 */
public final class Comet implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.comet");

    /**
     * Ids start here times the Unix time in milliseconds, once: so they grow across restarts too, be they within a second, and stay below
     * 2^53.
     */
    private static final long IDS_PER_MILLI = 100;

    private enum State {
        OPEN,
        /** No new subscribers; publishing goes on. */
        DRAINING,
        CLOSED
    }

    final Scheduler scheduler;
    final int few;
    final Counters counters = new Counters();

    private final Settings settings;
    private final @Nullable SharedHistory shared;
    private final Log log;
    private final IntSupplier epochs;
    private final Executor application;
    private final Executor listeners;
    private final @Nullable WheelScheduler ownScheduler;
    private final AtomicLong lastId;
    final Lives lives;

    /** Owned by the shared log's order. */
    private boolean ahead;

    private final Runnable unregister;
    private final Map<String, AtomicInteger> subscribersBySource = new ConcurrentHashMap<>();
    final Map<String, Integer> subscribersByAddress = new ConcurrentHashMap<>();
    final AtomicInteger subscribers = new AtomicInteger();
    private final AtomicInteger sessions = new AtomicInteger();

    final HistoryBudget historyBudget;

    private final Set<Runnable> closing = ConcurrentHashMap.newKeySet();

    private volatile State state = State.OPEN;

    Comet(Builder builder) {
        this.settings = builder.settings();
        this.ownScheduler = builder.scheduler == null ? new WheelScheduler() : null;
        this.scheduler = builder.scheduler != null ? builder.scheduler : java.util.Objects.requireNonNull(ownScheduler);
        this.application = builder.listenerExecutor;
        this.listeners = new Patient(application, this);
        this.shared = builder.sharedLog == null ? null : new SharedHistory(this, builder.sharedLog);
        this.log = shared == null ? builder.log : shared;
        this.historyBudget = new HistoryBudget(settings.maxHistoryBytesTotal());
        this.epochs = builder.epochs;
        this.few = builder.few;
        this.lastId = new AtomicLong(shared == null ? scheduler.currentTimeMillis() * IDS_PER_MILLI : 0);
        this.lives = new Lives(this);
        this.unregister = register(builder.jmxName);
        if (shared != null) {
            try {
                shared.start();
            } catch (RuntimeException e) { // it has a hub already: what this one has begun must not stay
                unregister.run();
                stopThreads();
                throw e;
            }
        }
    }

    private Runnable register(@Nullable String jmxName) {
        try {
            return jmxName == null ? () -> {} : Jmx.register(this, jmxName);
        } catch (IllegalStateException e) { // the name is taken: the threads must not stay
            if (shared != null) {
                shared.close();
            }
            stopThreads();
            throw e;
        }
    }

    private void stopThreads() {
        if (ownScheduler != null) {
            ownScheduler.close();
        }
    }

    /** A hub with other than the default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** The settings that it was built with. */
    public Settings settings() {
        return settings;
    }

    // ---- publish

    /** Publishes a text. See {@link #publish(String, Draft)}. */
    public Message publish(String channel, String text) {
        return publish(channel, Draft.text(text));
    }

    /** Publishes one JSON value, kept as it is written. See {@link #publish(String, Draft)}. */
    public Message publishJson(String channel, String json) {
        return publish(channel, Draft.json(json));
    }

    /**
     * Publishes: when it returns, the message is stored, has its place, and its subscribers are signalled; it waits for none of
     * them. Of a channel with few, this thread itself writes what their sockets take at once. The channel is created when there
     * is none.
     *
     * @throws RefusedException {@link Refusal#BAD_CHANNEL}, {@link Refusal#MESSAGE_TOO_LARGE},
     *     {@link Refusal#TOO_MANY_CHANNELS}, {@link Refusal#HISTORY_FULL}, {@link Refusal#SHUTTING_DOWN},
     *     {@link Refusal#UNAVAILABLE}
     */
    public Message publish(String channel, Draft draft) {
        return publish(channel, settings.channels(), draft);
    }

    /** The same; the channel is created with these options when there is none. See {@link #publish(String, Draft)}. */
    public Message publish(String channel, ChannelOptions options, Draft draft) {
        admit(draft); // before it creates the channel
        Optional<Channel> present = lives.find(channel);
        return present.isPresent() ? append(present.get(), draft) : appendAnew(channel, options, draft);
    }

    private Message append(Channel life, Draft draft) {
        Message m = log.appendAndWait(life, Message.Kind.MESSAGE, draft);
        if (m == null) { // its life is over
            return appendAnew(life.name(), life.options(), draft);
        }
        counters.published.increment();
        return m;
    }

    /** In a channel that is created when there is none; not if the message is refused after all. */
    private Message appendAnew(String channel, ChannelOptions options, Draft draft) {
        if (shared != null) { // a publisher follows nothing
            return SharedHistory.answer(publishShared(shared, channel, options, draft));
        }
        List<Channel> begun = new ArrayList<>(1);
        try {
            Message m = null;
            while (m == null) { // a life that has just begun may be over already
                m = log.appendAndWait(lives.open(channel, options, begun::add), Message.Kind.MESSAGE, draft);
            }
            counters.published.increment();
            return m;
        } catch (RefusedException e) {
            begun.forEach(lives::forsake);
            throw e;
        }
    }

    /** Publishes without waiting for the log. See {@link #publishAsync(String, ChannelOptions, Draft)}. */
    public CompletionStage<Message> publishAsync(String channel, Draft draft) {
        return publishAsync(channel, settings.channels(), draft);
    }

    /**
     * Publishes without waiting for the log; with the log in memory that makes no difference. The channel is created with these
     * options when there is none. With a shared log the stage completes on the hub's listener executor: a listener that waits for it
     * there may wait for itself, and uses {@link #publish} instead.
     *
     * @return the message; or a {@link RefusedException}, as of {@link #publish(String, Draft)}
     */
    public CompletionStage<Message> publishAsync(String channel, ChannelOptions options, Draft draft) {
        try {
            admit(draft);
            return shared != null
                    ? shared.handedOver(publishShared(shared, channel, options, draft))
                    : appendAnewAsync(channel, options, draft);
        } catch (RefusedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletionStage<Message> publishShared(
            SharedHistory to, String channel, ChannelOptions options, Draft draft) {
        lives.checkName(channel);
        return to.append(channel, options, Message.Kind.MESSAGE, draft).thenApply(m -> {
            counters.published.increment();
            return m;
        });
    }

    private CompletionStage<Message> appendAsync(Channel life, Draft draft) {
        return log.append(life, Message.Kind.MESSAGE, draft).thenCompose(m -> {
            if (m == null) {
                return appendAnewAsync(life.name(), life.options(), draft);
            }
            counters.published.increment();
            return CompletableFuture.completedStage(m);
        });
    }

    private CompletionStage<Message> appendAnewAsync(String channel, ChannelOptions options, Draft draft) {
        List<Channel> begun = new ArrayList<>(0);
        return appendAsync(lives.open(channel, options, begun::add), draft).whenComplete((m, e) -> {
            if (e != null) {
                begun.forEach(lives::forsake);
            }
        });
    }

    /**
     * Publishes to every channel that there is now.
     *
     * @return to how many
     * @throws RefusedException as {@link #publish(String, Draft)}; {@link Refusal#HISTORY_FULL} when a channel had no room for it,
     *     after the others have got it
     */
    public int broadcast(Draft draft) {
        admit(draft);
        if (shared != null) {
            int reached = shared.broadcast(draft);
            counters.published.add(reached);
            return reached;
        }
        int n = 0;
        RefusedException full = null;
        for (Channel channel : lives.all()) {
            try {
                // None: the channel was removed meanwhile, and is not to be created anew.
                if (log.appendAndWait(channel, Message.Kind.BROADCAST, draft) != null) {
                    counters.published.increment();
                    n++;
                }
            } catch (RefusedException e) {
                full = e;
            }
        }
        if (full != null) {
            throw full;
        }
        return n;
    }

    Message publish(Channel life, Draft draft) {
        admit(draft);
        return append(life, draft);
    }

    CompletionStage<Message> publishAsync(Channel life, Draft draft) {
        try {
            admit(draft);
            return appendAsync(life, draft);
        } catch (RefusedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void admit(Draft draft) {
        if (draft.bytes() > settings.maxMessageBytes()) {
            throw refused(
                    Refusal.MESSAGE_TOO_LARGE,
                    "a message of " + draft.bytes() + " bytes: at most " + settings.maxMessageBytes()
                            + " (max-message-bytes)");
        }
        admitChannel();
    }

    // ---- channels

    /** Nothing begins in a closed hub. */
    void admitChannel() {
        if (isClosed()) {
            throw refused(Refusal.SHUTTING_DOWN, "the server is shutting down");
        }
    }

    /** Whether {@link #close} was called. A scheduler of its own may from then on drop what it is given. */
    public boolean isClosed() {
        return state == State.CLOSED;
    }

    /** The channel of this name, created with the hub's options when there is none. */
    public Channel channel(String name) {
        return lives.open(name, null);
    }

    /** The channel of this name, created with these options when there is none; they do not change one that exists. */
    public Channel channel(String name, ChannelOptions options) {
        return lives.open(name, options);
    }

    /**
     * Creates a channel.
     *
     * @throws RefusedException {@link Refusal#EXISTS} when there is one of this name, and as {@link #channel(String)}
     */
    public Channel create(String name, ChannelOptions options) {
        return lives.create(name, options);
    }

    /**
     * The channel of this name, when there is one. Any string may be asked for. Where the log is shared, it is asked about what this
     * hub does not follow, and follows from then on.
     *
     * @throws RefusedException only where the log is shared: {@link Refusal#UNAVAILABLE}, {@link Refusal#TOO_MANY_CHANNELS}
     */
    public Optional<Channel> find(String name) {
        return lives.findAnywhere(name);
    }

    /** The channels that there are, in no order; where the log is shared, those that this hub follows. A snapshot. */
    public Collection<Channel> channels() {
        return new ArrayList<>(lives.all());
    }

    /**
     * The names of the channels that there are, sorted; where the log is shared, of those on all nodes.
     *
     * @throws RefusedException only where the log is shared: {@link Refusal#UNAVAILABLE}
     */
    public List<String> channelNames() {
        if (shared != null) {
            return shared.channels().stream().sorted().toList();
        }
        return lives.all().stream().map(Channel::name).sorted().toList();
    }

    /** Ends a channel's present life, when there is one: see {@link Channel#remove}. */
    public boolean remove(String name) {
        return find(name).map(Channel::remove).orElse(false);
    }

    /** How many channels there are now. */
    public int channelCount() {
        return lives.count();
    }

    void expire(Channel channel, long nanos) {
        lives.expire(channel, nanos);
    }

    boolean remove(Channel channel) {
        return shared == null ? lives.remove(channel) : shared.remove(channel);
    }

    void clear(Channel channel) {
        if (shared == null) {
            channel.feed.clear();
        } else {
            shared.clear(channel);
        }
    }

    void left(Channel channel) {
        lives.left(channel);
    }

    /** A name has got its first subscriber here, or signs. Refused as {@link Members#join}. */
    void memberCame(String channel, String name, boolean signs) {
        if (shared != null) {
            shared.memberCame(new LocalHub.Member(channel, name), signs);
        }
    }

    List<String> members(Channel channel) {
        return shared == null
                ? channel.membership().names()
                : shared.members(channel.name()).stream().sorted().toList();
    }

    /** The secret of a channel's life: this one, unless it has one. */
    String secret(Channel channel, String fresh) {
        return shared == null ? fresh : shared.secret(channel, fresh).orElse(fresh);
    }

    void memberWent(String channel, String name) {
        if (shared != null) {
            shared.memberWent(new LocalHub.Member(channel, name));
        }
    }

    // ---- subscribe

    /** Has a listener follow a channel from now on. */
    public Subscription subscribe(String channel, Listener listener) {
        return subscribe(SubscribeOptions.of(channel), listener);
    }

    /**
     * Has a listener follow channels. It is called on the hub's listener executor, one event at a time; one that is too slow is
     * lapped and told, like any other subscriber.
     *
     * @throws RefusedException as {@link #attach}
     */
    public Subscription subscribe(SubscribeOptions options, Listener listener) {
        return new Subscription(this, options, listener);
    }

    /** Channels as a publisher of events, messages and gaps, that honours {@code request(n)}. */
    public Flow.Publisher<Event> publisher(SubscribeOptions options) {
        return new EventPublisher(this, options);
    }

    /**
     * The pull side, for transports: follows channels, which are created when there are none; when it is refused, none is (a log that
     * is shared may keep one that is new until it has been idle).
     * Read once after it returns: that is the replay.
     *
     * @param wake see {@link Subscriber}; it may be called before this method has returned
     * @throws RefusedException {@link Refusal#BAD_CHANNEL}, {@link Refusal#TOO_MANY_CHANNELS_ASKED},
     *     {@link Refusal#TOO_MANY_CHANNELS}, {@link Refusal#TOO_MANY_SUBSCRIBERS} and its siblings,
     *     {@link Refusal#TOO_MANY_MEMBERS}, {@link Refusal#UNKNOWN_CHANNEL}, {@link Refusal#SHUTTING_DOWN},
     *     {@link Refusal#UNAVAILABLE}, {@link Refusal#HISTORY_FULL}
     */
    public Subscriber attach(SubscribeOptions options, Runnable wake) {
        if (options.channels().size() > settings.maxChannelsPerRequest()) {
            throw refused(
                    Refusal.TOO_MANY_CHANNELS_ASKED,
                    options.channels().size() + " channels: at most " + settings.maxChannelsPerRequest()
                            + " (max-channels-per-request)");
        }
        Subscriber subscriber = admit(options, wake);
        List<Channel> begun = new ArrayList<>(0);
        try {
            boolean only = options.channels().size() == 1;
            if (options.channels().isEmpty()) {
                subscriber.attach(lives.news(), From.latest(), false, 0);
            }
            List<Channel> joined = new ArrayList<>(options.channels().size());
            for (String name : options.channels()) {
                joined.add(follow(subscriber, name, options, only, begun));
            }
            resetWhereNothingMatches(subscriber, options.from(), joined);
            if (shared != null && options.from() instanceof From.After) {
                subscriber.hasSeen(safeId(options.from())); // once more: this node may have caught up with it
            }
            subscriber.joinAll(joined);
            if (state != State.OPEN) {
                subscriber.end(CloseReason.SHUTDOWN); // it slipped in while the doors were being shut
            }
            return subscriber;
        } catch (Throwable e) { // refused, or out of memory
            subscriber.undo();
            begun.forEach(lives::forsake);
            throw e;
        }
    }

    private Channel follow(
            Subscriber subscriber, String name, SubscribeOptions options, boolean only, List<Channel> begun) {
        while (true) {
            Channel channel = options.create()
                    ? lives.openToFollow(name, options.creating(), begun::add)
                    : lives.findAnywhere(name)
                            .orElseThrow(
                                    () -> refused(Refusal.UNKNOWN_CHANNEL, "there is no channel " + Names.shown(name)));
            if (channel.options().sessionsOnly() && !options.inSession()) {
                throw refused(Refusal.DENIED, channel + " is for clients that are registered");
            }
            if (shared != null && channel.feed.isBehind(options.from(), only)) {
                shared.catchUp(channel);
                channel = lives.find(channel.name()).orElse(channel); // its life may be another now
            }
            int most = options.mostPerChannel(settings.maxSubscribersPerChannel());
            if (subscriber.attach(channel.feed, options.from(), only, most)) {
                if (options.members()) {
                    subscriber.attach(channel.membership().feed(), From.latest(), false, 0);
                }
                return channel;
            }
        }
    }

    /**
     * The cursor of one channel, shown for several, speaks of the one whose epoch it has. If it is none of them, that channel's
     * life is over, and which of the names it was cannot be known: all are told.
     */
    private static void resetWhereNothingMatches(Subscriber subscriber, From from, List<Channel> channels) {
        if (channels.size() > 1 && from instanceof From.At at && !at.cursor().namesChannels()) {
            for (Channel channel : channels) {
                if (at.cursor().entry(channel.hash(), channel.epoch(), false) >= 0) {
                    return;
                }
            }
            subscriber.resetAll();
        }
    }

    private Subscriber admit(SubscribeOptions options, Runnable wake) {
        if (state != State.OPEN) {
            throw refused(Refusal.SHUTTING_DOWN, "the server is shutting down");
        }
        if (subscribers.incrementAndGet() > settings.maxSubscribers()) {
            leave();
            throw refused(
                    Refusal.TOO_MANY_SUBSCRIBERS,
                    "the server has its maximum of " + settings.maxSubscribers() + " subscribers");
        }
        String address = settings.maxSubscribersPerAddress() == 0
                ? null
                : options.address().orElse(null);
        if (address != null
                && subscribersByAddress.merge(address, 1, Integer::sum) > settings.maxSubscribersPerAddress()) {
            leave();
            leaveAddress(address);
            throw refused(
                    Refusal.TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
                    "this address has its maximum of " + settings.maxSubscribersPerAddress() + " subscribers");
        }
        AtomicInteger bySource = subscribersBySource.computeIfAbsent(options.source(), s -> new AtomicInteger());
        bySource.incrementAndGet();
        return new Subscriber(this, wake, bySource, address, options.member().orElse(null), safeId(options.from()));
    }

    /** What a reader that begins there has seen, as a single number. */
    private long safeId(From from) {
        long now = lastId();
        if (from instanceof From.After after) {
            return after.id() > newestId() ? 0 : after.id();
        }
        return from instanceof From.Last last && last.n() == 0 ? now : 0;
    }

    private void leaveAddress(String address) {
        subscribersByAddress.computeIfPresent(address, (a, n) -> n == 1 ? null : n - 1);
    }

    /** What {@link Subscriber#close} does, once. */
    void release(Subscriber subscriber) {
        subscriber.leaveAll();
        subscriber.bySource().decrementAndGet();
        String address = subscriber.address();
        if (address != null) {
            leaveAddress(address);
        }
        leave();
    }

    private void leave() {
        if (subscribers.decrementAndGet() == 0 && state != State.OPEN) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    // ---- sessions

    /** A register of sessions, each forgotten when it has not polled for this long. Known to this hub only. */
    public Sessions sessions(Duration timeout) {
        Checks.positive("session-timeout", timeout);
        return new Sessions(this, null, timeout);
    }

    /**
     * The same; where the log is shared, all nodes know those of a register of this name, and their positions.
     *
     * @param register 1 to 64 letters, digits and {@code -}
     */
    public Sessions sessions(String register, Duration timeout) {
        Checks.positive("session-timeout", timeout);
        if (!register.matches("[A-Za-z0-9-]{1,64}")) {
            throw new IllegalArgumentException(
                    "register " + Names.shown(register) + ": 1 to 64 letters, digits and '-'");
        }
        return new Sessions(
                this, shared == null ? null : new SharedSessions(shared.notes(), register, timeout), timeout);
    }

    /** Counts one more; a fifth of them are for clients that register, for the others come by asking, as anyone can. */
    void admitSession(boolean registered) {
        int most = settings.maxSessions() - (registered ? 0 : settings.maxSessions() / 5);
        if (sessions.incrementAndGet() > most) {
            sessions.decrementAndGet();
            throw refused(
                    Refusal.TOO_MANY_SESSIONS,
                    most == settings.maxSessions()
                            ? "the server has its maximum of " + most + " sessions (max-sessions)"
                            : "the server has " + most
                                    + " sessions; those that are still free are for clients that register (max-sessions)");
        }
    }

    void releaseSession() {
        sessions.decrementAndGet();
    }

    // ---- the rest

    /** What was counted so far, and what there is now. */
    public Stats stats() {
        Map<String, Integer> bySource = new HashMap<>();
        subscribersBySource.forEach((source, n) -> {
            if (n.get() > 0) {
                bySource.put(source, n.get());
            }
        });
        return counters.snapshot(
                currentTimeMillis(), lives.count(), Map.copyOf(bySource), sessions.get(), historyBudget.used());
    }

    /**
     * What each node has counted, by its name, as it was some seconds ago; this one's is among them. Empty where the log is not shared.
     */
    public Map<String, Stats> nodes() {
        return shared == null ? Map.of() : shared.nodes();
    }

    /** This one's name among the {@link #nodes}; empty where the log is not shared. */
    public Optional<String> node() {
        return Optional.ofNullable(shared).map(SharedHistory::node);
    }

    /**
     * Why the log that hubs share cannot be reached now, for people; empty while it can, and where it is not shared. What needs the log
     * is refused then, with {@link Refusal#UNAVAILABLE}; subscribers stay.
     */
    public Optional<String> unreachable() {
        return Optional.ofNullable(shared).flatMap(SharedHistory::unreachable);
    }

    /** Counts a refusal that a transport answers with; what the hub itself has refused, and so counted, not again. */
    public void countRefusal(RefusedException refusal) {
        if (!refusal.isCounted()) {
            counters.refused(refusal.refusal());
        }
    }

    /** The clock, timers and threads that it runs on. */
    public Scheduler scheduler() {
        return scheduler;
    }

    /** Its wall clock, in milliseconds since the Unix epoch. For showing, never for ordering: clocks jump. */
    public long currentTimeMillis() {
        return scheduler.currentTimeMillis();
    }

    Executor listenerExecutor() {
        return listeners;
    }

    /** Has the application's executor run a task, or, where it takes none, another thread of the hub's: somebody waits for that. */
    void handOver(Runnable task) {
        try {
            application.execute(task);
        } catch (RuntimeException e) {
            if (isClosed()) {
                task.run();
            } else {
                scheduler.execute(task);
            }
        }
    }

    /** The highest id that any message has; where the log is shared, of those that have reached this hub. */
    public long lastId() {
        return lastId.get();
    }

    /** The highest id that is known to have been given; not all up to it may have reached this hub. */
    long newestId() {
        return shared == null ? lastId() : Math.max(lastId(), shared.newestId());
    }

    /** With a log that is shared only that gives numbers; joins, leaves and news then have the one that was reached. */
    long nextId() {
        return shared == null ? lastId.incrementAndGet() : lastId.get();
    }

    /** The shared log has handed over everything up to this number of the channels that are followed. */
    void reached(long id) {
        if (id > lastId.get()) {
            lastId.set(id);
            if (ahead) {
                ahead = false;
                lives.all().forEach(channel -> channel.feed.fanout.signal());
                lives.ended().forEach(channel -> channel.feed.fanout.signal());
            }
        }
    }

    /** Some ring has messages beyond what was reached: who passed over them is to look again when it is. */
    void isAhead() {
        ahead = true;
    }

    @Nullable
    SharedHistory shared() {
        return shared;
    }

    ChannelOptions capped(ChannelOptions options) {
        return options.cappedBy(settings.maxHistoryMessages(), settings.maxHistoryBytes());
    }

    /** A number for a new life. Random, so that a life after a restart does not look like one before; never 0. */
    int newEpoch() {
        int epoch = epochs.getAsInt();
        return epoch == 0 ? 1 : epoch;
    }

    RefusedException refused(Refusal refusal, String detail) {
        counters.refused(refusal);
        return new RefusedException(refusal, detail, true);
    }

    /** Something that should not happen did, and there is nobody to throw it at. */
    void problem(String what, Throwable e) {
        LOG.log(System.Logger.Level.WARNING, what, e);
    }

    /**
     * Ends all subscribers and takes no new ones: polls are answered, streams told to come back. Publishing goes on.
     *
     * @return whether all of them had ended before the time was over
     */
    public boolean drain(Duration atMost) {
        synchronized (this) {
            if (state == State.OPEN) {
                state = State.DRAINING;
            }
        }
        lives.endSubscribers(CloseReason.SHUTDOWN);
        long end = scheduler.nanoTime() + atMost.toNanos();
        boolean interrupted = false;
        synchronized (this) {
            for (long left = atMost.toNanos(); subscribers.get() > 0 && left > 0; left = end - scheduler.nanoTime()) {
                try {
                    wait(left / 1_000_000, (int) (left % 1_000_000));
                } catch (InterruptedException e) {
                    interrupted = true;
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return subscribers.get() == 0;
    }

    /**
     * Has a transport hear of {@link #close}, after all channels are removed and before the hub's own threads stop: what it still
     * holds then, nobody else ends.
     *
     * @param action may wait a moment for last words to be written; must not throw
     * @return takes it back
     */
    public Runnable onClose(Runnable action) {
        closing.add(action);
        if (isClosed()) { // it came too late to be seen
            action.run();
        }
        return () -> closing.remove(action);
    }

    /**
     * Ends all subscribers, removes all channels, and stops the hub's own threads. What transports still have to write, they may
     * not get to: call {@link #drain} first.
     */
    @Override
    public void close() {
        drain(Duration.ZERO);
        synchronized (this) {
            if (state == State.CLOSED) {
                return;
            }
            state = State.CLOSED;
        }
        for (Channel channel : lives.all()) {
            lives.remove(channel); // here; in a log that is shared they go on
        }
        if (shared != null) {
            shared.close();
        }
        closing.forEach(Runnable::run);
        unregister.run();
        stopThreads();
    }

    /** Makes a hub. Durations are positive unless said otherwise; 0 is "no limit" only where it says so. */
    public static final class Builder {
        private ChannelOptions channels = ChannelOptions.DEFAULT;
        private int liveWindow = 128;
        private int maxHistoryMessages = 100_000;
        private long maxHistoryBytes = 64 << 20;
        private long maxHistoryBytesTotal = Runtime.getRuntime().maxMemory() / 100 * 10;
        private int maxChannels = 100_000;
        private int maxSubscribers = 100_000;
        private int maxSubscribersPerChannel;
        private int maxSubscribersPerAddress;
        private int maxChannelsPerRequest = 64;
        private int maxMessageBytes = 1 << 20;
        private int maxMembersPerChannel = 10_000;
        private int maxSessions = 100_000;
        private Duration presenceGrace = Duration.ofSeconds(80);
        private @Nullable String jmxName;
        private @Nullable Scheduler scheduler;
        private Executor listenerExecutor = ForkJoinPool.commonPool();
        private Log log = new MemoryLog();
        private int few = Fanout.FEW;
        private @Nullable SharedLog sharedLog;
        private IntSupplier epochs = () -> ThreadLocalRandom.current().nextInt();

        Builder() {}

        /** {@code history-messages=100}: how many of a channel's last messages a newcomer can be replayed; 0 or more. */
        public Builder historyMessages(int messages) {
            channels = channels.withHistoryMessages(messages);
            return this;
        }

        /** {@code history-bytes=1048576}: how many bytes of payload and attributes a channel keeps; at least 1. */
        public Builder historyBytes(long bytes) {
            channels = channels.withHistoryBytes(bytes);
            return this;
        }

        /** {@code history-age=10m}: how long a channel keeps a message. */
        public Builder historyAge(Duration age) {
            channels = channels.withHistoryAge(age);
            return this;
        }

        /** {@code idle-timeout=90s}: how long a channel without subscribers and publishes lives; 0: for ever. */
        public Builder idleTimeout(Duration timeout) {
            channels = channels.withIdleTimeout(timeout);
            return this;
        }

        /**
         * {@code live-window=128}: how many messages a channel keeps at least for subscribers that are behind, though it replays
         * newcomers fewer; at least 1.
         */
        public Builder liveWindow(int messages) {
            Checks.atLeast("live-window", messages, 1);
            liveWindow = messages;
            return this;
        }

        /** {@code max-history-messages=100000}: what a channel's own options may ask for at most. */
        public Builder maxHistoryMessages(int messages) {
            Checks.atLeast("max-history-messages", messages, 0);
            Checks.atMost("max-history-messages", messages, 1 << 24);
            maxHistoryMessages = messages;
            return this;
        }

        /** {@code max-history-bytes=67108864}: what a channel's own options may ask for at most. */
        public Builder maxHistoryBytes(long bytes) {
            Checks.atLeast("max-history-bytes", bytes, 1);
            maxHistoryBytes = bytes;
            return this;
        }

        /**
         * {@code max-history-bytes-total}: what all channels may hold together, a message counting 128 bytes beside its payload
         * and attributes; by default a tenth of the largest heap that the JVM will use. A publish that finds no room takes it
         * from its own channel's oldest messages, and is refused where that would not be enough.
         */
        public Builder maxHistoryBytesTotal(long bytes) {
            Checks.atLeast("max-history-bytes-total", bytes, 1);
            maxHistoryBytesTotal = bytes;
            return this;
        }

        /** {@code max-channels=100000}: the last fifth is created by publishing only, for anyone can make up names to follow. */
        public Builder maxChannels(int channels) {
            Checks.atLeast("max-channels", channels, 1);
            maxChannels = channels;
            return this;
        }

        /** {@code max-subscribers=100000}. */
        public Builder maxSubscribers(int subscribers) {
            Checks.atLeast("max-subscribers", subscribers, 1);
            maxSubscribers = subscribers;
            return this;
        }

        /** {@code max-subscribers-per-channel=0}; 0: no limit but the hub's. */
        public Builder maxSubscribersPerChannel(int subscribers) {
            Checks.atLeast("max-subscribers-per-channel", subscribers, 0);
            maxSubscribersPerChannel = subscribers;
            return this;
        }

        /** {@code max-subscribers-per-address=0}; 0: no limit but the hub's. An address may be a whole office. */
        public Builder maxSubscribersPerAddress(int subscribers) {
            Checks.atLeast("max-subscribers-per-address", subscribers, 0);
            maxSubscribersPerAddress = subscribers;
            return this;
        }

        /** {@code max-channels-per-request=64}: how many channels one subscriber may follow; 1 to 64, for a cursor's sake. */
        public Builder maxChannelsPerRequest(int channels) {
            Checks.atLeast("max-channels-per-request", channels, 1);
            Checks.atMost("max-channels-per-request", channels, 64);
            maxChannelsPerRequest = channels;
            return this;
        }

        /** {@code max-message-bytes=1048576}: payload and attributes of a message, as UTF-8. */
        public Builder maxMessageBytes(int bytes) {
            Checks.atLeast("max-message-bytes", bytes, 1);
            maxMessageBytes = bytes;
            return this;
        }

        /** {@code max-members-per-channel=10000}: named members, those in their grace period among them. */
        public Builder maxMembersPerChannel(int members) {
            Checks.atLeast("max-members-per-channel", members, 1);
            maxMembersPerChannel = members;
            return this;
        }

        /** {@code max-sessions=100000}. */
        public Builder maxSessions(int sessions) {
            Checks.atLeast("max-sessions", sessions, 1);
            maxSessions = sessions;
            return this;
        }

        /** {@code presence-grace=80s}: how long a member may be away before it has left; 0 or more. */
        public Builder presenceGrace(Duration grace) {
            Checks.notNegative("presence-grace", grace);
            presenceGrace = grace;
            return this;
        }

        /**
         * Clock, timers and threads. By default the hub has its own: as many daemon threads as there are processors, at least
         * two, and one for the timers, until it is closed. A scheduler that is given here is never closed by the hub.
         */
        public Builder scheduler(Scheduler scheduler) {
            this.scheduler = scheduler;
            return this;
        }

        /**
         * Where listeners are called, which may block; by default {@link ForkJoinPool#commonPool()}. When it rejects a task, that
         * task is offered again every 100 ms.
         */
        public Builder listenerExecutor(Executor executor) {
            listenerExecutor = executor;
            return this;
        }

        /** Shows the statistics in JMX as {@code dev.comet:type=Comet,name="<name>"}, until the hub is closed. */
        public Builder jmx(String name) {
            jmxName = name;
            return this;
        }

        /**
         * The log that this hub shares with others: channels, their messages and numbers are then the same on all of them. The hub
         * closes it when it is closed. Without one, the hub is on its own, and keeps its messages in memory only.
         */
        public Builder log(SharedLog log) {
            sharedLog = log;
            return this;
        }

        Builder log(Log log) {
            this.log = log;
            return this;
        }

        /** Up to how many subscribers of a channel its publisher wakes itself. */
        Builder few(int subscribers) {
            this.few = subscribers;
            return this;
        }

        /** Where the numbers of lives come from: a simulation draws them from its seed. */
        Builder epochs(IntSupplier epochs) {
            this.epochs = epochs;
            return this;
        }

        /** The hub. It runs until it is {@linkplain Comet#close() closed}. */
        public Comet build() {
            return new Comet(this);
        }

        private Settings settings() {
            return new Settings(
                    channels.cappedBy(maxHistoryMessages, maxHistoryBytes),
                    liveWindow,
                    maxHistoryMessages,
                    maxHistoryBytes,
                    maxHistoryBytesTotal,
                    maxChannels,
                    maxSubscribers,
                    maxSubscribersPerChannel,
                    maxSubscribersPerAddress,
                    maxChannelsPerRequest,
                    maxMessageBytes,
                    maxMembersPerChannel,
                    maxSessions,
                    presenceGrace);
        }
    }
}
