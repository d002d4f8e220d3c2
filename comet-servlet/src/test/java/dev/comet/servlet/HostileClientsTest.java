package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.comet.Channel;
import dev.comet.Comet;
import dev.comet.servlet.Client.Exchange;
import dev.comet.servlet.Client.SseEvent;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever {@link HostileClients} take is given back: while their sockets are still open no response is held for them, and in the
 * end nothing is left that was not there before. Others on the same server see every message once and in order meanwhile.
 *
 * <p>A first dose, a short one, and a crowd fill the pools of the container and of this machine; the second must leave nothing that
 * these have not.
 */
final class HostileClientsTest {
    private static final String NEWS = "news";
    private static final String END = "end";
    private static final String CROWDED = "crowded";
    private static final int CROWD = 400;
    private static final int GOOD = 3;
    private static final String BLOCK = "x".repeat(16_000);
    private static final long MIB = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @ParameterizedTest
    @EnumSource
    @Timeout(120)
    void whatTheyTake_isGivenBack(Server server) throws Exception {
        suffer(server, Duration.ofSeconds(29), Duration.ofMillis(50));
    }

    @ParameterizedTest
    @EnumSource
    @Tag("soak")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void whatTheyTakeInFiveMinutes_isGivenBack(Server server) throws Exception {
        suffer(server, Duration.ofSeconds(Long.getLong("comet.hostile.seconds", 300)), Duration.ofSeconds(1));
    }

    private static void suffer(Server server, Duration time, Duration perByte) throws Exception {
        Set<Thread> threads = Thread.getAllStackTraces().keySet();
        try (Complaints complaints = new Complaints();
                CountingScheduler scheduler = new CountingScheduler()) {
            Site site = new Site(server.container(), scheduler);
            try {
                Account empty = Account.now();
                site.suffer(Duration.ofSeconds(1), perByte, 10);
                site.fill();
                Account before = Account.settled(empty);
                String figures = site.suffer(time, perByte, 40);
                site.fill();
                Account after = Account.settled(before);
                Logger.getLogger(HostileClientsTest.class.getName())
                        .info(server + ", " + time.toSeconds() + " s: " + figures + "; before: " + before + "; after: "
                                + after);
                assertThat(after.heap - before.heap).as("bytes of heap more").isLessThan(4 * MIB);
            } finally {
                site.stop();
            }
            assertThat(complaints.all()).isEmpty();
        }
        ContractTest.await("no thread that was not there before", PATIENCE, () -> strangers(threads)
                .isEmpty());
    }

    /** The JDK's own come when they are first needed, and stay. */
    private static Set<Thread> strangers(Set<Thread> before) {
        Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
        now.removeAll(before);
        now.removeIf(thread -> thread.getThreadGroup() == null
                || thread.getThreadGroup().getName().equals("system")
                || thread.getName().startsWith("ForkJoinPool.commonPool"));
        return now;
    }

    /** What there is of all that can run out, but for what the garbage collector has not looked at. */
    private record Account(long heap, long direct, long descriptors) {
        static Account now() {
            return new Account(
                    ContractTest.heap(),
                    ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                            .filter(pool -> pool.getName().equals("direct"))
                            .mapToLong(BufferPoolMXBean::getMemoryUsed)
                            .sum(),
                    ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                            .getOpenFileDescriptorCount());
        }

        /** Waits until the kernel's and the pools' share is back. */
        static Account settled(Account before) {
            ContractTest.await("descriptors are closed", PATIENCE, () -> now().descriptors <= before.descriptors + 10);
            ContractTest.await("direct buffers are back", PATIENCE, () -> now().direct <= before.direct + 16 * MIB);
            return now();
        }
    }

    /** A hub with its endpoints on a container. <i>Owned by the test's thread.</i> */
    private static final class Site {
        private final CountingScheduler scheduler;
        private final Comet comet;
        private final CometServlet endpoint;
        private final CometAdminServlet admin;
        private final StardustServlet stardust;
        private final Container container;

        Site(Container container, CountingScheduler scheduler) throws Exception {
            this.container = container;
            this.scheduler = scheduler;
            comet = Comet.builder()
                    .scheduler(scheduler)
                    .historyMessages(10_000)
                    .idleTimeout(Duration.ofSeconds(2))
                    .build();
            CometConfig config = CometConfig.builder()
                    .heartbeat(Duration.ofMillis(200))
                    .stallLimit(Duration.ofSeconds(3))
                    .bodyTimeout(Duration.ofSeconds(1))
                    .pollWait(Duration.ofSeconds(2))
                    .build();
            endpoint = new CometServlet(comet, config);
            admin = new CometAdminServlet(comet, config);
            stardust = new StardustServlet(comet, config, Map.of("timeout", "1"));
            container.start(Map.of("/comet", endpoint, "/admin", admin, "/stardust", stardust), new HashMap<>());
        }

        private int held() {
            return endpoint.held() + admin.held() + stardust.held();
        }

        private int subscribers(String channel) {
            return comet.find(channel).map(Channel::subscribers).orElse(0);
        }

        /**
         * More at once than there are otherwise, before each look at the heap. What a container has made for a connection it keeps
         * for the next, Tomcat some 100 kB each: docs/reliability.md. So both times as much of that is there, and more is ours.
         */
        void fill() throws Exception {
            List<Client> crowd = new ArrayList<>();
            try {
                for (int i = 0; i < CROWD; i++) {
                    Client client = new Http1Client(container.port(), 0);
                    crowd.add(client);
                    client.get("/comet/events?channel=" + CROWDED);
                }
                ContractTest.await("all are there", PATIENCE, () -> subscribers(CROWDED) == CROWD);
            } finally {
                for (Client client : crowd) {
                    client.close();
                }
            }
            ContractTest.await("all have gone", PATIENCE, () -> held() == 0);
            nothingIsLeft();
        }

