package dev.comet.bench;

import dev.comet.Comet;
import dev.comet.Message;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a publish costs the publisher: 100 bytes of text, to one channel with subscribers that read as soon as they are woken, on
 * the hub's own threads. Compare the rows of one run, not runs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class PublishBenchmark {
    /** Subscribers of the channel. */
    @Param({"0", "1", "1000"})
    public int subscribers;

    private final String text = "x".repeat(100);
    private final LongAdder read = new LongAdder();
    private Comet comet = Comet.builder().build();

    /** Subscribes. */
    @Setup(Level.Trial)
    public void subscribe() {
        for (int i = 0; i < subscribers; i++) {
            new Reader(comet, read);
        }
    }

    /** Stops, and says how much of it was read: the others coalesced away, or were lapped. */
    @TearDown(Level.Trial)
    public void close() {
        System.out.printf("%n%d published, %d deliveries%n", comet.stats().published(), read.sum());
        comet.close();
    }

    /** One publish. */
    @Benchmark
    public Message publish() {
        return comet.publish("news", text);
    }

    /** A subscriber that reads when it is woken: by one thread at a time, for it is in one slice of the fan-out. */
    private static final class Reader implements Runnable {
        private final LongAdder read;
        private final Subscriber subscriber;

        Reader(Comet comet, LongAdder read) {
            this.read = read;
            this.subscriber = comet.attach(SubscribeOptions.of("news"), this);
        }

        @Override
        @SuppressWarnings("NullAway") // a wake may come before attach has returned; none does, for nobody publishes yet
        public void run() {
            subscriber.read(event -> {
                read.increment();
                return true;
            });
        }
    }
}
