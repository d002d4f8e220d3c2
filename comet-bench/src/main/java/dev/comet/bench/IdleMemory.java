package dev.comet.bench;

import dev.comet.Comet;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints the heap bytes of an idle in-process subscriber, wake included: the difference that a hundred thousand of them make,
 * after full collections. One measurement a process, for what one leaves behind would blur the next.
 */
public final class IdleMemory {
    private static final int SUBSCRIBERS = 100_000;

    private IdleMemory() {}

    /** The number of channels, 1 by default. */
    public static void main(String[] args) {
        int channels = args.length == 0 ? 1 : Integer.parseInt(args[0]);
        System.out.printf("%d subscribers on %d channels: %d bytes each%n", SUBSCRIBERS, channels, measure(channels));
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
        long used = Long.MAX_VALUE;
        while (true) { // until a collection finds nothing more: a hub that was closed lives on until its threads have
            // ended
            System.gc();
            long now = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            if (now > used - 10_000) {
                return now;
            }
            used = now;
        }
    }

    private static void nothing() {}
}
