package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A token is revoked while a response by it begins, or goes on with it: whichever is first, the response ends. It would not if
 * both looked before they wrote.
 */
@Timeout(60)
final class BearersRaceTest {
    private static final int ROUNDS = 20_000;

    private final Comet comet = Comet.builder().build();
    private final ExecutorService other = Executors.newSingleThreadExecutor();
    private final CyclicBarrier both = new CyclicBarrier(2);
    private final Bearers bearers =
            new Bearers(Map.of("k1", new byte[32]), Duration.ZERO, Duration.ofSeconds(1), 1, InstantSource.system());

    @AfterEach
    void close() {
        other.shutdownNow();
        comet.close();
    }

    private Token token(String id, Duration validFor) {
        String text = bearers.mint("ann", id, validFor, List.of(), List.of(), List.of(), false);
        return bearers.identify(
                        Ask.get("/").with("Authorization", "Bearer " + text).request())
                .token()
                .orElseThrow();
    }

    private interface Race {
        Lease run(Token token, SubscribeOptions follows, Subscriber subscriber, Runnable meet);
    }

    private void race(Race first) throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            SubscribeOptions follows = SubscribeOptions.of("a");
            Subscriber subscriber = comet.attach(follows, () -> {});
            Token token = token("t" + i, Duration.ofHours(2));
            Future<?> revoking = other.submit(() -> {
                meet();
                bearers.revokeToken(token.id(), token.endMillis());
            });
            Lease lease = first.run(token, follows, subscriber, this::meet);
            revoking.get();
            assertThat(subscriber.ending()).as("round %d", i).contains(CloseReason.EXPIRED);
            lease.close();
            subscriber.close(CloseReason.DONE);
        }
        assertThat(bearers.leased()).isZero();
    }

    private void meet() {
        try {
            both.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void revocation_versusOpening() throws Exception {
        race((token, follows, subscriber, meet) -> {
            meet.run();
            return bearers.open(token, "", follows, subscriber, Duration.ofSeconds(1));
        });
    }

    @Test
    void revocation_versusRenewal() throws Exception {
        Token before = token("before", Duration.ofHours(1));
        race((token, follows, subscriber, meet) -> {
            Lease lease = bearers.open(before, "", follows, subscriber, Duration.ofSeconds(1));
            meet.run();
            lease.renew(token);
            return lease;
        });
    }
}
