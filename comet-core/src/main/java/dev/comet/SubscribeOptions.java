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

    private final Set<String> channels;
    private final From from;
    private final String source;
    private final @Nullable String address;
    private final @Nullable String member;
    private final boolean members;
    private final boolean create;
    private final @Nullable ChannelOptions creating;

    private SubscribeOptions(
            Set<String> channels,
            From from,
            String source,
            @Nullable String address,
            @Nullable String member,
            boolean members,
            boolean create,
            @Nullable ChannelOptions creating) {
        this.channels = channels;
        this.from = from;
        this.source = source;
        this.address = address;
        this.member = member;
        this.members = members;
        this.create = create;
        this.creating = creating;
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
        return new SubscribeOptions(distinct, From.latest(), IN_PROCESS, null, null, false, true, null);
    }

    /**
     * No channel, but the news of all of them from now on: a message of kind {@link Message.Kind#ONLINE} for each that is
     * created, {@link Message.Kind#OFFLINE} for each that is removed.
     */
    public static SubscribeOptions ofChannelEvents() {
        return new SubscribeOptions(Set.of(), From.latest(), IN_PROCESS, null, null, false, false, null);
    }

    /** The same, beginning elsewhere than at the next message. */
    public SubscribeOptions withFrom(From from) {
        return new SubscribeOptions(channels, from, source, address, member, members, create, creating);
    }

    /** The same, counted in the statistics under this name: the dialect and the transport. */
    public SubscribeOptions withSource(String source) {
        return new SubscribeOptions(channels, from, source, address, member, members, create, creating);
    }

    /** The same, counted towards the limit of subscribers per address. */
    public SubscribeOptions withAddress(String address) {
        return new SubscribeOptions(channels, from, source, address, member, members, create, creating);
    }

    /**
     * The same as a named member of its channels: others are told that it joins and, a grace period after its last subscriber
     * has gone, that it leaves.
     */
    public SubscribeOptions withMember(String name) {
        return new SubscribeOptions(channels, from, source, address, Names.member(name), members, create, creating);
    }

    /** The same, told of joins and leaves from now on, among the messages. */
    public SubscribeOptions withMembers(boolean told) {
        return new SubscribeOptions(channels, from, source, address, member, told, create, creating);
    }

    /** The same, creating channels that do not exist with these options. */
    public SubscribeOptions withChannelOptions(ChannelOptions options) {
        return new SubscribeOptions(channels, from, source, address, member, members, true, options);
    }

    /** The same, refused with {@link Refusal#UNKNOWN_CHANNEL} when one of its channels does not exist. */
    public SubscribeOptions withExistingOnly() {
        return new SubscribeOptions(channels, from, source, address, member, members, false, null);
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
        return create;
    }

    @Nullable
    ChannelOptions creating() {
        return creating;
    }
}
