package dev.comet;

import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The oracle's view of the hub's limits. Who is there it counts itself, in the feeds; the hub's counters must say the same whenever
 * nothing is suspended half way, no bound may be passed, and who was refused must have met with one that was reached, and have
 * changed nothing. <i>Owned by one run.</i>
 */
final class SimulationLimits {
    /** Something came in between, or may be half way: who counts at that moment nobody can say. */
    private static final long UNKNOWN = -1;

    /**
     * What somebody is about to ask the hub for, and what there was before.
     *
     * @param moment unchanged when the answer comes, nobody else had a hand in it
     * @param bytes of a message that is published
     * @param oldest what the channel held before that
     */
    record Ask(
            long moment,
            List<String> names,
            @Nullable String address,
            @Nullable String member,
            boolean follows,
            long bytes,
            long oldest,
            int channels,
            int subscribers,
            int sessions) {}

    private final Simulation world;
    private final Comet hub;
    private final Settings settings;

    SimulationLimits(Simulation world) {
        this.world = world;
        this.hub = world.hub();
        this.settings = hub.settings();
    }

    // ---- who asks, and is refused

    Ask toFollow(SubscribeOptions options) {
        return ask(
                List.copyOf(options.channels()),
                options.address().orElse(null),
                options.member().orElse(null),
                true,
                0);
    }

    Ask toPublish(String name, Draft draft) {
        return ask(List.of(name), null, null, false, draft.bytes());
    }

    Ask toSign(String name, String member) {
        return ask(List.of(name), null, member, false, 0);
    }

    /** Somebody of whom it is not known when he was refused. */
    static Ask unknown() {
        return new Ask(UNKNOWN, List.of(), null, null, false, 0, 0, 0, 0, 0);
    }

    private Ask ask(
            List<String> names, @Nullable String address, @Nullable String member, boolean follows, long bytes) {
        Channel channel = names.size() == 1 ? world.find(names.get(0)) : null;
        return new Ask(
                moment(),
                names,
                address,
                member,
                follows,
                bytes,
                channel == null ? 1 : world.messages().life(channel).sync().oldest(),
                hub.channelCount(),
                hub.subscribers.get(),
                world.sessions().ids().size());
    }

    private long moment() {
        return world.threads().depth() > 0
                ? UNKNOWN
                : world.events() + world.threads().overtaken();
    }

    private boolean wasAlone(Ask ask) {
        return ask.moment != UNKNOWN && ask.moment == moment();
    }

    /** He has what he asked for. */
    void granted(Ask ask) {
        int most = Math.max(ask.channels, mostChannels(ask));
        if (wasAlone(ask) && hub.channelCount() > most) {
            throw world.violation(ask + " has made a channel, and there are " + hub.channelCount());
        }
    }

    /** He has been refused. */
    void refused(Ask ask, RefusedException e) {
        if (!wasAlone(ask)) {
            return;
        }
        boolean reached =
                switch (e.refusal()) {
                    case TOO_MANY_SUBSCRIBERS -> present().size() >= settings.maxSubscribers();
                    case TOO_MANY_SUBSCRIBERS_FROM_ADDRESS ->
                        byAddress(present()).getOrDefault(String.valueOf(ask.address), 0)
                                >= settings.maxSubscribersPerAddress();
                    case TOO_MANY_SUBSCRIBERS_ON_CHANNEL -> ask.names.stream().anyMatch(this::isCrowded);
                    case TOO_MANY_MEMBERS -> ask.names.stream().anyMatch(name -> hasNoRoomFor(name, ask.member));
                    case TOO_MANY_CHANNELS -> ask.channels + missing(ask.names) > mostChannels(ask);
                    case TOO_MANY_SESSIONS -> ask.sessions >= settings.maxSessions() - settings.maxSessions() / 5;
                    case HISTORY_FULL -> isFull(ask);
                    default -> true;
                };
        if (!reached) {
            throw world.violation(ask + " was refused: " + e.refusal() + " " + e.detail() + ", which is not so");
        }
        if (hub.channelCount() != ask.channels
                || hub.subscribers.get() != ask.subscribers
                || world.sessions().ids().size() != ask.sessions) {
            throw world.violation(ask + " was refused, and has changed something");
        }
    }

