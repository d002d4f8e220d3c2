package dev.comet;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a subscriber asks for: its channels, where it begins, and who it is. <i>Immutable.</i>
 *
 * <pre>{@code
 * SubscribeOptions.of("news", "chat").withFrom(From.oldest())
 * }</pre>
 */
public final class SubscribeOptions {
    private static final String IN_PROCESS = "in-process";

    /** On what terms it enters its channels. */
    private record Entry(boolean create, @Nullable ChannelOptions creating, int most, boolean session) {
        static final Entry ANY = new Entry(true, null, 0, false);
    }

    private final Set<String> channels;
    private final From from;
    private final String source;
    private final @Nullable String address;
    private final @Nullable String member;
    private final boolean members;
    private final Entry entry;

    private SubscribeOptions(
            Set<String> channels,
            From from,
            String source,
            @Nullable String address,
            @Nullable String member,
            boolean members,
            Entry entry) {
        this.channels = channels;
        this.from = from;
        this.source = source;
        this.address = address;
        this.member = member;
        this.members = members;
        this.entry = entry;
    }

    /** These channels, from now on. A channel that is named twice is followed once. */
    public static SubscribeOptions of(String... channels) {
        return of(List.of(channels));
    }

    /** These channels, from now on. A channel that is named twice is followed once. */
    public static SubscribeOptions of(Collection<String> channels) {
        if (channels.isEmpty()) {
            throw new RefusedException(Refusal.BAD_CHANNEL, "no channel: name at least one");
        }
        Set<String> distinct = Collections.unmodifiableSet(new LinkedHashSet<>(channels));
        return new SubscribeOptions(distinct, From.latest(), IN_PROCESS, null, null, false, Entry.ANY);
    }

    /**
     * No channel, but the news of all of them from now on: a message of kind {@link Message.Kind#ONLINE} for each that is
     * created, {@link Message.Kind#OFFLINE} for each that is removed.
     */
    public static SubscribeOptions ofChannelEvents() {
        return new SubscribeOptions(Set.of(), From.latest(), IN_PROCESS, null, null, false, Entry.ANY);
    }

    /** The same, beginning elsewhere than at the next message. */
    public SubscribeOptions withFrom(From from) {
        return new SubscribeOptions(channels, from, source, address, member, members, entry);
    }

    /** The same, counted in the statistics under this name: the dialect and the transport. */
    public SubscribeOptions withSource(String source) {
        return new SubscribeOptions(channels, from, source, address, member, members, entry);
    }

    /** The same, counted towards the limit of subscribers per address. */
    public SubscribeOptions withAddress(String address) {
        return new SubscribeOptions(channels, from, source, address, member, members, entry);
    }

    /**
     * The same as a named member of its channels: others are told that it joins and, a grace period after its last subscriber
     * has gone, that it leaves.
     */
    public SubscribeOptions withMember(String name) {
        return new SubscribeOptions(channels, from, source, address, Names.member(name), members, entry);
    }

    /** The same, told of joins and leaves from now on, among the messages. */
    public SubscribeOptions withMembers(boolean told) {
        return new SubscribeOptions(channels, from, source, address, member, told, entry);
    }

    /** The same, creating channels that do not exist with these options. */
    public SubscribeOptions withChannelOptions(ChannelOptions options) {
        return withEntry(new Entry(true, options, entry.most, entry.session));
    }

    /** The same, refused with {@link Refusal#UNKNOWN_CHANNEL} when one of its channels does not exist. */
    public SubscribeOptions withExistingOnly() {
        return withEntry(new Entry(false, null, entry.most, entry.session));
    }

    /** The same, refused with {@link Refusal#TOO_MANY_SUBSCRIBERS_ON_CHANNEL} where a channel has that many; at least 1. */
    public SubscribeOptions withMaxSubscribersPerChannel(int most) {
        Checks.atLeast("max-subscribers-per-channel", most, 1);
        return withEntry(new Entry(entry.create, entry.creating, most, entry.session));
    }

    /** The same for a client that is registered, who may follow {@linkplain ChannelOptions#sessionsOnly such channels} too. */
    public SubscribeOptions withSession() {
        return withEntry(new Entry(entry.create, entry.creating, entry.most, true));
    }

    private SubscribeOptions withEntry(Entry other) {
        return new SubscribeOptions(channels, from, source, address, member, members, other);
    }

    /** The names of the channels, each once, in the order in which they were asked for. */
    public Set<String> channels() {
        return channels;
    }

    /** Where it begins. */
    public From from() {
        return from;
    }

    /** The name that it is counted under. */
    public String source() {
        return source;
    }

    /** The address that it is counted towards. */
    public Optional<String> address() {
        return Optional.ofNullable(address);
    }

    /** The name that it is a member by. */
    public Optional<String> member() {
        return Optional.ofNullable(member);
    }

    /** Whether it is told of joins and leaves. */
    public boolean members() {
        return members;
    }

    boolean create() {
        return entry.create;
    }

    @Nullable
    ChannelOptions creating() {
        return entry.creating;
    }

    boolean inSession() {
        return entry.session;
    }

    /** The lower of its own limit and the hub's, of which 0 is none. */
    int mostPerChannel(int hubs) {
        return entry.most == 0 || hubs == 0 ? entry.most + hubs : Math.min(entry.most, hubs);
    }
}
