package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Stats;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import dev.comet.spi.LocalHub;
import dev.comet.spi.Notes;
import dev.comet.spi.Place;
import dev.comet.spi.Roster;
import dev.comet.spi.SharedLog;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A log in a world of one thread: whoever waits for one of its stages has the world go on meanwhile. <i>Owned by one run.</i>
 *
 * @param await called by who waits for a stage; returns when it is complete
 */
record AwaitedLog(SharedLog log, Consumer<CompletableFuture<?>> await) implements SharedLog {

    private final class Stage<T extends @Nullable Object> extends CompletableFuture<T> {
        @Override
        public <U extends @Nullable Object> CompletableFuture<U> newIncompleteFuture() {
            return new Stage<>();
        }

        @Override
        public T join() {
            await.accept(this);
            return super.join();
        }
    }

    private <T extends @Nullable Object> CompletionStage<T> awaited(CompletionStage<T> stage) {
        Stage<T> awaited = new Stage<>();
        CompletionStage<T> unused = stage.whenComplete((is, e) -> {
            if (e == null) {
                awaited.complete(is);
            } else {
                awaited.completeExceptionally(e);
            }
        });
        return awaited;
    }

    @Override
    public void start(LocalHub hub) {
        log.start(hub);
    }

    @Override
    public CompletionStage<Place> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft) {
        return awaited(log.append(channel, options, kind, draft));
    }

    @Override
    public CompletionStage<Integer> broadcast(Draft draft) {
        return awaited(log.broadcast(draft));
    }

    @Override
    public Following follow(String channel, ChannelOptions options, int most, Follower follower) {
        Following following = log.follow(channel, options, most, follower);
        return new Following() {
            @Override
            public CompletionStage<Boolean> open(Opening how) {
                return awaited(following.open(how));
            }

            @Override
            public void close() {
                following.close();
            }
        };
    }

    @Override
    public CompletionStage<Boolean> remove(String channel, int epoch) {
        return awaited(log.remove(channel, epoch));
    }

    @Override
    public CompletionStage<Boolean> clear(String channel, int epoch) {
        return awaited(log.clear(channel, epoch));
    }

    @Override
    public long newestId() {
        return log.newestId();
    }

    @Override
    public CompletionStage<Set<String>> channels() {
        return awaited(log.channels());
    }

    @Override
    public CompletionStage<Optional<String>> secret(String channel, int epoch, String fresh) {
        return awaited(log.secret(channel, epoch, fresh));
    }

    @Override
    public Roster roster() {
        Roster roster = log.roster();
        return new Roster() {
            @Override
            public CompletionStage<Void> changed(LocalHub.Member member, boolean signs) {
                return awaited(roster.changed(member, signs));
            }

            @Override
            public CompletionStage<Set<String>> members(String channel) {
                return awaited(roster.members(channel));
            }
        };
    }

    @Override
    public Notes notes() {
        return log.notes();
    }

    @Override
    public String node() {
        return log.node();
    }

    @Override
    public Optional<String> unreachable() {
        return log.unreachable();
    }

    @Override
    public Map<String, Stats> nodes() {
        return log.nodes();
    }

    @Override
    public void close() {
        log.close();
    }
}