    /** Followers leave a fifth to publishers. */
    private int mostChannels(Ask ask) {
        int most = settings.maxChannels();
        return ask.follows ? most - most / 5 : most;
    }

    private long missing(List<String> names) {
        return names.stream().filter(name -> world.find(name) == null).count();
    }

    private boolean isCrowded(String name) {
        Channel channel = world.find(name);
        return channel != null && present(channel.feed).size() >= settings.maxSubscribersPerChannel();
    }

    private boolean hasNoRoomFor(String name, @Nullable String member) {
        Channel channel = world.find(name);
        List<String> members = channel == null ? List.of() : channel.members();
        return members.size() >= settings.maxMembersPerChannel() && !members.contains(member);
    }

    /** Not even all that the channel itself holds would be enough; and of that nothing has been touched. */
    private boolean isFull(Ask ask) {
        Channel channel = world.find(ask.names.get(0));
        SimulationLife life =
                channel == null ? null : world.messages().life(channel).sync();
        long own = life == null ? 0 : life.budgeted();
        return held() - own + HistoryBudget.OVERHEAD + ask.bytes > settings.maxHistoryBytesTotal()
                && (life == null || life.oldest() == ask.oldest);
    }

    // ---- what there is

    /** Nothing is suspended: each counter says what there is, and no bound was passed. */
    void check() {
        Set<Subscriber> present = present();
        equal("subscribers", present.size(), hub.subscribers.get(), settings.maxSubscribers());
        equal("subscribers, by source", present.size(), world.stats().subscribers(), settings.maxSubscribers());
        Map<String, Integer> byAddress = byAddress(present);
        if (!byAddress.equals(hub.subscribersByAddress)) {
            throw world.violation(
                    "by address there are " + byAddress + " subscribers, counted as " + hub.subscribersByAddress);
        }
        byAddress.forEach((address, n) -> within("subscribers from " + address, n, perAddress()));
        for (Channel channel : hub.channels()) {
            equal(
                    "subscribers of " + channel,
                    present(channel.feed).size(),
                    channel.subscribers(),
                    settings.maxSubscribersPerChannel() == 0 ? Integer.MAX_VALUE : settings.maxSubscribersPerChannel());
            within("members of " + channel, channel.members().size(), settings.maxMembersPerChannel());
        }
        equal("channels", hub.channels().size(), hub.channelCount(), settings.maxChannels());
        equal("sessions", world.sessions().ids().size(), world.stats().sessions(), settings.maxSessions());
        equal("bytes of histories", held(), hub.historyBudget.used(), settings.maxHistoryBytesTotal());
    }

    private int perAddress() {
        return settings.maxSubscribersPerAddress() == 0 ? Integer.MAX_VALUE : settings.maxSubscribersPerAddress();
    }

    private void equal(String what, long there, long counted, long most) {
        if (there != counted) {
            throw world.violation("there are " + there + " " + what + ", counted as " + counted);
        }
        within(what, there, most);
    }

    private void within(String what, long there, long most) {
        if (there > most) {
            throw world.violation("there are " + there + " " + what + ", and at most " + most + " may be");
        }
    }

    /** Those who follow anything, each once. */
    private Set<Subscriber> present() {
        Set<Subscriber> present = Collections.newSetFromMap(new IdentityHashMap<>());
        present.addAll(present(hub.lives.news()));
        hub.channels().forEach(channel -> present.addAll(present(channel.feed)));
        hub.lives.ended().forEach(channel -> present.addAll(present(channel.feed)));
        return present;
    }

    private static List<Subscriber> present(Feed feed) {
        return feed.fanout.present().stream().map(a -> a.subscriber).toList();
    }

    private static Map<String, Integer> byAddress(Set<Subscriber> present) {
        Map<String, Integer> counts = new HashMap<>();
        for (Subscriber subscriber : present) {
            String address = subscriber.address();
            if (address != null) {
                counts.merge(address, 1, Integer::sum);
            }
        }
        return counts;
    }

    /** What all rings hold, those too of lives that are over and still read. */
    private long held() {
        long bytes = 0;
        for (Channel channel : hub.channels()) {
            bytes += world.messages().life(channel).sync().budgeted();
        }
        for (Channel channel : hub.lives.ended()) {
            bytes += world.messages().life(channel).sync().budgeted();
        }
        return bytes;
    }
}
