package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.TabularData;
import org.junit.jupiter.api.Test;

/** What is counted, and that an operator can see it. */
class StatsTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = hub().build();

    private Comet.Builder hub() {
        return Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .historyMessages(2)
                .liveWindow(1);
    }

    @Test
    void fresh_allIsZero() {
        assertThat(comet.stats())
                .isEqualTo(
                        new Stats(time.currentTimeMillis(), 0, 0, Map.of(), 0, 0, 0, 0, 0, 0, 0, Map.of(), Map.of()));
    }

    @Test
    void gauges_goUpAndDown() {
        Subscriber sse = comet.attach(SubscribeOptions.of("a", "b").withSource("native-sse"), () -> {});
        comet.attach(SubscribeOptions.of("a"), () -> {});
        Session session = comet.sessions(Duration.ofMinutes(1)).open("s", SubscribeOptions.of("c"));
        Stats stats = comet.stats();
        assertThat(stats.channels()).isEqualTo(3);
        assertThat(stats.subscribers()).isEqualTo(2);
        assertThat(stats.subscribersBySource()).isEqualTo(Map.of("native-sse", 1, "in-process", 1));
        assertThat(stats.sessions()).isEqualTo(1);
        sse.close(CloseReason.DONE);
        session.close();
        comet.remove("b");
        stats = comet.stats();
        assertThat(stats.channels()).isEqualTo(2);
        assertThat(stats.subscribersBySource()).isEqualTo(Map.of("in-process", 1));
        assertThat(stats.sessions()).isZero();
    }

    @Test
    void publishedAndDelivered() {
        Subscriber one = comet.attach(SubscribeOptions.of("a"), () -> {});
        Subscriber two = comet.attach(SubscribeOptions.of("a", "b"), () -> {});
        comet.publish("a", "x");
        comet.channel("b").publish("x");
        assertThat(comet.publishAsync("a", Draft.text("x"))).isCompleted();
        comet.broadcast(Draft.text("x"));
        assertThat(comet.stats().published()).isEqualTo(5);
        assertThat(comet.stats().delivered()).isZero();
        assertThat(Seen.read(one, 2).words()).containsExactly("a:1-1", "a2");
        assertThat(comet.stats().delivered()).isEqualTo(1);
        assertThat(Seen.of(one)).containsExactly("a3");
        assertThat(Seen.of(two)).containsExactlyInAnyOrder("a:1-1", "b1", "a2", "b2", "a3"); // broadcast: in no order
        assertThat(comet.stats().delivered()).isEqualTo(6);
        assertThat(comet.stats().gaps()).isEqualTo(2);
        assertThat(comet.stats().lost()).isEqualTo(2);
    }

    @Test
    void gapsLostAndResets() {
        Cursor old = comet.publish("a", "x").cursor();
        Subscriber slow = comet.attach(SubscribeOptions.of("a"), () -> {});
        for (int i = 0; i < 5; i++) {
            comet.publish("a", "x");
        }
        Seen.of(slow);
        comet.remove("a");
        Seen.of(comet.attach(SubscribeOptions.of("a").withFrom(From.cursor(old)), () -> {}));
        Stats stats = comet.stats();
        assertThat(stats.gaps()).isEqualTo(1);
        assertThat(stats.lost()).isEqualTo(3);
        assertThat(stats.resets()).isEqualTo(1);
    }

    @Test
    void refusals_byReason_alsoThoseOfATransport() {
        assertRefused(Refusal.BAD_CHANNEL, () -> comet.publish("", "x"));
        assertRefused(Refusal.BAD_CHANNEL, () -> comet.publish("/", "x"));
        comet.countRefusal(new RefusedException(Refusal.DENIED, "not you"));
        assertThat(comet.stats().refusals()).isEqualTo(Map.of("bad-channel", 2L, "denied", 1L));
    }

    @Test
    void closes_ofEveryReason() {
        for (CloseReason reason : CloseReason.values()) {
            comet.attach(SubscribeOptions.of("a"), () -> {}).close(reason);
        }
        assertThat(comet.stats().closes())
                .isEqualTo(Set.of(CloseReason.values()).stream()
                        .collect(Collectors.toMap(CloseReason::word, reason -> 1L)));
    }

    @Test
    void snapshot_doesNotMove() {
        Stats before = comet.stats();
        comet.publish("a", "x");
        assertThat(before.published()).isZero();
        assertThat(before.channels()).isZero();
    }

    @Test
    void jmx_showsEveryFigure_untilTheHubIsClosed() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName name = new ObjectName("dev.comet:type=Comet,name=\"stats, test\"");
        Comet hub = hub().jmx("stats, test").build();
        assertThat(server.isRegistered(name)).isTrue();

        hub.attach(SubscribeOptions.of("a"), () -> {}).close(CloseReason.STALLED);
        Subscriber behind = hub.attach(SubscribeOptions.of("a").withSource("native-sse"), () -> {});
        Cursor old = behind.cursor();
        for (int i = 0; i < 4; i++) {
            hub.publish("a", "x");
        }
        Seen.of(behind);
        hub.remove("a");
        Seen.of(hub.attach(SubscribeOptions.of("a").withFrom(From.cursor(old)), () -> {}));
        hub.sessions(Duration.ofMinutes(1)).open("s");
        assertRefused(Refusal.BAD_CHANNEL, () -> hub.publish("", "x"));

        assertThat(server.getAttribute(name, "Channels")).isEqualTo(1);
        assertThat(server.getAttribute(name, "Subscribers")).isEqualTo(2);
        assertThat(server.getAttribute(name, "Sessions")).isEqualTo(1);
        assertThat(server.getAttribute(name, "Published")).isEqualTo(4L);
        assertThat(server.getAttribute(name, "Delivered")).isEqualTo(2L);
        assertThat(server.getAttribute(name, "Gaps")).isEqualTo(1L);
        assertThat(server.getAttribute(name, "Lost")).isEqualTo(2L);
        assertThat(server.getAttribute(name, "Resets")).isEqualTo(1L);
        assertThat(table(server, name, "SubscribersBySource")).containsEntry("native-sse", 1);
        assertThat(table(server, name, "Refusals")).containsEntry("bad-channel", 1L);
        assertThat(table(server, name, "Closes")).containsEntry("stalled", 1L);
        assertThat(server.getAttribute(name, "Unreachable")).isEqualTo("");
        int timeless = Stats.class.getRecordComponents().length - 1; // there, it is always now
        assertThat(server.getMBeanInfo(name).getAttributes()).hasSize(timeless + 1);

        hub.close();
        assertThat(server.isRegistered(name)).isFalse();
        hub.close();
    }

    private static Map<Object, Object> table(MBeanServer server, ObjectName name, String attribute) throws Exception {
        TabularData data = (TabularData) server.getAttribute(name, attribute);
        return data.values().stream()
                .map(javax.management.openmbean.CompositeData.class::cast)
                .collect(Collectors.toMap(row -> row.get("key"), row -> row.get("value")));
    }

    /** A webapp that is deployed twice: the second hub is not built, and leaves no thread behind. */
    @Test
    void jmxNameTaken_isAnError_andNoThreadStays() {
        try (Comet first = hub().jmx("taken").build()) {
            Set<Thread> before = Thread.getAllStackTraces().keySet();
            assertThatIllegalStateException()
                    .isThrownBy(() -> Comet.builder().jmx("taken").build())
                    .withMessageContaining("taken");
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (!before.contains(thread) && thread.getName().startsWith("comet-")) {
                    assertEnds(thread);
                }
            }
            assertThat(first.stats().channels()).isZero();
        }
    }

    private static void assertEnds(Thread thread) {
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
}
