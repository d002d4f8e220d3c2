package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jol.info.ClassLayout;
import org.openjdk.jol.info.GraphLayout;

/** What a subscriber costs that waits: an object, a place, and its slot. No queue, no buffer, no timer. */
class SubscriberMemoryTest {
    private static final int SUBSCRIBERS = 10_000;

    static {
        System.setProperty("jol.magicFieldOffset", "true"); // or it may not look into records and lambdas
    }

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();

    @Test
    void idleSubscriberOfOneChannel_costsAtMost200Bytes() {
        comet.publish("a", "x");
        time.runReady();
        long empty = size();
        List<Subscriber> all = attach(SUBSCRIBERS);
        comet.publish("a", "y");
        all.forEach(Seen::of);
        time.runReady();
        double each = (size() - empty) / (double) SUBSCRIBERS;
        System.out.printf(
                "An idle subscriber of one channel: %.1f bytes (Subscriber %d, Attachment %d, the rest its slot)%n",
                each,
                ClassLayout.parseClass(Subscriber.class).instanceSize(),
                ClassLayout.parseClass(Attachment.class).instanceSize());
        assertThat(each).isBetween(32.0, 200.0);
    }

    @Test
    void whoHasLeft_costsNothing() {
        comet.publish("a", "x");
        long empty = size();
        List<Subscriber> all = attach(SUBSCRIBERS);
        time.runReady();
        all.forEach(s -> s.close(CloseReason.DONE));
        time.runReady();
        assertThat(size() - empty).isLessThan(1000);
    }

    private long size() {
        return GraphLayout.parseInstance(comet.channel("a")).totalSize();
    }

    private List<Subscriber> attach(int n) {
        List<Subscriber> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(comet.attach(SubscribeOptions.of("a"), SubscriberMemoryTest::nothing));
        }
        return all;
    }

    private static void nothing() {}
}
