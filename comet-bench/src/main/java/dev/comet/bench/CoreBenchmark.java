package dev.comet.bench;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.From;
import dev.comet.Scheduler;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What the other things cost that happen often: reading, coming and going, a timer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class CoreBenchmark {
    private static final int HISTORY = 1000;
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final Comet comet = Comet.builder().historyMessages(HISTORY).build();

    /** Fills two channels. */
    @Setup(Level.Trial)
    public void publish() {
        for (int i = 0; i < HISTORY; i++) {
            comet.publish("a", "message " + i);
            comet.publish("b", "message " + i);
        }
    }

    /** Stops. */
    @TearDown(Level.Trial)
    public void close() {
        comet.close();
    }

    /** A message, read from a ring by a subscriber of one channel; coming and going is spread over the thousand. */
    @Benchmark
    @OperationsPerInvocation(HISTORY)
    public void readOneChannel(Blackhole sink) {
        read(SubscribeOptions.of("a").withFrom(From.oldest()), sink);
    }

    /** The same over two channels, merged by id. */
    @Benchmark
    @OperationsPerInvocation(2 * HISTORY)
    public void readTwoChannels(Blackhole sink) {
        read(SubscribeOptions.of("a", "b").withFrom(From.oldest()), sink);
    }

    private void read(SubscribeOptions options, Blackhole sink) {
        Subscriber subscriber = comet.attach(options, CoreBenchmark::nothing);
        subscriber.read(event -> {
            sink.consume(event);
            return true;
        });
        subscriber.close(CloseReason.DONE);
    }

    /** To come and to go. */
    @Benchmark
    public void attachAndClose() {
        comet.attach(SubscribeOptions.of("a"), CoreBenchmark::nothing).close(CloseReason.DONE);
    }

    /** To set a timer and to cancel it. */
    @Benchmark
    public boolean timer() {
        Scheduler.Timer timer = comet.scheduler().schedule(CoreBenchmark::nothing, HOUR);
        return timer.cancel();
    }

    private static void nothing() {}
}
