package dev.comet.bench;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * How nodes may hear of messages, and what each way costs Redis: {@code Announcements redis://…}, of a Redis 7 that does nothing
 * else. 10,000 channels, each of them followed by one node.
 */
public final class Announcements {
    private static final int CHANNELS = 10_000;
    private static final int PUBLISHES = 60_000;
    private static final int UNDER_WAY = 500;
    private static final String TEXT = "x".repeat(150);

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> publisher;
    private final LongAdder heard = new LongAdder();

    private Announcements(String uri) {
        this.client = RedisClient.create(RedisURI.create(uri));
        this.publisher = client.connect();
    }

    /** See the class. */
    public static void main(String[] args) throws Exception {
        Announcements all = new Announcements(args[0]);
        System.out.println(
                "| nodes | way | Redis CPU µs a publish | heard by nodes, a publish | to follow 10,000: ms | Redis bytes a channel followed |");
        System.out.println("| --- | --- | --- | --- | --- | --- |");
        all.measure(1, Way.EACH, false);
        for (int nodes : new int[] {1, 3, 10}) {
            for (Way way : Way.values()) {
                all.measure(nodes, way, true);
            }
        }
        System.exit(0);
    }

    private enum Way {
        /** A subscription for each channel. */
        EACH,
        /** The same, sharded. */
        EACH_SHARDED,
        /** One subscription for all channels: nodes pass over what they do not follow. */
        ONE,
        /** One stream for all channels. */
        STREAM
    }

    private interface Node extends AutoCloseable {
        @Override
        void close();
    }

    private void measure(int nodes, Way way, boolean shown) throws Exception {
        publisher.sync().flushall();
        long memory = info("used_memory");
        long start = System.nanoTime();
        List<Node> listening = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            listening.add(node(i, nodes, way));
        }
        double millis = (System.nanoTime() - start) / 1e6;
        double bytes = (double) (info("used_memory") - memory) / CHANNELS;
        heard.reset();
        double cpu = cpu();
        List<RedisFuture<?>> underWay = new ArrayList<>();
        for (int i = 0; i < PUBLISHES; i++) {
            underWay.add(publish("c" + i % CHANNELS, way));
            if (underWay.size() == UNDER_WAY) {
                for (RedisFuture<?> one : underWay) {
                    one.get(10, TimeUnit.SECONDS);
                }
                underWay.clear();
            }
        }
        long expected = (long) PUBLISHES * (way == Way.ONE || way == Way.STREAM ? nodes : 1);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (heard.sum() < expected) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(way + ": heard " + heard.sum() + " of " + expected);
            }
            Thread.onSpinWait();
        }
        double used = cpu() - cpu;
        if (shown) {
            System.out.printf(
                    Locale.ROOT,
                    "| %d | %s | %.1f | %.1f | %.0f | %.0f |%n",
                    nodes,
                    way.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    used * 1e6 / PUBLISHES,
                    (double) heard.sum() / PUBLISHES,
                    millis,
                    bytes);
        }
        listening.forEach(Node::close);
    }

    private RedisFuture<?> publish(String channel, Way way) {
        return switch (way) {
            case EACH -> publisher.async().publish("{x}" + channel, TEXT);
            case EACH_SHARDED -> publisher.async().spublish("{x}" + channel, TEXT);
            case ONE -> publisher.async().publish("{x}", channel + TEXT);
            case STREAM ->
                publisher
                        .async()
                        .xadd("{x}", new XAddArgs().maxlen(10_000).approximateTrimming(), Map.of("m", channel + TEXT));
        };
    }

    private Node node(int number, int nodes, Way way) throws Exception {
        String[] channels = IntStream.range(0, CHANNELS)
                .filter(i -> i % nodes == number)
                .mapToObj(i -> "{x}c" + i)
                .toArray(String[]::new);
        if (way == Way.STREAM) {
            return reader();
        }
        StatefulRedisPubSubConnection<String, String> connection = client.connectPubSub();
        connection.addListener(new RedisPubSubAdapter<String, String>() {
            @Override
            public void message(String channel, String message) {
                heard.increment();
            }

            @Override
            public void smessage(String channel, String message) {
                heard.increment();
            }
        });
        List<RedisFuture<Void>> all = new ArrayList<>();
        if (way == Way.ONE) {
            all.add(connection.async().subscribe("{x}"));
        } else {
            for (String channel : channels) { // one after the other, as they come to be followed
                all.add(
                        way == Way.EACH
                                ? connection.async().subscribe(channel)
                                : connection.async().ssubscribe(channel));
            }
        }
        for (RedisFuture<Void> one : all) {
            one.get(30, TimeUnit.SECONDS);
        }
        return connection::close;
    }

    @SuppressWarnings("unchecked") // an array of one, for the varargs of a generic type
    private Node reader() {
        StatefulRedisConnection<String, String> connection = client.connect();
        Thread thread = new Thread(() -> {
            String last = "0-0";
            try {
                while (connection.isOpen()) {
                    var read = connection
                            .sync()
                            .xread(XReadArgs.Builder.block(100).count(1000), XReadArgs.StreamOffset.from("{x}", last));
                    for (var message : read) {
                        last = message.getId();
                        heard.increment();
                    }
                }
            } catch (RedisException e) {
                if (connection.isOpen()) {
                    throw e;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return connection::close;
    }

    private double cpu() {
        String info = publisher.sync().info("cpu");
        return number(info, "used_cpu_user") + number(info, "used_cpu_sys");
    }

    private long info(String what) {
        return (long) number(publisher.sync().info("memory"), what);
    }

    private static double number(String info, String what) {
        return info.lines()
                .filter(line -> line.startsWith(what + ":"))
                .mapToDouble(line ->
                        Double.parseDouble(line.substring(what.length() + 1).strip()))
                .findFirst()
                .orElseThrow();
    }
}
