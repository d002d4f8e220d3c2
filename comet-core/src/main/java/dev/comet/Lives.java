package dev.comet;

import dev.comet.spi.Following.Opening;
import dev.comet.spi.Life;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The channels by name, and how their lives begin and end. <i>Thread-safe.</i>
 *
 * <p>A life begins and ends inside the map's lock for its name, so that at no time there are two, and that who
 * follows the news hears of an end before the next beginning. That lock is taken before the feed's, never inside it.
 */
final class Lives {
    private static final int NEWS = 4096;

    private final Comet hub;
    private final Map<String, Channel> byName = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** Lives that are over, and whose subscribers have not all left: who is slow may still read what is left. */
    private final Set<Channel> ended = ConcurrentHashMap.newKeySet();

    /** Who is told of beginnings and ends follows this feed: the same ring, cursor and fan-out as for messages. */
    private final Feed news;

    Lives(Comet hub) {
        this.hub = hub;
        Channel nameless = new Channel(hub, "", 1, ChannelOptions.DEFAULT.withIdleTimeout(Duration.ZERO));
        this.news = new Feed(nameless, new Ring(NEWS, Long.MAX_VALUE, HistoryBudget.unlimited()), 0, true);
    }

    Feed news() {
        return news;
    }

    int count() {
        return count.get();
    }

    Collection<Channel> all() {
        return byName.values();
    }

    /** Lives that are over, and whose subscribers have not all left. */
    Collection<Channel> ended() {
        return ended;
    }

    /** Asks every subscriber to end, those too whose channel has. */
    void endSubscribers(CloseReason reason) {
        news.fanout.endAll(reason);
        byName.values().forEach(channel -> channel.feed.fanout.endAll(reason));
        ended.forEach(channel -> channel.feed.fanout.endAll(reason)); // last: no life is taken off before it is here
    }

    /** The last subscriber of a life that is over has left. */
    void left(Channel channel) {
        ended.remove(channel);
    }

    Optional<Channel> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The channel's present life, for a publisher; a new one, with these options or else the hub's, when there is none. */
    Channel open(String name, @Nullable ChannelOptions options) {
        return open(name, options, hub.settings().maxChannels(), begun -> {});
    }

    /** The same; who is told of a new one may have it {@linkplain #forsake forsaken}. */
    Channel open(String name, @Nullable ChannelOptions options, Consumer<Channel> begun) {
        return open(name, options, hub.settings().maxChannels(), begun);
    }

    /**
     * The same for a subscriber. Whoever may subscribe makes up names as he likes; so the last fifth of the channels is for those
     * who publish.
     */
    Channel openToFollow(String name, @Nullable ChannelOptions options, Consumer<Channel> begun) {
        int most = hub.settings().maxChannels();
        return open(name, options, most - most / 5, begun);
    }

    private Channel open(String name, @Nullable ChannelOptions options, int most, Consumer<Channel> begun) {
        Channel present = byName.get(name);
        if (present != null && !present.isRemoved()) {
            return present;
        }
        SharedHistory shared = hub.shared();
        if (shared != null) {
            Channel opened = openShared(shared, name, options, Opening.FIND_OR_CREATE, most);
            if (opened == null) {
                throw new IllegalStateException("the log neither found nor created channel " + Names.shown(name));
            }
            begun.accept(opened);
            return opened;
        }
        Channel[] fresh = new Channel[1];
        // Not computeIfAbsent: it does not wait for whoever ends the life that is there, and gives that one again and
        // again.
        Channel channel = byName.compute(name, (n, there) -> {
            if (there == null) {
                fresh[0] = begin(n, options, most);
            }
            return there == null ? fresh[0] : there;
        });
        if (fresh[0] != null) {
            begun(channel);
            begun.accept(channel);
        }
        return channel;
    }

    /** The channel of this name, if there is one anywhere; for who may not create it. */
    Optional<Channel> findAnywhere(String name) {
        Channel present = byName.get(name);
        SharedHistory shared = hub.shared();
        boolean here = present != null && !present.isRemoved();
        if (shared == null || here || hub.isClosed() || !Names.isChannel(name)) {
            return Optional.ofNullable(present);
        }
        int most = hub.settings().maxChannels();
        return Optional.ofNullable(openShared(shared, name, null, Opening.FIND, most - most / 5));
    }

    private @Nullable Channel openShared(
            SharedHistory shared, String name, @Nullable ChannelOptions options, Opening how, int most) {
        checkName(name);
        hub.admitChannel();
        if (count.get() >= most) { // before the log is asked; it counts when the life begins
            throw tooMany(most);
        }
        return shared.open(name, hub.capped(options == null ? hub.settings().channels() : options), how, most);
    }

    /** A life begins here because somebody follows it; the present one, when there is one. Called in the log's order. */
    Channel beginShared(String name, Life life, SharedHistory.Local local, int most) {
        Channel[] fresh = new Channel[1];
        Channel present = byName.computeIfAbsent(name, n -> {
            admit(most);
            news.store(Message.Kind.ONLINE, Draft.text(n));
            fresh[0] = filled(n, life, local, null);
            return fresh[0];
        });
        if (fresh[0] != null) {
            announceAhead(life);
            begun(present);
        }
        return present;
    }