        /** Hostile clients and good ones for a time; returns when there is nothing left of them. */
        String suffer(Duration time, Duration perByte, int times) throws Exception {
            ExecutorService threads = Executors.newCachedThreadPool();
            AtomicBoolean quiet = new AtomicBoolean();
            CountDownLatch attached = new CountDownLatch(3 * GOOD);
            try (HostileClients hostile = new HostileClients(container.port(), perByte)) {
                List<Future<Long>> good = new ArrayList<>();
                for (int i = 0; i < GOOD; i++) {
                    good.add(threads.submit(() -> events(attached)));
                    good.add(threads.submit(() -> lines(attached)));
                    good.add(threads.submit(() -> polls(attached)));
                }
                attached.await();
                Future<Long> news = threads.submit(() -> publish(quiet));
                Future<?> flood = threads.submit(() -> {
                    while (!Thread.interrupted() && (!quiet.get() || subscribers(HostileClients.CHANNEL) > 0)) {
                        comet.publish(HostileClients.CHANNEL, BLOCK);
                        LockSupport.parkNanos(25_000_000);
                    }
                });
                hostile.play(time, times, time.toSeconds());
                String figures = hostile.figures();

                // Their sockets are still open: it is the server that gives them up.
                quiet.set(true);
                long published = news.get();
                for (Future<Long> one : good) {
                    assertThat(one.get(60, TimeUnit.SECONDS))
                            .as("messages seen")
                            .isEqualTo(published);
                }
                ContractTest.await(
                        "nobody follows the flood", PATIENCE, () -> subscribers(HostileClients.CHANNEL) == 0);
                flood.get();
                ContractTest.await("no held response", PATIENCE, () -> held() == 0);
                nothingIsLeft();
                return figures + "; " + 3 * GOOD + " good ones saw " + published + " messages; closes "
                        + comet.stats().closes();
            } finally {
                quiet.set(true);
                threads.shutdownNow();
                assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            }
        }

        private void nothingIsLeft() {
            ContractTest.await("no body", () -> endpoint.reading() + admin.reading() + stardust.reading() == 0);
            ContractTest.await("no subscriber", () -> comet.stats().subscribers() == 0);
            ContractTest.await("no session", () -> comet.stats().sessions() == 0);
            ContractTest.await("no channel", () -> comet.channelCount() == 0);
            ContractTest.await("no timer", () -> scheduler.pendingInAll() == 0);
            ContractTest.await("no thread is inside", () -> inside().isEmpty());
        }

        /** Threads that are in an endpoint's code though there is nothing left to do. */
        private static List<String> inside() {
            Set<String> ours = Set.of(
                    EndpointServlet.class.getName(),
                    HeldResponse.class.getName(),
                    Body.class.getName(),
                    Answer.class.getName());
            List<String> inside = new ArrayList<>();
            Thread.getAllStackTraces().forEach((thread, stack) -> {
                for (StackTraceElement frame : stack) {
                    if (ours.contains(frame.getClassName())) {
                        inside.add(thread.getName() + " " + frame);
                    }
                }
            });
            return inside;
        }

        private long publish(AtomicBoolean quiet) {
            long n = 0;
            while (!quiet.get()) {
                comet.publish(NEWS, Long.toString(++n));
                LockSupport.parkNanos(4_000_000);
            }
            comet.publish(NEWS, END);
            return n;
        }

        // ---- those that mean well

        private long events(CountDownLatch attached) throws Exception {
            try (Client client = new Http1Client(container.port(), 0)) {
                Exchange stream = client.get("/comet/events?channel=" + NEWS, "Accept: text/event-stream");
                assertThat(stream.event().retry()).isNotNull();
                return inOrder(attached, () -> {
                    SseEvent event = stream.event();
                    assertThat(event.type()).isEqualTo("message");
                    return List.of(event.data());
                });
            }
        }

        private long lines(CountDownLatch attached) throws Exception {
            try (Client client = new Http1Client(container.port(), 0)) {
                Exchange stream = client.get("/comet/events?as=ndjson&channel=" + NEWS);
                assertThat(stream.object()).contains("\"open\"");
                return inOrder(attached, () -> Wire.all(stream.object(), "data"));
            }
        }

        private long polls(CountDownLatch attached) throws Exception {
            String[] cursor = {""};
            Callable<List<String>> poll = () -> {
                // A connection each, as a client with a bad network has.
                try (Client client = new Http1Client(container.port(), 0)) {
                    String wait = cursor[0].isEmpty() ? "&wait=0" : "&cursor=" + cursor[0];
                    Exchange answer = client.get("/comet/events?as=poll&channel=" + NEWS + wait);
                    assertThat(answer.status()).isEqualTo(200);
                    String json = answer.rest();
                    assertThat(json).contains("\"gaps\":[]");
                    cursor[0] = Wire.first(json, "cursor");
                    return Wire.all(json, "data");
                }
            };
            assertThat(poll.call()).isEmpty();
            return inOrder(attached, poll);
        }

        /** How many numbers came, 1, 2, 3 and so on, before the end. */
        private static long inOrder(CountDownLatch attached, Callable<List<String>> more) throws Exception {
            attached.countDown();
            for (long seen = 0; ; ) {
                for (String data : more.call()) {
                    if (data.equals(END)) {
                        return seen;
                    }
                    assertThat(data).isEqualTo(Long.toString(++seen));
                }
            }
        }

        void stop() throws Exception {
            container.stop();
            comet.close();
        }
    }
}
