package dev.comet.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Has a server do some work and says what it cost: subscribers on a thread of their own, publishers over HTTP as an application's
 * backend, latency from when a message was meant to be sent, so that a server that holds the publisher up is charged for
 * it. What is lost, comes twice or out of order is told by the numbers in the messages.
 */
final class Load {
    private static final long SECOND = 1_000_000_000;
    private static final int LANES = 4;
    private static final int FILL = 64;
    private static final int FILL_BYTES = 64 << 10;

    private final Server.Running server;
    private final Work work;
    private final Times times;
    private final Crowd crowd;

    // Written before the publishers start.
    private long begins;
    private long ends;

    /** How long each phase takes, in seconds. */
    record Times(double settle, double warmUp, double measure, double drain) {}

    Load(Server.Running server, Work work, Times times) throws IOException {
        this.server = server;
        this.work = work;
        this.times = times;
        Server.Wires wires = server.wires();
        Wire wire = work.kind() == Work.Kind.POLL ? wires.poll() : wires.stream();
        this.crowd =
                new Crowd(server.port(), wire, wires.stalled(), work.subscribers(), work.channels(), work.stalled());
    }

    Work work() {
        return work;
    }

    int port() {
        return server.port();
    }

    /** When the first message is due. */
    long begins() {
        return begins;
    }

    /** When the last one is. */
    long ends() {
        return ends;
    }

    int lanes() {
        return Math.min(LANES, work.channels());
    }

    long distinct() {
        return crowd.distinct();
    }

    void tell(Thread who, long when) {
        crowd.tell(who, when);
    }

    /** The figures by their names. */
    Map<String, Double> run() throws IOException, InterruptedException {
        try {
            return work.kind() == Work.Kind.IDLE ? idle(crowd) : load(crowd);
        } finally {
            crowd.close();
        }
    }

    private void await(Crowd all, int upTo) throws IOException, InterruptedException {
        all.admit(upTo);
        long patience = System.nanoTime() + 120 * SECOND;
        while (all.ready() < upTo) {
            if (System.nanoTime() > patience || all.problems() > 0) {
                throw new IOException(
                        "only " + all.ready() + " of " + upTo + " subscribers came in; " + all.firstProblem());
            }
            Thread.sleep(5);
        }
        pause(times.settle);
    }

    private Map<String, Double> load(Crowd all) throws IOException, InterruptedException {
        await(all, work.subscribers());
        if (work.stalled() > 0) {
            fillStalled();
        }
        List<Publisher> publishers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        begins = System.nanoTime() + SECOND / 5;
        long from = begins + (long) (times.warmUp * SECOND);
        ends = from + (long) (times.measure * SECOND);
        all.measure(from, ends);
        for (int lane = 0; lane < lanes(); lane++) {
            Publisher publisher = new Publisher(this, lane, server.wires().publish());
            publishers.add(publisher);
            threads.add(new Thread(publisher, "publisher-" + lane));
        }
        threads.forEach(Thread::start);
        sleepUntil(from);
        Proc.Cpu before = Proc.cpu(server.pid());
        long delivered = all.delivered();
        sleepUntil(ends);
        Proc.Cpu after = Proc.cpu(server.pid());
        delivered = all.delivered() - delivered;
        for (Thread thread : threads) {
            thread.join();
        }
        long expected = 0;
        for (int channel = 0; channel < work.channels(); channel++) {
            expected += published(publishers, channel) * (work.readers() / work.channels());
        }
        drain(all, expected);
        all.close();

        Map<String, Double> figures = new LinkedHashMap<>();
        double seconds = (after.at() - before.at()) / 1e9;
        figures.put("deliveries/s", delivered / seconds);
        figures.put("CPU µs", delivered == 0 ? Double.NaN : (after.server() - before.server()) / 1e3 / delivered);
        figures.put("p50 ms", all.latencies().at(0.5) / 1e6);
        figures.put("p99 ms", all.latencies().at(0.99) / 1e6);
        figures.put("lost", (double) lost(all, publishers));
        figures.put("twice", (double) all.twice);
        figures.put("reordered", (double) all.reordered);
        figures.put(
                "problems",
                (double) all.problems()
                        + publishers.stream().mapToLong(p -> p.failed).sum());
        figures.put("client CPU %", 100 * (after.client() - before.client()) / 1e9 / seconds);
        figures.put("machine busy %", 100.0 * (after.busy() - before.busy()) / Math.max(1, after.all() - before.all()));
        String failure = publishers.stream()
                .map(p -> p.failure)
                .filter(f -> !f.isEmpty())
                .findFirst()
                .orElse("");
        String problem = failure + all.firstProblem();
        if (!problem.isEmpty()) {
            System.out.println("    problem: " + problem);
        }
        return figures;
    }

