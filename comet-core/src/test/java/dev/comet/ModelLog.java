package dev.comet;

import dev.comet.spi.Entry;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import dev.comet.spi.Life;
import dev.comet.spi.LocalHub;
import dev.comet.spi.Notes;
import dev.comet.spi.Place;
import dev.comet.spi.Roster;
import dev.comet.spi.SharedLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The least that a shared log can be: a store, and per node a thread that tells it what has happened there, in order and later.
 * <i>Thread-safe.</i>
 */
final class ModelLog implements SharedLog {

    /** What nodes share. <i>Guarded by its monitor.</i> */
    static final class Store {
        private final Map<String, Stored> channels = new HashMap<>();
        private final List<ModelLog> nodes = new CopyOnWriteArrayList<>();
        private final Map<String, Map<String, Set<ModelLog>>> rosters = new HashMap<>();
        private final Map<String, String> notes = new HashMap<>();
        private final Map<Integer, String> secrets = new HashMap<>();
        private long id = 1000;
        private long forgottenId;

        ModelLog node() {
            ModelLog node = new ModelLog(this);
            nodes.add(node);
            return node;
        }

        /** As a server that comes back empty. */
        synchronized void forget() {
            id += 1000;
            forgottenId = id;
            channels.clear();
            notes.clear();
            rosters.clear();
            nodes.forEach(ModelLog::tellAllMembers);
            nodes.forEach(node -> node.followed().forEach(f -> f.open(Following.Opening.FIND_OR_CREATE)));
        }

        private boolean isFull(String name, int most) {
            return channels.size() >= most && !channels.containsKey(name);
        }

        private Stored open(String name, ChannelOptions options) {
            return channels.computeIfAbsent(name, n -> new Stored(options, forgottenId));
        }
    }

    private static final class Stored {
        final int epoch = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        final ChannelOptions options;
        final List<Entry> held = new ArrayList<>();
        long next = 1;
        long goneId;

        Stored(ChannelOptions options, long goneId) {
            this.options = options;
            this.goneId = goneId;
        }

        Life life() {
            return new Life(epoch, options, next, goneId, held);
        }

        void forget(int most) {
            while (held.size() > most) {
                goneId = held.remove(0).id();
            }
        }
    }

