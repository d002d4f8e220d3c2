package dev.comet;

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
        Channel[] fresh = new Channel[1];
        Channel channel = byName.computeIfAbsent(name, n -> fresh[0] = begin(n, options, most));
        if (fresh[0] != null) {
            begun(channel);
            begun.accept(channel);
        }
        return channel;
    }

    Channel create(String name, ChannelOptions options) {
        Channel[] fresh = new Channel[1];
        byName.computeIfAbsent(
                name, n -> fresh[0] = begin(n, options, hub.settings().maxChannels()));
        if (fresh[0] == null) {
            throw hub.refused(Refusal.EXISTS, "channel " + Names.shown(name) + " exists already");
        }
        begun(fresh[0]);
        return fresh[0];
    }

    private Channel begin(String name, @Nullable ChannelOptions options, int most) {
        try {
            Names.channel(name);
        } catch (RefusedException e) {
            throw hub.refused(e.refusal(), e.detail());
        }
        hub.admitChannel();
        Settings settings = hub.settings();
        if (count.incrementAndGet() > most) {
            count.decrementAndGet();
            throw hub.refused(
                    Refusal.TOO_MANY_CHANNELS,
                    most == settings.maxChannels()
                            ? "the server has its maximum of " + most + " channels (max-channels)"
                            : "the server has " + most
                                    + " channels; those that are still free are for publishers (max-channels)");
        }
        ChannelOptions kept = options == null
                ? settings.channels()
                : options.cappedBy(settings.maxHistoryMessages(), settings.maxHistoryBytes());
        news.store(Message.Kind.ONLINE, Draft.text(name));
        return new Channel(hub, name, hub.newEpoch(), kept);
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
            watch(channel, Math.min(left[0], period(channel)));
        }
    }

    private static long period(Channel channel) {
        long idle = channel.options().idleTimeout().toNanos();
        long age = channel.options().historyAge().toNanos();
        return idle == 0 ? age : Math.min(idle, age);
    }
}
