package dev.comet;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber that reads whenever it is woken, one thread at a time, as the transports do, and writes down what it was given:
 * a message as its payload, a gap as {@code <from-to>}, the end as {@code !}. <i>Thread-safe; {@link #seen} is for the arbiter,
 * when all is over.</i>
 */
final class Reader extends Drain {
    private static final Executor CALLER = Runnable::run;

    // Written once, by the one who attaches.
    private volatile @Nullable Subscriber subscriber;

    // Owned by the drainer.
    private final StringBuilder seen = new StringBuilder();
    private boolean ended;

    /** A reader that follows already. */
    static Reader of(Comet hub, String channel) {
        Reader reader = new Reader();
        reader.start(hub.attach(SubscribeOptions.of(channel), reader::signal));
        return reader;
    }

    /** Attaches, but does not read yet; it may be woken, though. */
    Subscriber attach(From from, Channel channel) {
        return Inline.subscriber(this::signal, from, channel);
    }

    /** Reads from now on: first the replay, then what it is woken for. */
    void start(Subscriber attached) {
        subscriber = attached;
        signal();
    }

    /** What it was given so far; {@code -} when that is nothing. */
    String seen() {
        return seen.isEmpty() ? "-" : seen.toString();
    }

    @Override
    Executor executor() {
        return CALLER;
    }

    @Override
    void drain() {
        Subscriber s = subscriber;
        if (s != null && !ended && s.read(this::take) == Subscriber.Read.CLOSED) {
            ended = true;
            seen.append('!');
        }
    }

    private boolean take(Event event) {
        write(event, seen);
        return true;
    }

    /** Reads once what there is, and tells what that was. */
    static String pass(Subscriber subscriber) {
        return read(subscriber, true);
    }

    /** Reads one event, and tells what that was. */
    static String one(Subscriber subscriber) {
        return read(subscriber, false);
    }

    private static String read(Subscriber subscriber, boolean all) {
        StringBuilder seen = new StringBuilder();
        Subscriber.Read end = subscriber.read(event -> {
            write(event, seen);
            return all;
        });
        if (end == Subscriber.Read.CLOSED) {
            seen.append('!');
        }
        return seen.isEmpty() ? "-" : seen.toString();
    }

    private static void write(Event event, StringBuilder to) {
        if (event instanceof Message m) {
            to.append(m.payload());
        } else if (event instanceof Gap g) {
            to.append('<').append(g.from()).append('-').append(g.to()).append('>');
        }
    }
}
