package dev.comet;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What the hub counts. <i>Thread-safe.</i> */
final class Counters {
    final LongAdder published = new LongAdder();
    private final LongAdder delivered = new LongAdder();
    private final LongAdder gaps = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder resets = new LongAdder();
    private final Map<Refusal, LongAdder> refusals = adders(Refusal.class);
    private final Map<CloseReason, LongAdder> closes = adders(CloseReason.class);

    void delivered(int messages) {
        if (messages > 0) {
            delivered.add(messages);
        }
    }

    void gap(Gap gap) {
        if (gap.reason() == Gap.Reason.RESET) {
            resets.increment();
        } else {
            gaps.increment();
            lost.add(gap.lost());
        }
    }

    void refused(Refusal refusal) {
        adder(refusals, refusal).increment();
    }

    void closed(CloseReason reason) {
        adder(closes, reason).increment();
    }

    Stats snapshot(long time, int channels, Map<String, Integer> subscribers, int sessions, long historyBytes) {
        return new Stats(
                time,
                channels,
                subscribers.values().stream().mapToInt(Integer::intValue).sum(),
                subscribers,
                sessions,
                historyBytes,
                published.sum(),
                delivered.sum(),
                gaps.sum(),
                lost.sum(),
                resets.sum(),
                counted(refusals),
                counted(closes));
    }

    private static <K extends Enum<K>> Map<K, LongAdder> adders(Class<K> keys) {
        Map<K, LongAdder> adders = new EnumMap<>(keys);
        for (K key : keys.getEnumConstants()) {
            adders.put(key, new LongAdder());
        }
        return adders;
    }

    private static <K> LongAdder adder(Map<K, LongAdder> adders, K key) {
        LongAdder adder = adders.get(key);
        if (adder == null) {
            throw new IllegalStateException("no counter for " + key);
        }
        return adder;
    }

    private static <K extends Enum<K>> Map<String, Long> counted(Map<K, LongAdder> adders) {
        Map<String, Long> counts = new java.util.TreeMap<>();
        adders.forEach((key, adder) -> {
            if (adder.sum() > 0) {
                counts.put(key.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'), adder.sum());
            }
        });
        return java.util.Collections.unmodifiableMap(counts);
    }
}
