package dev.comet.example;

import dev.comet.Channel;
import dev.comet.Comet;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Waits for what must come, as long as a busy machine may take. */
public final class Until {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Until() {}

    /** Until a channel has so many subscribers. */
    public static void held(Comet comet, String channel, int subscribers) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (comet.find(channel).map(Channel::subscribers).orElse(0) != subscribers) {
            if (System.nanoTime() > end) {
                throw new AssertionError(
                        "there are not " + subscribers + " subscribers of " + channel + ": " + comet.stats());
            }
            look();
        }
    }

    /** Until there are subscribers of all these kinds: one may have left without the hub's having noticed. */
    public static void followedBy(Comet comet, Set<String> sources) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!comet.stats().subscribersBySource().keySet().containsAll(sources)) {
            if (System.nanoTime() > end) {
                throw new AssertionError("there are not " + sources + ": " + comet.stats());
            }
            look();
        }
    }

    /** Until this is so. */
    static void holds(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited " + LIMIT + " for: " + what);
            }
            look();
        }
    }

    /** Before it looks again; those that are waited for need the processor. */
    private static void look() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(1);
    }

    static RawExchange.Response complete(RawExchange exchange) throws InterruptedException {
        return that(exchange, RawExchange.Response::complete, "ended");
    }

    static RawExchange.Response head(RawExchange exchange) throws InterruptedException {
        return that(exchange, response -> response.status() > 0, "begun");
    }

    /** Until the body has this in it. */
    static RawExchange.Response body(RawExchange exchange, String part) throws InterruptedException {
        return that(exchange, response -> response.body().contains(part), "brought " + part);
    }

    private static RawExchange.Response that(RawExchange exchange, Predicate<RawExchange.Response> is, String what)
            throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        RawExchange.Response now = exchange.soFar();
        while (!is.test(now)) {
            if (System.nanoTime() > end || now.complete()) {
                throw new AssertionError("the response has not " + what + ": " + now);
            }
            exchange.await(50);
            now = exchange.soFar();
        }
        return now;
    }
}
