package dev.comet.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.comet.Comet;
import dev.comet.Encoder;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.Sink;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.bench.compare.Chart;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a delivery costs as subscribers grow, from 1,000 to 1,000,000, in this process: no sockets, but a transport that copies the
 * encoded bytes of what it reads into a buffer. Once with ten subscribers to a channel, once with all on one. Each checks that it
 * gets every message once and in order.
 */
public final class Scale {
    private static final int[] SIZES = {1_000, 10_000, 100_000, 1_000_000};
    private static final int EACH = 10;
    private static final int KEPT = 16;
    private static final int DELIVERIES = 8_000_000;
    private static final int TURNS = 4;
    private static final int ROUNDS = 3;
    private static final String TEXT = "x".repeat(100);
    private static final Encoder FRAME =
            m -> ("id: " + m.seq() + "\ndata: " + m.payload() + "\n\n").getBytes(StandardCharsets.UTF_8);

    private final LongAdder delivered = new LongAdder();
    private final LongAdder wrong = new LongAdder();

    private Scale() {}

    /** The folder for the figures; target by default. */
    public static void main(String[] args) throws IOException {
        Path out = Path.of(args.length == 0 ? "comet-bench/target/scale" : args[0]);
        Files.createDirectories(out);
        Scale scale = new Scale();
        scale.measure(1_000, 100, DELIVERIES); // to be compiled
        scale.measure(1_000, 1, DELIVERIES);
        StringBuilder table = new StringBuilder("""
                | subscribers | channels | CPU ns a delivery | wall ns a delivery | heap bytes a subscriber | heap MiB |
                |---:|---:|---:|---:|---:|---:|
                """);
        List<Chart.Curve> curves = new ArrayList<>();
        for (int each : new int[] {EACH, 0}) {
            List<double[]> points = new ArrayList<>();
            for (int size : SIZES) {
                int channels = each == 0 ? 1 : size / each;
                Row row = scale.best(size, channels);
                points.add(new double[] {size, row.cpuNanos});
                String line = String.format(
                        Locale.ROOT,
                        "| %,d | %,d | %.0f | %.0f | %.0f | %.0f |%n",
                        size,
                        channels,
                        row.cpuNanos,
                        row.wallNanos,
                        row.heapBytes / size,
                        row.heapBytes / (1 << 20));
                System.out.print(line);
                table.append(line);
            }
            curves.add(new Chart.Curve(each == 0 ? "all on one channel" : "ten on each", points));
        }
        Files.writeString(out.resolve("scale.md"), table);
        Files.writeString(
                out.resolve("scale.svg"),
                Chart.curves("CPU nanoseconds a delivery, in process", "subscribers", curves));
    }

    private record Row(double cpuNanos, double wallNanos, double heapBytes) {}

    /** The one of several with the least CPU: what else runs on the machine only adds. */
    private Row best(int subscribers, int channels) {
        Row best = measure(subscribers, channels, DELIVERIES);
        for (int i = 1; i < ROUNDS; i++) {
            Row row = measure(subscribers, channels, DELIVERIES);
            best = row.cpuNanos < best.cpuNanos ? row : best;
        }
        return best;
    }

    private Row measure(int subscribers, int channels, int deliveries) {
        long before = used();
        try (Comet comet = Comet.builder()
                .historyMessages(KEPT)
                .liveWindow(KEPT)
                .maxSubscribers(subscribers)
                .maxChannels(2 * channels)
                .build()) {
            for (int i = 0; i < subscribers; i++) {
                Reader reader = new Reader(this);
                reader.subscriber = comet.attach(SubscribeOptions.of("channel-" + i % channels), reader);
            }
            publish(comet, channels, subscribers, channels * KEPT); // rings are full, and frames are made
            double heap = used() - before;
            OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            int messages = (int) ((long) deliveries * channels / subscribers);
            long cpu = process.getProcessCpuTime();
            long wall = System.nanoTime();
            publish(comet, channels, subscribers, messages);
            double done = (double) messages * subscribers / channels;
            return new Row((process.getProcessCpuTime() - cpu) / done, (System.nanoTime() - wall) / done, heap);
        }
    }

    /** Goes round the channels a few times, then waits until all is read, and so on: nobody is lapped. */
    private void publish(Comet comet, int channels, int subscribers, int messages) {
        int each = subscribers / channels;
        long expected = delivered.sum();
        for (int i = 0; i < messages; i++) {
            comet.publish("channel-" + i % channels, TEXT);
            expected += each;
            if ((i + 1) % (TURNS * channels) == 0) {
                await(expected);
            }
        }
        await(expected);
    }

    private void await(long count) {
        while (delivered.sum() < count) {
            if (wrong.sum() > 0) {
                throw new IllegalStateException(wrong.sum() + " deliveries were not the next one");
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** A subscriber with nothing but a transport that takes all. */
    private static final class Reader implements Runnable, Sink {
        private static final ThreadLocal<byte[]> BUFFER = ThreadLocal.withInitial(() -> new byte[1 << 16]);

        private final Scale scale;
        private @Nullable Subscriber subscriber;
        private long next = 1;

        Reader(Scale scale) {
            this.scale = scale;
        }

        @Override
        public void run() {
            Subscriber from = subscriber;
            if (from != null) { // nobody publishes before all are there
                long first = next;
                from.read(this);
                scale.delivered.add(next - first);
            }
        }

        @Override
        public boolean accept(Event event) {
            if (event instanceof Message m && m.seq() == next) {
                byte[] frame = m.encoded(FRAME);
                System.arraycopy(frame, 0, BUFFER.get(), 0, frame.length);
                next++;
            } else {
                scale.wrong.increment();
            }
            return true;
        }
    }
}