    /** Another life takes the place of one, whose subscribers go on in it; a life that is over here stays so. */
    Channel renewShared(Channel before, Life life, SharedHistory.Local local) {
        Channel[] fresh = new Channel[1];
        byName.computeIfPresent(before.name(), (name, present) -> {
            if (present != before) {
                return present;
            }
            ended.add(before);
            fresh[0] = filled(name, life, local, before);
            before.feed.closeFor(fresh[0].feed);
            return fresh[0];
        });
        Channel renewed = fresh[0];
        if (renewed == null) {
            return before;
        }
        if (before.subscribers() == 0) {
            ended.remove(before);
        }
        before.untend();
        announceAhead(life);
        watch(renewed, period(renewed));
        before.feed.fanout.signal();
        return renewed;
    }

    /** What it holds may have come before what was reached: another channel may be behind. */
    private void announceAhead(Life life) {
        if (!life.held().isEmpty()) {
            hub.isAhead();
        }
    }

    private Channel filled(String name, Life life, SharedHistory.Local local, @Nullable Channel before) {
        Channel channel = new Channel(hub, name, life.epoch(), life.options(), local, before);
        channel.feed.ring.startAt(life.next() - life.held().size(), life.goneId());
        life.held().forEach(channel.feed::store);
        return channel;
    }

    Channel create(String name, ChannelOptions options) {
        SharedHistory shared = hub.shared();
        if (shared != null) {
            Channel created = find(name).isPresent()
                    ? null
                    : openShared(
                            shared,
                            name,
                            options,
                            Opening.CREATE,
                            hub.settings().maxChannels());
            if (created == null) {
                throw exists(name);
            }
            return created;
        }
        Channel[] fresh = new Channel[1];
        byName.computeIfAbsent(
                name, n -> fresh[0] = begin(n, options, hub.settings().maxChannels()));
        if (fresh[0] == null) {
            throw exists(name);
        }
        begun(fresh[0]);
        return fresh[0];
    }

    private RefusedException exists(String name) {
        return hub.refused(Refusal.EXISTS, "channel " + Names.shown(name) + " exists already");
    }

    private Channel begin(String name, @Nullable ChannelOptions options, int most) {
        checkName(name);
        hub.admitChannel();
        admit(most);
        ChannelOptions kept = options == null ? hub.settings().channels() : hub.capped(options);
        news.store(Message.Kind.ONLINE, Draft.text(name));
        return new Channel(hub, name, hub.newEpoch(), kept);
    }

    void checkName(String name) {
        try {
            Names.channel(name);
        } catch (RefusedException e) {
            throw hub.refused(e.refusal(), e.detail());
        }
    }

    private void admit(int most) {
        if (count.incrementAndGet() > most) {
            count.decrementAndGet();
            throw tooMany(most);
        }
    }

    private RefusedException tooMany(int most) {
        return hub.refused(
                Refusal.TOO_MANY_CHANNELS,
                most == hub.settings().maxChannels()
                        ? "the server has its maximum of " + most + " channels (max-channels)"
                        : "the server has " + most
                                + " channels; those that are still free are for publishers (max-channels)");
    }

    private void begun(Channel channel) {
        news.fanout.signal();
        if (hub.isClosed()) {
            remove(channel); // it slipped in while the doors were being locked
        } else {
            watch(channel, period(channel));
        }
    }

    boolean remove(Channel channel) {
        return end(channel, channel.feed::close);
    }

    /** Ends a life that was begun for somebody who was refused after all, unless somebody else uses it by now. */
    void forsake(Channel channel) {
        end(channel, channel.feed::closeUnused);
    }

    private boolean end(Channel channel, BooleanSupplier close) {
        boolean[] over = new boolean[1];
        byName.computeIfPresent(channel.name(), (name, present) -> {
            if (present != channel || !close.getAsBoolean()) {
                return present;
            }
            count.decrementAndGet();
            news.store(Message.Kind.OFFLINE, Draft.text(name));
            ended.add(channel);
            over[0] = true;
            return null;
        });
        if (over[0]) {
            if (channel.subscribers() == 0) { // looked at after it was added: or the last one sees it
                ended.remove(channel);
            }
            channel.untend();
            channel.feed.fanout.signal();
            Feed presence = channel.presenceIfAny();
            if (presence != null) {
                presence.close();
            }
            if (channel.local != null) {
                channel.local.close();
            }
            news.fanout.signal();
        }
        return over[0];
    }

    // ---- one timer per channel: what is too old goes, and the channel when it has been idle

    /** Ends the channel after this time unless it is used before, whatever its options say. */
    void expire(Channel channel, long nanos) {
        channel.feed.expect(nanos);
        channel.untend();
        watch(channel, Math.min(nanos, period(channel)));
    }

    private void watch(Channel channel, long nanos) {
        channel.tendBy(hub.scheduler.schedule(() -> tend(channel), nanos));
    }

    private void tend(Channel channel) {
        if (channel.isRemoved()) {
            return;
        }
        long now = hub.scheduler.nanoTime();
        long expired = channel.expired();
        long[] left = {period(channel)};
        end(channel, () -> (left[0] = channel.feed.tend(expired, now)) <= 0);
        if (left[0] > 0) {
            if (channel.local != null) {
                channel.local.keepUp();
            }
            watch(channel, Math.min(left[0], period(channel)));
        }
    }

    private static long period(Channel channel) {
        long idle = channel.options().idleTimeout().toNanos();
        long age = channel.options().historyAge().toNanos();
        return idle == 0 ? age : Math.min(idle, age);
    }
}
