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
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * A log that hubs share by a Redis (6.2 or later) or a Valkey: docs/cluster.md. For one hub, which closes it. <i>Thread-safe.</i>
 *
 * <pre>{@code
 * Comet comet = Comet.builder().log(RedisLog.connect("redis://localhost")).build();
 * }</pre>
 */
public final class RedisLog implements SharedLog {
    private final Node node;

    private RedisLog(Builder builder) {
        LettuceLinks links = new LettuceLinks(builder.uri, builder.timeout);
        this.node = new Node(
                links,
                builder.hub,
                builder.node,
                builder.timeout,
                builder.patience,
                builder.replicas,
                builder.trustRestarts);
    }

    /**
     * A log at {@code redis://[[user:]password@]host[:port][/database]}, or {@code rediss://…} with TLS. Nothing is connected yet.
     *
     * @throws IllegalArgumentException if that is no such URI
     */
    public static RedisLog connect(String uri) {
        return builder(uri).build();
    }

    /** One with other than the default settings. */
    public static Builder builder(String uri) {
        return new Builder(uri);
    }

    /** Connects; waits for that at most the time-out, and goes on trying when it is over. */
    @Override
    public void start(LocalHub hub) {
        node.start(hub);
    }

    @Override
    public CompletionStage<Place> append(String channel, ChannelOptions options, Message.Kind kind, Draft draft) {
        return node.append(channel, options, kind, draft);
    }

    @Override
    public CompletionStage<Integer> broadcast(Draft draft) {
        return node.broadcast(draft);
    }

    @Override
    public Following follow(String channel, ChannelOptions options, int most, Follower follower) {
        return node.follow(channel, options, most, follower);
    }

    @Override
    public CompletionStage<Boolean> remove(String channel, int epoch) {
        return node.remove(channel, epoch);
    }

    @Override
    public CompletionStage<Boolean> clear(String channel, int epoch) {
        return node.clear(channel, epoch);
    }

    @Override
    public long newestId() {
        return node.newestId();
    }

    @Override
    public CompletionStage<Set<String>> channels() {
        return node.channels();
    }

    @Override
    public CompletionStage<Optional<String>> secret(String channel, int epoch, String fresh) {
        return node.secret(channel, epoch, fresh);
    }

    @Override
    public Roster roster() {
        return node.roster();
    }

    @Override
    public Notes notes() {
        return node.notes();
    }

    @Override
    public String node() {
        return node.node();
    }

    @Override
    public Optional<String> unreachable() {
        return node.unreachable();
    }

    @Override
    public Map<String, Stats> nodes() {
        return node.nodes();
    }

    @Override
    public void close() {
        node.close();
    }

    /** Settings of a connection. */
    public static final class Builder {
        private final String uri;
        private String hub = "comet";
        private String node = "";
        private Duration timeout = Duration.ofSeconds(2);
        private Duration patience = Duration.ZERO;
        private int replicas;
        private boolean trustRestarts;

        private Builder(String uri) {
            this.uri = uri;
        }

        /**
         * The name of the hub that its nodes share, {@code comet} by default: 1 to 64 letters, digits, {@code .}, {@code _} and
         * {@code -}. All its keys begin with it, as a hash tag, and so are on one shard; several hubs may share a Redis.
         */
        public Builder hub(String name) {
            hub = name("hub", name);
            return this;
        }

        /**
         * What this node is called where statistics name it, with a random number behind: 1 to 64 letters, digits, {@code .}, {@code _}
         * and {@code -}. By default the number alone.
         */
        public Builder node(String name) {
            node = name("node", name);
            return this;
        }

        private static String name(String setting, String name) {
            if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
                throw new IllegalArgumentException(
                        setting + "=" + name + ": must be 1 to 64 letters, digits, '.', '_' and '-'");
            }
            return name;
        }

        /** How long Redis may take for an answer before the connection counts as lost; 2 s by default, at least 1 ms. */
        public Builder timeout(Duration timeout) {
            if (timeout.toMillis() < 1) {
                throw new IllegalArgumentException("timeout=" + timeout + ": must be at least 1 ms");
            }
            this.timeout = timeout;
            return this;
        }

        /** How long a publish waits for a connection while there is none; by default 0: it is refused at once. */
        public Builder patience(Duration patience) {
            if (patience.isNegative()) {
                throw new IllegalArgumentException("patience=" + patience + ": must be 0 or longer");
            }
            this.patience = patience;
            return this;
        }

        /**
         * How many replicas must have a message before its publish returns; 0 by default, or more. Where they do not for half the time-out,
         * the publish is refused, and says that the message is stored. They make it less likely that a failover loses one, not impossible.
         */
        public Builder replicas(int least) {
            if (least < 0) {
                throw new IllegalArgumentException("replicas=" + least + ": must be 0 or more");
            }
            replicas = least;
            return this;
        }

        /**
         * Goes on with a channel's numbers after Redis was restarted or another took over. Only for a Redis that loses no write:
         * with {@code appendfsync always} and no failover. By default clients are told of a reset then.
         */
        public Builder trustRestarts(boolean trust) {
            trustRestarts = trust;
            return this;
        }

        /**
         * The log. Nothing is connected before a hub is built with it.
         *
         * @throws IllegalArgumentException if its URI is none
         */
        public RedisLog build() {
            return new RedisLog(this);
        }
    }
}
