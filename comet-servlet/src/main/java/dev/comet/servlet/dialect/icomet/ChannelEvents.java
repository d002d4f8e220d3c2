package dev.comet.servlet.dialect.icomet;

import dev.comet.Channel;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * {@code /psub}: a line for each channel that comes or goes, and every {@code channel_timeout} one for each that is there.
 * <i>Owned by one response's drainer.</i>
 */
final class ChannelEvents implements Framing {
    /** The one stream in plain text, which an old browser might take for a page: names of channels stand in it. */
    private static final List<Header> HEADERS = plain();

    private final Comet comet;
    private final LongSupplier millis;
    private final long every;
    private final Duration age;
    private long repeated;

    ChannelEvents(Comet comet, LongSupplier millis, Duration every, Duration age) {
        this.comet = comet;
        this.millis = millis;
        this.every = every.toMillis();
        this.age = age;
        this.repeated = millis.getAsLong();
    }

    private static List<Header> plain() {
        List<Header> headers = new ArrayList<>(Envelope.headers("text/plain"));
        headers.add(new Header("X-Content-Type-Options", "nosniff"));
        return headers;
    }

    @Override
    public List<Header> headers() {
        return HEADERS;
    }

    @Override
    public boolean sendsHeadersAtOnce() {
        return true;
    }

    /** Who has missed news, the gap, is told at once who is there. */
    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Message m) {
            line(m.kind() == Message.Kind.ONLINE, m.payload(), out);
            repeatWhenDue(out);
        } else {
            repeat(out);
        }
        return true;
    }

    /** Shorter than what it looks for: a heartbeat comes after a silence, and events would put a long one off. */
    @Override
    public Duration heartbeatEvery() {
        return Duration.ofMillis(Math.max(1000, every / 10));
    }

    @Override
    public void heartbeat(Frames out) {
        repeatWhenDue(out);
    }

    private void repeatWhenDue(Frames out) {
        if (millis.getAsLong() - repeated >= every) {
            repeat(out);
        }
    }

    private void repeat(Frames out) {
        repeated = millis.getAsLong();
        for (Channel channel : comet.channels()) {
            line(true, channel.name(), out);
        }
    }

    private static void line(boolean online, String cname, Frames out) {
        out.add((online ? "1 " : "0 ") + cname + "\n"); // no name has a control character
    }

    @Override
    public Duration holdFor() {
        return age;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.MAX_AGE;
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        // The original has no word for it.
    }
}
