package dev.comet.example;

import dev.comet.ChannelOptions;
import dev.comet.Comet;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.Stats;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Publishes the hub's counters to a channel of the hub, every second, whose history has the last five minutes. <i>Thread-safe.</i>
 */
final class StatsPublisher {
    private static final System.Logger LOG = System.getLogger("dev.comet.example");

    static final String CHANNEL = "demo-stats";

    private static final Duration PERIOD = Duration.ofSeconds(1);

    private static final ChannelOptions OPTIONS =
            ChannelOptions.DEFAULT.withHistoryMessages(300).withIdleTimeout(Duration.ZERO);

    private final Comet comet;
    private final String version;
    private final long began;

    StatsPublisher(Comet comet, String version) {
        this.comet = comet;
        this.version = version;
        this.began = comet.currentTimeMillis();
    }

    /** Begins; it ends with the hub, whose timers it uses. */
    void start() {
        tick();
    }

    private void tick() {
        if (comet.isClosed()) {
            return;
        }
        comet.scheduler().schedule(this::tick, PERIOD.toNanos()); // first: a hub that is full now may have room later
        CompletionStage<Message> unused = comet.publishAsync(CHANNEL, OPTIONS, Draft.json(json(comet.stats())))
                .whenComplete((m, e) -> {
                    if (e != null) { // the next one has newer figures
                        LOG.log(System.Logger.Level.DEBUG, "no statistics were published", e);
                    }
                });
    }

    private String json(Stats stats) {
        Runtime java = Runtime.getRuntime();
        return "{\"version\":\"" + version + "\",\"uptime\":" + (comet.currentTimeMillis() - began)
                + ",\"heap\":" + (java.totalMemory() - java.freeMemory()) + ",\"heapMost\":" + java.maxMemory()
                + ",\"channels\":" + stats.channels() + ",\"sessions\":" + stats.sessions()
                + ",\"subscribers\":" + stats.subscribers()
                + ",\"subscribersBySource\":" + json(stats.subscribersBySource())
                + ",\"published\":" + stats.published() + ",\"delivered\":" + stats.delivered()
                + ",\"gaps\":" + stats.gaps() + ",\"lost\":" + stats.lost() + ",\"resets\":" + stats.resets()
                + ",\"refusals\":" + json(stats.refusals()) + ",\"closes\":" + json(stats.closes()) + "}";
    }

    /** The names are ours: they need no escapes. */
    private static String json(Map<String, ? extends Number> counts) {
        return counts.entrySet().stream()
                .map(count -> "\"" + count.getKey() + "\":" + count.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }
}
