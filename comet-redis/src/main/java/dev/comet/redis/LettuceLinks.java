package dev.comet.redis;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.ArrayOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.DefaultEventLoopGroupProvider;
import io.lettuce.core.resource.EventLoopGroupProvider;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Connections to Redis by Lettuce, one at a time, on one event loop. RESP3, where a connection that is subscribed answers commands
 * too: so there is one order for both. <i>Thread-safe.</i>
 */
final class LettuceLinks implements Links {
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    private static final System.Logger LOG = System.getLogger("dev.comet.redis");

    private final RedisURI at;
    private final EventLoopGroupProvider loops =
            new DefaultEventLoopGroupProvider(1); // all links on the one thread that owns the node
    private final ClientResources resources;
    private final RedisClient client;
    private final CompletableFuture<EventLoop> loop = new CompletableFuture<>();
    private final CountDownLatch attempted = new CountDownLatch(1);
    private volatile Link.@Nullable Events events;

    LettuceLinks(String uri, Duration timeout) {
        this.at = Address.of(uri);
        at.setTimeout(timeout);
        this.resources = DefaultClientResources.builder()
                .eventLoopGroupProvider(loops)
                .nettyCustomizer(new NettyCustomizer() {
                    @Override
                    public void afterChannelInitialized(Channel channel) {
                        loop.complete(channel.eventLoop());
                    }
                })
                .build();
        this.client = RedisClient.create(resources, at);
        client.setOptions(ClientOptions.builder()
                .protocolVersion(ProtocolVersion.RESP3)
                .autoReconnect(false) // a new link begins by asking for what was missed, and repeats no publish
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(timeout))
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(timeout)
                        .keepAlive(true)
                        .build())
                .build());
    }

    @Override
    public void start(Link.Events to, Duration atMost) {
        events = to;
        dial();
        try {
            attempted.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Link.Events events() {
        Link.Events to = events;
        if (to == null) {
            throw new IllegalStateException("not started");
        }
        return to;
    }

    @Override
    public void dial() {
        try {
            after(
                    client.connectPubSubAsync(CODEC, at),
                    (connection, e) -> execute(() -> {
                        if (connection == null) {
                            events().unreachable(why(e));
                            attempted.countDown();
                        } else {
                            new LettuceLink(connection).begin();
                        }
                    }));
        } catch (IllegalStateException | RejectedExecutionException e) {
            LOG.log(System.Logger.Level.DEBUG, "closed meanwhile", e);
        }
    }

    @Override
    public void execute(Runnable task) {
        EventLoop on = loop.getNow(null);
        if (on == null) {
            after(loop, (l, e) -> l.execute(task));
            return;
        }
        try {
            on.execute(task);
        } catch (RejectedExecutionException e) { // closed: there are no turns any more, and nobody is to wait for one
            task.run();
        }
    }

    @Override
    public void schedule(Runnable task, Duration delay) {
        after(loop, (on, e) -> {
            try {
                Future<?> unused = on.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException closed) {
                LOG.log(System.Logger.Level.DEBUG, "closed meanwhile", closed);
            }
        });
    }

    @Override
    public long random() {
        return ThreadLocalRandom.current().nextLong();
    }

    @Override
    public int database() {
        return at.getDatabase();
    }

    @Override
    public void close() {
        after(client.shutdownAsync(0, 2, TimeUnit.SECONDS), (done, e) -> {
            Future<?> unused = resources.shutdown(0, 2, TimeUnit.SECONDS);
            Future<?> unusedToo = loops.shutdown(0, 2, TimeUnit.SECONDS);
        });
    }

    private static <T> void after(CompletionStage<T> stage, BiConsumer<? super T, ? super Throwable> then) {
        stage.whenComplete(then);
    }

    /** What is at the bottom of it. A Redis before 6 repeats what it does not know, and a password is among that. */
    static String why(Throwable thrown) {
        Throwable e = thrown;
        while (e.getCause() != null && !(e instanceof UnknownHostException)) {
            e = e.getCause();
        }
        String text = e.getMessage() == null || e instanceof UnknownHostException ? e.toString() : e.getMessage();
        return text.replaceFirst("(?s), with args beginning with.*", "");
    }

    /** Where they lead to. */
    @Override
    public String toString() {
        if (!at.getSentinels().isEmpty()) {
            return at.getSentinels().stream()
                    .map(sentinel -> sentinel.getHost() + ":" + sentinel.getPort())
                    .collect(Collectors.joining(",", "the Sentinels ", ""));
        }
        return at.getSocket() == null
                ? at.getHost() + ":" + at.getPort() + (at.isSsl() ? " with TLS" : "")
                : at.getSocket();
    }

    private final class LettuceLink extends RedisPubSubAdapter<String, byte[]>
            implements Link, RedisConnectionStateListener {
        private final StatefulRedisPubSubConnection<String, byte[]> connection;
        private final Map<Script, String> digests = new EnumMap<>(Script.class); // written before it is up
        private final AtomicBoolean down = new AtomicBoolean();

        LettuceLink(StatefulRedisPubSubConnection<String, byte[]> connection) {
            this.connection = connection;
        }

        /** It is up when it has the scripts. */
        void begin() {
            connection.addListener((RedisConnectionStateListener) this);
            connection.addListener((RedisPubSubListener<String, byte[]>) this);
            List<CompletableFuture<Void>> loads = new ArrayList<>();
            for (Script script : Script.values()) {
                loads.add(connection
                        .async()
                        .scriptLoad(script.source())
                        .thenAccept(digest -> digests.put(script, digest))
                        .toCompletableFuture());
            }
            after(
                    CompletableFuture.allOf(loads.toArray(CompletableFuture<?>[]::new)),
                    (done, e) -> execute(() -> {
                        if (e == null) {
                            events().up(this);
                        } else if (down.compareAndSet(false, true)) {
                            close();
                            events().unreachable("it takes no scripts: " + why(e));
                        }
                        attempted.countDown();
                        if (!connection.isOpen()) { // before the listener was there
                            goDown();
                        }
                    }));
        }

        @Override
        public void run(Script script, List<String> keys, List<byte[]> arguments, Answer answer) {
            dispatch(CommandType.EVALSHA, String.valueOf(digests.get(script)), keys, arguments, (values, e) -> {
                if (e instanceof RedisNoScriptException) { // somebody had it forget them
                    dispatch(CommandType.EVAL, script.source(), keys, arguments, answer);
                } else {
                    answer.answered(values, e);
                }
            });
        }

        /** The answer is listened to before the command is on its way, or it might come on another thread and out of turn. */
        private void dispatch(
                CommandType type, String script, List<String> keys, List<byte[]> arguments, Answer answer) {
            CommandArgs<String, byte[]> all =
                    new CommandArgs<>(CODEC).add(script).add(keys.size()).addKeys(keys);
            arguments.forEach(all::addValue);
            dispatch(new AsyncCommand<>(new Command<>(type, new ArrayOutput<>(CODEC), all)), answer);
        }

        private void dispatch(AsyncCommand<String, byte[], List<Object>> command, Answer answer) {
            after(command, (values, e) -> {
                if (e == null) {
                    answer.answered(values, null);
                } else {
                    closeWhenUseless(e);
                    execute(() -> answer.answered(List.of(), reason(e))); // time-outs come from another thread
                }
            });
            connection.dispatch(command);
        }

        /** One that does not answer, and one that has become a replica: another connection may lead to the one that writes. */
        private void closeWhenUseless(Throwable e) {
            if (e instanceof RedisCommandTimeoutException || says(e, "READONLY")) {
                close();
            }
        }

        private static Throwable reason(Throwable e) {
            if (says(e, "OOM")) {
                return new RefusedException(Refusal.HISTORY_FULL, "Redis has no memory left (maxmemory)");
            }
            if (says(e, "TOOMANY")) {
                return new RefusedException(Refusal.TOO_MANY_CHANNELS, "the nodes have their maximum of channels");
            }
            return e instanceof RedisCommandExecutionException ? e : new IOException(e);
        }

        /** Redis 6.2 tells of a script's failure first, and then why: {@code ERR Error running script …: -OOM …}. */
        private static boolean says(Throwable e, String what) {
            String text = String.valueOf(e.getMessage());
            return e instanceof RedisCommandExecutionException
                    && (text.startsWith(what + " ") || text.contains(": -" + what + " "));
        }

        @Override
        public void awaitReplicas(int least, Duration atMost, Answer answer) {
            CommandArgs<String, byte[]> arguments =
                    new CommandArgs<>(CODEC).add(least).add(atMost.toMillis());
            dispatch(new AsyncCommand<>(new Command<>(CommandType.WAIT, new ArrayOutput<>(CODEC), arguments)), answer);
        }

        @Override
        public void ping() {
            after(connection.async().ping(), (pong, e) -> {
                if (e != null) {
                    closeWhenUseless(e);
                }
            });
        }

        @Override
        public void subscribe(String key) {
            closeIfRefused(connection.async().subscribe(key));
        }

        @Override
        public void unsubscribe(String key) {
            closeIfRefused(connection.async().unsubscribe(key));
        }

        private void closeIfRefused(CompletionStage<Void> done) {
            after(done, (ok, e) -> {
                if (e != null) {
                    close();
                }
            });
        }

        @Override
        public void message(String key, byte[] announcement) {
            events().announced(this, key, announcement);
        }

        @Override
        public void onRedisDisconnected(RedisChannelHandler<?, ?> c) {
            execute(this::goDown);
        }

        @Override
        public void close() {
            if (connection.isOpen()) {
                after(connection.closeAsync(), (done, e) -> execute(this::goDown));
            }
        }

        private void goDown() {
            if (down.compareAndSet(false, true)) {
                close();
                events().down(this);
            }
        }
    }
}
