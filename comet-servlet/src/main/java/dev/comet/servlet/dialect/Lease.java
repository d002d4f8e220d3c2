package dev.comet.servlet.dialect;

import dev.comet.CloseReason;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A held response's right to go on: its token, which another request may replace by one that lasts longer. Whoever replaces it
 * does nothing else; the response's own timer looks at it, and so finds out by itself. <i>Thread-safe: the token is one volatile
 * field, and its end only moves away.</i>
 */
public final class Lease {
    private final Bearers bearers;
    private final String connection;
    private final SubscribeOptions follows;
    private final Subscriber subscriber;
    private final long warnMillis;

    /** Replaced by whoever renews it, under this lease's monitor, and read by everyone. */
    private volatile Token token;

    Lease(
            Bearers bearers,
            String connection,
            SubscribeOptions follows,
            Subscriber subscriber,
            Duration warning,
            Token token) {
        this.bearers = bearers;
        this.connection = connection;
        this.follows = follows;
        this.subscriber = subscriber;
        this.warnMillis = warning.toMillis();
        this.token = token;
    }

    /** The response's id, which nobody can guess; whoever has it may renew it with a token of the same subject. */
    public String connection() {
        return connection;
    }

    /** What the response follows: a new token must allow all of it. */
    public SubscribeOptions follows() {
        return follows;
    }

    /** The token that it rests on now. */
    public Token token() {
        return token;
    }

    /**
     * Goes on with another token. One that ends before the present one changes nothing: the response may go on as long as it could.
     * So its end never comes nearer, and the timer that waits for it need not be told.
     */
    public void renew(Token with) {
        synchronized (this) {
            if (with.endMillis() > token.endMillis()) {
                token = with;
            }
        }
        bearers.endIfRevoked(this); // looked at after it was replaced: a revocation has seen it, or is seen
    }

    /** Ends the response: its token counts no more. */
    void revoke() {
        subscriber.end(CloseReason.EXPIRED);
    }

    /** Whether the token has run out. */
    public boolean isOver() {
        return bearers.nowMillis() >= token.endMillis();
    }

    /** Whether it is time to warn of the end of this token. */
    public boolean isExpiring(Token of) {
        return of == token && bearers.nowMillis() >= of.endMillis() - warnMillis;
    }

    /**
     * How long until the next look, in nanoseconds: at the time to warn of the token's end, unless that was done, and at its end.
     * The clock on the wall may be set; so look more often than that.
     */
    public long nanosToNext(@Nullable Token warned) {
        Token now = token;
        long at = now == warned ? now.endMillis() : now.endMillis() - warnMillis;
        long millis = Math.max(1, at - bearers.nowMillis());
        return millis > Long.MAX_VALUE / 1_000_000 ? Long.MAX_VALUE : millis * 1_000_000;
    }

    /** The response is over. */
    public void close() {
        bearers.closed(this);
    }
}
