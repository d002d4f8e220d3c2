package dev.comet.bench;

import dev.comet.Comet;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints the heap bytes of an idle in-process subscriber, wake included: the difference that a hundred thousand of them make,
 * after full collections, on one channel and on a thousand.
 */
public final class IdleMemory {
    private static final int SUBSCRIBERS = 100_000;

    private IdleMemory() {}

    /** No arguments. */
    public static void main(String[] args) {
        measure(1); // the first one loads classes
        System.out.printf("%d subscribers on     1 channel:  %d bytes each%n", SUBSCRIBERS, measure(1));
        System.out.printf("%d subscribers on 1,000 channels: %d bytes each%n", SUBSCRIBERS, measure(1000));
    }

    private static long measure(int channels) {
        try (Comet comet = Comet.builder().build()) {
            for (int i = 0; i < channels; i++) {
                comet.channel("channel-" + i);
            }
            List<Subscriber> held = new ArrayList<>(SUBSCRIBERS);
            long before = used();
            for (int i = 0; i < SUBSCRIBERS; i++) {
                held.add(comet.attach(SubscribeOptions.of("channel-" + i % channels), IdleMemory::nothing));
            }
            long each = (used() - before) / held.size();
            held.clear();
            return each;
        }
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static void nothing() {}
}
