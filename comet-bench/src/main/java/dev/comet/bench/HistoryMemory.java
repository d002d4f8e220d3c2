package dev.comet.bench;

import dev.comet.Comet;
import dev.comet.Encoder;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;

/**
 * Prints the heap bytes that a published message of 100 bytes keeps while it is in its channel's history, its text included, after
 * it was sent to all subscribers of the channel: what the collector has to move, and what a long history costs.
 */
public final class HistoryMemory {
    private static final int CHANNELS = 1_000;
    private static final int EACH = 128; // as many as a ring that doubles has slots
    private static final Encoder FRAME =
            m -> ("id: " + m.seq() + "\ndata: " + m.payload() + "\n\n").getBytes(StandardCharsets.UTF_8);

    private final Subscriber subscriber;

    private HistoryMemory(Comet comet, String channel) {
        subscriber = comet.attach(SubscribeOptions.of(channel), this::read);
    }

    private void read() {
        subscriber.read(HistoryMemory::send);
    }

    private static boolean send(Event event) {
        return ((Message) event).encoded(FRAME).length > 0;
    }

    /** The number of subscribers of each channel, 10 by default. */
    public static void main(String[] args) {
        int subscribers = args.length == 0 ? 10 : Integer.parseInt(args[0]);
        System.out.printf(
                "%d messages on each of %d channels with %d subscribers: %d bytes each%n",
                EACH, CHANNELS, subscribers, measure(subscribers));
    }

    private static long measure(int subscribers) {
        try (Comet comet = Comet.builder().historyMessages(EACH).build()) {
            for (int i = 0; i < CHANNELS * subscribers; i++) {
                new HistoryMemory(comet, "channel-" + i % CHANNELS);
            }
            long before = used();
            for (int i = 0; i < CHANNELS * EACH; i++) {
                comet.publish("channel-" + i % CHANNELS, String.format("%0100d", i));
            }
            while (comet.stats().delivered() < (long) CHANNELS * EACH * subscribers) {
                LockSupport.parkNanos(1_000_000);
            }
            return (used() - before) / (CHANNELS * EACH);
        }
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