    private static long published(List<Publisher> publishers, int channel) {
        return publishers.stream().mapToLong(p -> p.published(channel)).sum();
    }

    private long lost(Crowd all, List<Publisher> publishers) {
        long lost = 0;
        for (Visitor visitor : all.visitors()) {
            if (!visitor.stalled) {
                lost += published(publishers, visitor.channel()) - visitor.distinct;
            }
        }
        return lost;
    }

    /** Until all has come, or nothing comes any more. */
    private void drain(Crowd all, long expected) throws InterruptedException {
        long end = System.nanoTime() + (long) (times.drain * SECOND);
        long last = -1;
        long quiet = System.nanoTime();
        while (all.distinct() < expected && System.nanoTime() < end && System.nanoTime() - quiet < 2 * SECOND) {
            if (all.distinct() != last) {
                last = all.distinct();
                quiet = System.nanoTime();
            }
            Thread.sleep(10);
        }
    }

    /** Publishes on the channel that the stalled ones follow, too, more than the sockets between take. */
    private void fillStalled() throws IOException {
        Work filling = new Work("", Work.Kind.SSE, 1, 1, 0, 1, FILL_BYTES, 0);
        Load fill = new Load(server, filling, times);
        try {
            Publisher publisher = new Publisher(fill, 0, server.wires().fill());
            for (int i = 0; i < FILL; i++) {
                publisher.publish(0, 0);
            }
        } finally {
            fill.crowd.close();
        }
    }

    /** Bytes of a connection: the slope of the server's memory, each having got a message. */
    private Map<String, Double> idle(Crowd all) throws IOException, InterruptedException {
        int upTo = work.subscribers();
        List<double[]> points = new ArrayList<>();
        Map<String, Double> figures = new LinkedHashMap<>();
        Publisher publisher = new Publisher(this, 0, server.wires().publish());
        long expected = 0;
        int first = Math.max(1, upTo / 15);
        for (int n : new int[] {first, upTo / 3, upTo * 2 / 3, upTo}) {
            await(all, n);
            expected += n;
            publisher.publish(0, System.nanoTime());
            drain(all, expected);
            pause(times.settle);
            server.collect();
            double pss = Proc.pss(server.pid());
            points.add(new double[] {n, pss});
            figures.put("MiB at " + n, pss / (1 << 20));
        }
        figures.put("bytes/connection", slope(points));
        figures.put("problems", (double) all.problems());
        return figures;
    }

    private static double slope(List<double[]> points) {
        double n = points.size();
        double x = points.stream().mapToDouble(p -> p[0]).sum() / n;
        double y = points.stream().mapToDouble(p -> p[1]).sum() / n;
        double xy = points.stream().mapToDouble(p -> (p[0] - x) * (p[1] - y)).sum();
        double xx = points.stream().mapToDouble(p -> (p[0] - x) * (p[0] - x)).sum();
        return xy / xx;
    }

    private static void pause(double seconds) throws InterruptedException {
        Thread.sleep((long) (seconds * 1000));
    }

    private static void sleepUntil(long nanoTime) throws InterruptedException {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
        }
    }
}