    private final Store store;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread t = new Thread(task, "model-log");
        t.setDaemon(true);
        return t;
    });
    private final List<Followed> followed = new CopyOnWriteArrayList<>();

    private volatile @Nullable LocalHub hub;
    private volatile LongConsumer reached = id -> {};
    private volatile long newest;
    private volatile int window;
    private volatile int maxChannels;

    private ModelLog(Store store) {
        this.store = store;
    }

    List<Followed> followed() {
        return followed;
    }

    /** Has this node lag behind, until the returned semaphore has a permit. */
    Semaphore lag() {
        Semaphore goOn = new Semaphore(0);
        thread.execute(goOn::acquireUninterruptibly);
        return goOn;
    }

    @Override
    public void start(LocalHub local) {
        this.hub = local;
        this.reached = id -> {
            newest = Math.max(newest, id);
            local.reached(id);
        };
        this.window = local.settings().liveWindow();
        this.maxChannels = local.settings().maxChannels();
    }

    private LocalHub hub() {
        return Objects.requireNonNull(hub);
    }

    @Override
    public CompletionStage<Place> append(String name, ChannelOptions options, Message.Kind kind, Draft draft) {
        CompletableFuture<Place> answer = new CompletableFuture<>();
        synchronized (store) {
            if (store.isFull(name, maxChannels)) {
                return CompletableFuture.failedFuture(tooMany());
            }
            Place place = store(name, store.open(name, options), kind, draft);
            thread.execute(() -> answer.complete(place));
        }
        return answer;
    }

    private Place store(String name, Stored channel, Message.Kind kind, Draft draft) {
        Entry entry = new Entry(channel.next++, ++store.id, 1_800_000_000_000L + channel.next, kind, draft);
        channel.held.add(entry);
        channel.forget(Math.max(window, channel.options.historyMessages()));
        for (ModelLog node : store.nodes) {
            node.thread.execute(() -> {
                node.of(name).forEach(f -> f.applied(channel.epoch, entry));
                node.reached.accept(entry.id());
            });
        }
        return new Place(channel.epoch, entry.seq(), entry.id(), entry.timeMillis());
    }

    private static RefusedException tooMany() {
        return new RefusedException(Refusal.TOO_MANY_CHANNELS, "the store is full");
    }

    private List<Followed> of(String name) {
        return followed.stream().filter(f -> f.name.equals(name)).toList();
    }

    @Override
    public CompletionStage<Integer> broadcast(Draft draft) {
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        synchronized (store) {
            store.channels.forEach((name, channel) -> store(name, channel, Message.Kind.BROADCAST, draft));
            int n = store.channels.size();
            thread.execute(() -> answer.complete(n));
        }
        return answer;
    }

    @Override
    public CompletionStage<Boolean> remove(String name, int epoch) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        synchronized (store) {
            Stored present = store.channels.get(name);
            boolean there = present != null && present.epoch == epoch;
            if (there) {
                store.channels.remove(name);
                store.rosters.remove(name);
                store.nodes.forEach(
                        node -> node.thread.execute(() -> node.of(name).forEach(f -> f.ended(epoch))));
            }
            thread.execute(() -> answer.complete(there));
        }
        return answer;
    }

    @Override
    public CompletionStage<Boolean> clear(String name, int epoch) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        synchronized (store) {
            Stored present = store.channels.get(name);
            boolean there = present != null && present.epoch == epoch;
            if (there) {
                present.forget(0);
                long next = present.next;
                long goneId = present.goneId;
                store.nodes.forEach(
                        node -> node.thread.execute(() -> node.of(name).forEach(f -> f.gone(epoch, next, goneId))));
            }
            thread.execute(() -> answer.complete(there));
        }
        return answer;
    }

    // ---- what else nodes share

    @Override
    public CompletionStage<Set<String>> channels() {
        synchronized (store) {
            return CompletableFuture.completedFuture(Set.copyOf(store.channels.keySet()));
        }
    }

    @Override
    public CompletionStage<Optional<String>> secret(String name, int epoch, String fresh) {
        synchronized (store) {
            Stored present = store.channels.get(name);
            return CompletableFuture.completedFuture(
                    present == null || present.epoch != epoch
                            ? Optional.empty()
                            : Optional.of(store.secrets.computeIfAbsent(epoch, e -> fresh)));
        }
    }

    @Override
    public String node() {
        return "node-" + store.nodes.indexOf(this);
    }

    @Override
    public Optional<String> unreachable() {
        return Optional.empty();
    }

    @Override
    public Map<String, Stats> nodes() {
        Map<String, Stats> all = new HashMap<>();
        store.nodes.forEach(node -> all.put(node.node(), node.hub().stats()));
        return all;
    }

    private void tellAllMembers() {
        hub().members().forEach(member -> roster().changed(member, false));
    }

    @Override
    public Roster roster() {
        return new Roster() {
            @Override
            public CompletionStage<Void> changed(LocalHub.Member member, boolean signs) {
                CompletableFuture<Void> answer = new CompletableFuture<>();
                thread.execute(() -> {
                    synchronized (store) {
                        if (change(member, signs)) {
                            thread.execute(() -> answer.complete(null));
                        } else {
                            answer.completeExceptionally(
                                    new RefusedException(Refusal.TOO_MANY_MEMBERS, "the store is full"));
                        }
                    }
                });
                return answer;
            }

            @Override
            public CompletionStage<Set<String>> members(String channel) {
                synchronized (store) {
                    return CompletableFuture.completedFuture(Set.copyOf(
                            store.rosters.getOrDefault(channel, Map.of()).keySet()));
                }
            }
        };
    }

    private boolean change(LocalHub.Member member, boolean signs) {
        Map<String, Set<ModelLog>> roster = store.rosters.computeIfAbsent(member.channel(), c -> new HashMap<>());
        String name = member.name();
        if (hub().isMember(member)) {
            if (!roster.containsKey(name) && roster.size() >= hub().settings().maxMembersPerChannel()) {
                return false;
            }
            boolean first = !roster.containsKey(name);
            roster.computeIfAbsent(name, m -> new HashSet<>()).add(this);
            if (first) {
                tell(member.channel(), f -> f.joined(name, false));
            }
            if (signs) {
                tell(member.channel(), f -> f.joined(name, true));
            }
        } else {
            Set<ModelLog> nodes = roster.getOrDefault(name, new HashSet<>());
            if (nodes.remove(this) && nodes.isEmpty()) {
                roster.remove(name);
                tell(member.channel(), f -> f.left(name));
            }
        }
        return true;
    }

    private void tell(String channel, Consumer<Follower> what) {
        store.nodes.forEach(node -> node.thread.execute(() -> node.of(channel).forEach(f -> what.accept(f.follower))));
    }

    @Override
    public Notes notes() {
        return new Notes() {
            @Override
            public CompletionStage<Boolean> leave(String key, String text, Duration keep) {
                synchronized (store) {
                    return CompletableFuture.completedFuture(store.notes.putIfAbsent(key, text) == null);
                }
            }

            @Override
            public CompletionStage<Boolean> change(String key, String text, Duration keep) {
                synchronized (store) {
                    return CompletableFuture.completedFuture(store.notes.replace(key, text) != null);
                }
            }

            @Override
            public CompletionStage<Optional<String>> find(String key, Duration keep) {
                synchronized (store) {
                    return CompletableFuture.completedFuture(Optional.ofNullable(store.notes.get(key)));
                }
            }

            @Override
            public CompletionStage<Boolean> remove(String key) {
                synchronized (store) {
                    return CompletableFuture.completedFuture(store.notes.remove(key) != null);
                }
            }
        };
    }

    @Override
    public Following follow(String name, ChannelOptions options, int most, Follower follower) {
        return new Followed(name, options, most, follower);
    }

    @Override
    public long newestId() {
        return newest;
    }

    @Override
    public void close() {
        store.nodes.remove(this);
        thread.shutdown();
    }

    /** One channel as one node follows it. <i>Its position is owned by the node's thread.</i> */
    final class Followed implements Following {
        private final String name;
        private final ChannelOptions options;
        private final int most;
        private final Follower follower;
        private int epoch;

        Followed(String name, ChannelOptions options, int most, Follower follower) {
            this.name = name;
            this.options = options;
            this.most = most;
            this.follower = follower;
        }

        @Override
        public CompletionStage<Boolean> open(Opening how) {
            CompletableFuture<Boolean> answer = new CompletableFuture<>();
            synchronized (store) {
                if (store.channels.containsKey(name) ? how == Opening.CREATE : how == Opening.FIND) {
                    return CompletableFuture.completedFuture(false);
                }
                if (store.isFull(name, most)) {
                    return CompletableFuture.failedFuture(tooMany());
                }
                Life life = store.open(name, options).life();
                long id = store.id;
                if (!followed.contains(this)) {
                    followed.add(this);
                }
                thread.execute(() -> {
                    try {
                        begin(life, id);
                        answer.complete(true);
                    } catch (RefusedException e) {
                        close();
                        answer.completeExceptionally(e);
                    }
                });
            }
            return answer;
        }

        private void begin(Life life, long id) {
            if (life.epoch() != epoch) {
                epoch = life.epoch();
                follower.began(life);
            }
            reached.accept(id);
        }

        private void applied(int of, Entry entry) {
            if (of == epoch) {
                follower.applied(entry, entry.id());
            }
        }

        private void gone(int of, long next, long goneId) {
            if (of == epoch) {
                follower.gone(next, goneId);
            }
        }

        private void ended(int of) {
            if (of == epoch) {
                follower.ended();
            }
        }

        @Override
        public void close() {
            followed.remove(this);
        }
    }
}
