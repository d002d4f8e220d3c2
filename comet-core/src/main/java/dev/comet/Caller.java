package dev.comet;

import java.security.Principal;
import java.util.Optional;

/**
 * Who asks: what an {@link Authorizer} may go by. <i>Immutable.</i>
 *
 * <p>Where a web page of another site made its reader's browser ask, what the browser adds by itself is not here: no principal, no
 * token of a cookie, and not loopback.
 *
 * @param address the address of the peer, or of the client that a configured proxy names
 * @param loopback whether the request certainly comes from this machine and is not forwarded for another
 * @param forwarded whether a proxy that is not configured says that it forwards for somebody: then {@code address} is the proxy's
 * @param principal who the container says it is
 * @param grant what the request's token allows
 */
public record Caller(
        String address, boolean loopback, boolean forwarded, Optional<Principal> principal, Optional<Grant> grant) {

    /** One that no proxy stands before. */
    public Caller(String address, boolean loopback, Optional<Principal> principal, Optional<Grant> grant) {
        this(address, loopback, false, principal, grant);
    }
}
