package dev.comet;

import dev.comet.spi.Entry;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import dev.comet.spi.Following.Opening;
import dev.comet.spi.Life;
import dev.comet.spi.LocalHub;
import dev.comet.spi.Notes;
import dev.comet.spi.Place;
import dev.comet.spi.SharedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The log of a hub that is one of several: what is published goes to the shared log, and what that one tells fills the rings.
 * Where it waits for the log, it holds no lock. <i>Thread-safe.</i>
 *
 * <p>A channel's life here begins when somebody wants to read and ends when nobody has for a while; its life in the shared log, and
 * so its epoch, is longer. Only {@link Follower#ended} and another epoch end both.
 */
final class SharedHistory implements Log, LocalHub {
    private final Comet hub;
    private final SharedLog log;

    SharedHistory(Comet hub, SharedLog log) {
        this.hub = hub;
        this.log = log;
    }

    void start() {
        log.start(this);
    }

    void close() {
        log.close();
    }

    long newestId() {
        return log.newestId();
    }

    // ---- what the log wants to know

    @Override
    public Settings settings() {
        return hub.settings();
    }

    @Override
    public Scheduler scheduler() {
        return hub.scheduler;
    }

    @Override
    public void reached(long id) {
        hub.reached(id);
    }

    @Override
    public Stats stats() {
        return hub.stats();
    }

    @Override
    public boolean isMember(Member member) {
        return hub.lives
                .find(member.channel())
                .filter(channel -> channel.membership().has(member.name()))
                .isPresent();
    }

    @Override
    public List<Member> members() {
        List<Member> all = new ArrayList<>();
        for (Channel channel : hub.lives.all()) {
            channel.membership().names().forEach(name -> all.add(new Member(channel.name(), name)));
        }
        return all;
    }

    // ---- publish

    @Override
    public CompletionStage<@Nullable Message> append(Channel channel, Message.Kind kind, Draft draft) {
        return handedOver(append(channel.name(), channel.options(), kind, draft).thenApply(m -> m));
    }

    @Override
    public Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
        return answer(append(channel.name(), channel.options(), kind, draft));
    }

    /** Appends to a channel that nobody need follow here. */
    CompletionStage<Message> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft) {
        return log.append(channel, hub.capped(options), kind, draft)
                .thenApply(place -> message(channel, place, kind, draft));
    }

    private static Message message(String channel, Place at, Message.Kind kind, Draft draft) {
        return new Message(channel, at.epoch(), at.seq(), at.id(), at.timeMillis(), kind, draft);
    }

    /** What the application does next is done where listeners are: the log's thread, which would wait for itself, is not for that. */
    <T extends @Nullable Object> CompletionStage<T> handedOver(CompletionStage<T> stage) {
        return stage.whenCompleteAsync((m, e) -> {}, hub::handOver);
    }

    int broadcast(Draft draft) {
        return answer(log.broadcast(draft));
    }

    boolean remove(Channel channel) {
        return answer(log.remove(channel.name(), channel.epoch()));
    }

    void clear(Channel channel) {
        answer(log.clear(channel.name(), channel.epoch()));
    }

    // ---- what else nodes share

    Set<String> channels() {
        return answer(log.channels());
    }

    /** Empty when that life is over. */
    Optional<String> secret(Channel channel, String fresh) {
        return answer(log.secret(channel.name(), channel.epoch(), fresh));
    }

    Set<String> members(String channel) {
        return answer(log.roster().members(channel));
    }

    /** Returns when all nodes can know of it; or when the log cannot take it now, which asks later. */
    void memberCame(Member member, boolean signs) {
        try {
            answer(log.roster().changed(member, signs));
        } catch (RefusedException e) {
            if (!isForNow(e)) {
                throw e;
            }
        }
    }

    /** Whether the log will take later what it does not take now: it cannot be reached, or has no room. */
    static boolean isForNow(RefusedException e) {
        return e.refusal() == Refusal.UNAVAILABLE || e.refusal() == Refusal.HISTORY_FULL;
    }

    /** Nobody waits for that. */
    void memberWent(Member member) {
        log.roster().changed(member, false);
    }

    Notes notes() {
        return log.notes();
    }

    String node() {
        return log.node();
    }

    Optional<String> unreachable() {
        return log.unreachable();
    }

    Map<String, Stats> nodes() {
        return log.nodes();
    }

    // ---- follow

    /**
     * Has this hub follow a channel, in a life that has just begun here or that somebody else has begun meanwhile.
     *
     * @param most the most channels that there may be here then
     * @return null when there is none to be found, or one where none was to be
     */
    @Nullable
    Channel open(String name, ChannelOptions options, Opening how, int most) {
        Local local = new Local(name, options, most);
        if (!answer(local.following.open(how))) {
            local.close();
            return null;
        }
        return local.channel();
    }

    /** Makes sure that everything is here which had been appended to a channel before this call. */
    void catchUp(Channel channel) {
        Local local = channel.local;
        if (local != null) {
            answer(local.following.open(Opening.FIND_OR_CREATE));
        }
    }

    /** One channel that is followed here, through its lives. <i>Called in the log's order; closed by anyone.</i> */
    final class Local implements Follower {
        private final String name;
        private final int most;
        private final Following following;

        // Written in the log's order, read by anyone.
        private volatile @Nullable Channel channel;

        // Owned by the log's order: somebody else was faster, and this one is superfluous.
        private boolean superfluous;

        Local(String name, ChannelOptions options, int most) {
            this.name = name;
            this.most = most;
            this.following = log.follow(name, options, most, this);
        }

        /** The life that it was opened in, or a later one. */
        private Channel channel() {
            Channel begun = channel;
            if (begun == null) {
                throw new IllegalStateException("the log has not told of channel " + Names.shown(name));
            }
            return begun;
        }

        @Override
        public void began(Life life) {
            if (superfluous) {
                return;
            }
            Channel before = channel;
            Channel present = before == null
                    ? hub.lives.beginShared(name, life, this, most)
                    : hub.lives.renewShared(before, life, this);
            channel = present;
            if (before != null) {
                present.membership().missedSome();
            }
            if (present.local != this) {
                superfluous = true;
                close();
            }
        }

        @Override
        public void applied(Entry entry, long reached) {
            Channel present = channel;
            if (present == null || superfluous) {
                return;
            }
            present.feed.store(entry);
            if (reached < entry.id()) {
                hub.isAhead();
            }
            hub.reached(reached); // before the signal: who reads several channels is given only what has been reached
            present.feed.fanout.signal();
        }

        @Override
        public void gone(long next, long goneId) {
            Channel present = channel;
            if (present != null && !superfluous) {
                present.feed.gone(next, goneId);
                present.feed.fanout.signal();
            }
        }

        @Override
        public void joined(String member, boolean signs) {
            Channel present = channel;
            if (present != null && !superfluous) {
                present.membership().joined(member, signs);
            }
        }

        @Override
        public void left(String member) {
            Channel present = channel;
            if (present != null && !superfluous) {
                present.membership().left(member);
            }
        }

        @Override
        public void missedMembers() {
            Channel present = channel;
            if (present != null && !superfluous) {
                present.membership().missedSome();
            }
        }

        @Override
        public void ended() {
            Channel present = channel;
            if (present != null && !superfluous) {
                hub.lives.remove(present);
            }
        }

        /** Shows the log that this hub still follows, and has it told what it may have missed. Nobody waits for that. */
        void keepUp() {
            following.open(Opening.FIND_OR_CREATE);
        }

        void close() {
            following.close();
        }
    }

    /** Waits for the log. It answers within its own time-out. */
    static <T> T answer(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RefusedException refused) {
                throw refused;
            }
            throw e;
        }
    }
}
