package dev.comet;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A scheduler that adds no thread to a race of two: tasks run at once, on the caller's thread; the clocks stand still, and no
 * timer ever fires. <i>Immutable.</i>
 */
final class Inline implements Scheduler {
    private static final Inline INSTANCE = new Inline();
    private static final Timer NEVER = () -> true;

    private Inline() {}

    /**
     * The hub of those races that are about a channel, not about the hub: a state of jcstress is made a million times, and a
     * channel costs a tenth of a hub.
     */
    static final Comet SHARED = hub().build();

    /** A hub that runs in the threads of those who call it. Its histories are never too many: nobody removes its channels. */
    static Comet.Builder hub() {
        return Comet.builder().scheduler(INSTANCE).listenerExecutor(INSTANCE).maxHistoryBytesTotal(Long.MAX_VALUE);
    }

    /** A channel of the shared hub that nobody else knows. */
    static Channel channel(String name) {
        return new Channel(SHARED, name, 1, ChannelOptions.DEFAULT);
    }

    /** A subscriber that follows such channels. */
    static Subscriber subscriber(Runnable wake, From from, Channel... channels) {
        Comet hub = channels[0].hub;
        Subscriber subscriber = new Subscriber(hub, wake, new AtomicInteger(), null, null, hub.lastId());
        for (Channel channel : channels) {
            subscriber.attach(channel.feed, from, channels.length == 1, 0);
        }
        return subscriber;
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public long currentTimeMillis() {
        return 1000; // at 0 the first cursor would be the id 0, which means "from the oldest"
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
        return NEVER;
    }
}
