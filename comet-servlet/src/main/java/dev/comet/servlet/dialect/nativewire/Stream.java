package dev.comet.servlet.dialect.nativewire;

import dev.comet.CloseReason;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Spread;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What the two streams, SSE and NDJSON, have in common: they live until their maximum age, and beat. */
abstract class Stream implements Framing {
    private final NativeSettings settings;
    private final List<Header> headers;
    private @Nullable String connection;

    Stream(NativeSettings settings, List<Header> headers) {
        this.settings = settings;
        this.headers = headers;
    }

    @Override
    public final List<Header> headers() {
        return headers;
    }

    @Override
    public final boolean endsItsConnection() {
        return true;
    }

    /** 122 random bits, drawn when somebody wants to know: most streams are never asked. */
    @Override
    public final String connection() {
        String drawn = connection;
        if (drawn == null) {
            drawn = UUID.randomUUID().toString();
            connection = drawn;
        }
        return drawn;
    }

    @Override
    public final Duration heartbeatEvery() {
        return settings.heartbeat();
    }

    @Override
    public final Duration holdFor() {
        return Spread.age(settings.maxAge());
    }

    @Override
    public final CloseReason expiry() {
        return CloseReason.MAX_AGE;
    }

    /** 80 to 120 % of the setting, so that they do not all come back at once. */
    final long retryMillis() {
        long millis = settings.retry().toMillis();
        return millis - millis / 5 + ThreadLocalRandom.current().nextLong(millis * 2 / 5 + 1);
    }
}
