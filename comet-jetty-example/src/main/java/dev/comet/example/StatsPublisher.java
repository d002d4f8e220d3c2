package dev.comet.example;

import dev.comet.Comet;
import dev.comet.Stats;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Publishes the hub's counters to a channel of the hub, every second, while somebody subscribes to it. <i>Thread-safe.</i> */
final class StatsPublisher {
    static final String CHANNEL = "demo-stats";

    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final Comet comet;

    StatsPublisher(Comet comet) {
        this.comet = comet;
    }

    /** Begins; it ends with the hub, whose timers it uses. */
    void start() {
        tick();
    }

    private void tick() {
        if (comet.find(CHANNEL).filter(channel -> channel.subscribers() > 0).isPresent()) {
            comet.publishJson(CHANNEL, json(comet.stats()));
        }
        comet.scheduler().schedule(this::tick, PERIOD.toNanos());
    }

    private static String json(Stats stats) {
        return "{\"channels\":" + stats.channels() + ",\"subscribers\":" + stats.subscribers() + ",\"published\":"
                + stats.published() + ",\"delivered\":" + stats.delivered() + ",\"gaps\":" + stats.gaps()
                + ",\"lost\":" + stats.lost() + ",\"refusals\":" + json(stats.refusals()) + ",\"closes\":"
                + json(stats.closes()) + "}";
    }

    /** The names are ours: they need no escapes. */
    private static String json(Map<String, Long> counts) {
        return counts.entrySet().stream()
                .map(count -> "\"" + count.getKey() + "\":" + count.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }
}
