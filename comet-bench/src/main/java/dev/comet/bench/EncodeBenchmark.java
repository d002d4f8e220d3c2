package dev.comet.bench;

import dev.comet.Caller;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.ccomet.CCometDialect;
import dev.comet.servlet.dialect.ccomet.CCometSettings;
import dev.comet.servlet.dialect.icomet.IcometDialect;
import dev.comet.servlet.dialect.icomet.IcometSettings;
import dev.comet.servlet.dialect.nativewire.NativeDialect;
import dev.comet.servlet.dialect.nativewire.NativeSettings;
import dev.comet.servlet.dialect.simplecomet.SimpleCometDialect;
import dev.comet.servlet.dialect.simplecomet.SimpleCometSettings;
import dev.comet.servlet.dialect.stardust.StardustDialect;
import dev.comet.servlet.dialect.stardust.StardustSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What a delivery costs each dialect: 100 bytes of text, some of them to be escaped, from the ring into the frames that would be
 * written. A response delivers a hundred messages, as to a client that comes back; what the request costs is spread over them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EncodeBenchmark {
    private static final int MESSAGES = 100;
    private static final String TEXT = "\"5 < 7\", said Zoë,\nand wrote it into C:\\new: " + "x".repeat(54);

    /** A request for the channel {@code a} from its oldest message on. */
    public enum Wire {
        /** The payload as it is. */
        SSE("/events", "channel=a&from=oldest"),
        /** Its JSON. */
        SSE_ENVELOPE("/events", "channel=a&from=oldest&envelope=true"),
        /** Of several channels, so that each subscriber has a cursor of its own. */
        SSE_SEVERAL("/events", "channel=a&channel=b&from=oldest"),
        /** Lines of JSON. */
        NDJSON("/events", "channel=a&from=oldest&as=ndjson"),
        /** The native poll. */
        POLL("/events", "channel=a&from=oldest&as=poll"),
        /** iComet's stream. */
        ICOMET_STREAM("/stream", "cname=a&seq=1"),
        /** iComet's poll. */
        ICOMET_POLL("/poll", "cname=a&seq=1&cb=f"),
        /** Simple-Comet's read. */
        SIMPLE_COMET("/channels/a.json", "since=0"),
        /** Stardust's poll. */
        STARDUST("/channel/a/stream/0.5", ""),
        /** CComet's subscribe. */
        CCOMET("/subscribe", "channel=a&sname=Zoe&seqid=0&callback=f");

        private final String path;
        private final String query;

        Wire(String path, String query) {
            this.path = path;
            this.query = query;
        }

        Dialect dialect(Comet comet) {
            return switch (this) {
                case SSE, SSE_ENVELOPE, SSE_SEVERAL, NDJSON, POLL ->
                    new NativeDialect(comet, NATIVE, access(Rules.PUBLIC));
                case ICOMET_STREAM, ICOMET_POLL ->
                    new IcometDialect(
                            comet, IcometSettings.read(defaults("icomet")), access(Rules.PUBLIC), NATIVE.maxAge());
                case SIMPLE_COMET ->
                    new SimpleCometDialect(
                            comet,
                            SimpleCometSettings.read(defaults(SimpleCometSettings.NAME)),
                            access(SimpleCometDialect.RULES),
                            Set.of());
                case STARDUST -> {
                    StardustSettings settings = StardustSettings.read(defaults("stardust"));
                    yield new StardustDialect(comet, settings, access(settings.rules()));
                }
                case CCOMET ->
                    new CCometDialect(
                            comet, CCometSettings.read(defaults(CCometSettings.NAME)), access(CCometDialect.RULES));
            };
        }

        Request request() {
            Caller caller = new Caller("203.0.113.9", false, Optional.empty(), Optional.empty());
            return new Request("GET", path, query, name -> List.of(), caller, new byte[0]);
        }

        private static Values defaults(String dialect) {
            return new Values(dialect, Map.of());
        }

        private static Access access(Rules rules) {
            return new Access(rules, Access.NO_OPINION, Set.of(), Set.of());
        }
    }

    private static final NativeSettings NATIVE = new NativeSettings(
            Duration.ofSeconds(15), Duration.ofSeconds(25), Duration.ofMinutes(30), Duration.ofSeconds(2), Set.of());

    /** How the messages go out. */
    @Param
    public Wire wire = Wire.SSE;

    private final Comet comet =
            Comet.builder().historyMessages(MESSAGES).liveWindow(MESSAGES).build();
    private final Frames frames = new Frames();

    @SuppressWarnings("NullAway.Init") // set by open()
    private Dialect dialect;

    @SuppressWarnings("NullAway.Init") // set by open()
    private Request request;

    /** Fills the ring. A Stardust client's first request delivers nothing: it says from where on the client follows. */
    @Setup(Level.Trial)
    public void open() {
        dialect = wire.dialect(comet);
        request = wire.request();
        comet.publish("a", TEXT);
        dialect.answer(request);
        publish();
    }

    /** Stops. */
    @TearDown(Level.Trial)
    public void close() {
        comet.close();
    }

    private void publish() {
        for (int i = 0; i < MESSAGES; i++) {
            comet.publish("a", TEXT);
        }
    }

    /** The first who gets a message pays for its bytes; its publishing is in this, too. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void first(Blackhole socket) {
        publish();
        respond(socket);
    }

    /** All others share them. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void next(Blackhole socket) {
        respond(socket);
    }

    private void respond(Blackhole socket) {
        Held held = new Held(comet, dialect.answer(request), frames);
        int delivered = held.deliver(socket);
        held.close();
        if (delivered != MESSAGES) {
            throw new IllegalStateException(wire + " has delivered " + delivered + " of " + MESSAGES);
        }
    }
}
