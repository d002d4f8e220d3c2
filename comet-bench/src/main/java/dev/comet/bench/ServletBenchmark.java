package dev.comet.bench;

import dev.comet.Caller;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

/** What happens often between container and core: a token is looked at, and what was published goes to streams. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ServletBenchmark {
    private static final int STREAMS = 1000;

    private final Bearers bearers = new Bearers(
            Map.of("a", key('a'), "b", key('b'), "c", key('c')),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            1000,
            InstantSource.system());
    private final Request bare = request(List.of());
    private final Request bearing = request(List.of("Bearer "
            + bearers.mint("ann", "1", Duration.ofDays(1), List.of("news", "room-*"), List.of(), List.of(), false)));

    private final Comet comet = Comet.builder().build();
    private final String text = "x".repeat(100);
    private final List<Held> streams = new ArrayList<>();

    private static byte[] key(char of) {
        return String.valueOf(of).repeat(32).getBytes(StandardCharsets.US_ASCII);
    }

    private static Request request(List<String> authorization) {
        return new Request(
                "GET",
                "/events",
                "channel=news",
                name -> name.equals("Authorization") ? authorization : List.of(),
                new Caller("203.0.113.9", false, Optional.empty(), Optional.empty()),
                new byte[0]);
    }

    /** Opens the streams. */
    @Setup(Level.Trial)
    public void open(Blackhole socket) {
        Dialect dialect = EncodeBenchmark.Wire.SSE.dialect(comet);
        Frames frames = new Frames();
        for (int i = 0; i < STREAMS; i++) {
            Held stream = new Held(comet, dialect.answer(bare), frames);
            stream.deliver(socket);
            streams.add(stream);
        }
    }

    /** Stops. */
    @TearDown(Level.Trial)
    public void close() {
        streams.forEach(Held::close);
        comet.close();
    }

    /** A request with a token, one of three keys. */
    @Benchmark
    public Request token() {
        return bearers.identify(bearing);
    }

    /** A request without, which is looked at for one. */
    @Benchmark
    public Request noToken() {
        return bearers.identify(bare);
    }

    /** A message, delivered to a stream of Server-Sent Events; publishing and encoding are spread over a thousand streams. */
    @Benchmark
    @OperationsPerInvocation(STREAMS)
    public void deliver(Blackhole socket) {
        comet.publish("news", text);
        for (Held stream : streams) {
            if (stream.deliver(socket) != 1) {
                throw new IllegalStateException("a stream has not been given the message");
            }
        }
    }
}
