package dev.comet.servlet.dialect;

import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whose token a request bears, and what hangs on tokens: tickets, the responses that are held by them, revocations.
 * <i>Thread-safe.</i>
 */
public final class Bearers {
    private static final String SCHEME = "Bearer ";
    private static final String PARAMETER = "access_token";
    private static final String TICKET = "ticket";
    private static final String COOKIE = "comet_token";
    private static final int RANDOM_BYTES = 18;

    private final Jws jws;
    private final long leewayMillis;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Tickets tickets;
    private final Revocations revocations = new Revocations(Revocations.MOST);
    private final Map<String, Lease> leases = new ConcurrentHashMap<>();

    /**
     * Bearers of tokens of these keys, by their ids; the first key signs.
     *
     * @param leeway by how much clocks may differ
     * @throws IllegalArgumentException for a key of less than 32 bytes, and for none
     */
    public Bearers(
            Map<String, byte[]> keys, Duration leeway, Duration ticketLifetime, int maxTickets, InstantSource clock) {
        this.jws = new Jws(keys);
        this.leewayMillis = leeway.toMillis();
        this.clock = clock;
        this.tickets = new Tickets(ticketLifetime.toMillis(), maxTickets);
    }

    long nowMillis() {
        return clock.millis();
    }

    // ---- mint

    /** A token, signed. */
    public String mint(
            String subject,
            String id,
            Duration validFor,
            List<String> subscribe,
            List<String> publish,
            List<String> presence,
            boolean admin) {
        long now = nowMillis();
        Token.Rights rights =
                new Token.Rights(List.copyOf(subscribe), List.copyOf(publish), List.copyOf(presence), admin);
        return jws.sign(new Jws.Claims(subject, id, "", now, now, now + validFor.toMillis(), rights));
    }

    /** What nobody can guess: 144 random bits. */
    public String random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    // ---- verify

    /** What a request shows, and where. */
    private record Shown(boolean isTicket, String text) {}

    /**
     * The request with its token, where it has one: in Authorization, in {@code access_token}, in a ticket, or else in a cookie.
     *
     * @throws Problem 401, when the token is not good; 400, when there are two different ones
     */
    public Request identify(Request head) {
        return identify(head, Parameters.NONE, false);
    }

    /**
     * The same, of a request whose body is a form that may have the token, too. What the head has shown is not looked at again, for
     * a ticket counts once.
     *
     * @throws Problem 401, 400
     */
    public Request identifyByForm(Request request) {
        return identify(request, request.form(), request.showsToken());
    }

    private Request identify(Request request, Parameters form, boolean headIsKnown) {
        Set<Shown> shown = new LinkedHashSet<>();
        parameters(form, shown);
        if (headIsKnown && shown.isEmpty()) {
            return request;
        }
        headers(request, shown);
        parameters(request.query(), shown);
        if (shown.size() > 1) {
            throw new Problem(400, "two different tokens or tickets: send one");
        }
        if (headIsKnown) {
            return request; // the same once more
        }
        try {
            if (!shown.isEmpty()) {
                Shown explicit = shown.iterator().next();
                Token token = explicit.isTicket ? redeemed(explicit.text) : verified(explicit.text);
                return request.withToken(token, false);
            }
            Optional<String> cookie = cookie(request);
            return cookie.isPresent() ? request.withToken(verified(cookie.get()), true) : request;
        } catch (Jws.BadToken e) {
            throw unauthorized(e.what());
        }
    }

    private static void headers(Request request, Set<Shown> shown) {
        for (String value : request.headers().all("Authorization")) {
            if (value.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
                shown.add(new Shown(false, value.substring(SCHEME.length()).strip()));
            }
        }
    }

    private static void parameters(Parameters parameters, Set<Shown> shown) {
        parameters.all(PARAMETER).forEach(text -> shown.add(new Shown(false, text)));
        parameters.all(TICKET).forEach(text -> shown.add(new Shown(true, text)));
    }

    /** Browsers add cookies without being asked, so they count where nothing else is shown, and only then. */
    private static Optional<String> cookie(Request request) {
        List<String> found = new ArrayList<>();
        for (String header : request.headers().all("Cookie")) {
            for (String pair : header.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(COOKIE)) {
                    found.add(pair.substring(equals + 1).strip());
                }
            }
        }
        if (found.stream().distinct().count() > 1) { // one may come from another host of the same domain
            throw new Problem(400, "two different cookies " + COOKIE + ": send one");
        }
        return found.stream().findFirst();
    }

    private Token verified(String text) throws Jws.BadToken {
        Jws.Claims claims = jws.verify(text);
        if (claims.notBefore() != Long.MIN_VALUE && claims.notBefore() - leewayMillis > nowMillis()) {
            throw new Jws.BadToken(
                    "the token is not valid yet: does the clock go right, or is token-leeway too small?");
        }
        return requireGood(new Token(
                claims.subject(),
                claims.id(),
                claims.key(),
                claims.issued(),
                claims.expires() + leewayMillis,
                claims.rights()));
    }

    private Token redeemed(String ticket) throws Jws.BadToken {
        return requireGood(tickets.redeem(ticket, nowMillis()));
    }

    private Token requireGood(Token token) throws Jws.BadToken {
        if (nowMillis() >= token.endMillis()) {
            throw new Jws.BadToken("the token has expired");
        }
        if (revocations.has(token)) {
            throw new Jws.BadToken("the token was revoked");
        }
        return token;
    }

    private static Problem unauthorized(String what) {
        return new Problem(
                401,
                what,
                new Header("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"" + what + "\""));
    }

    /** What is answered where a token is needed and none was sent. */
    static Problem noToken(String what) {
        return new Problem(401, what, new Header("WWW-Authenticate", "Bearer"));
    }

    // ---- tickets

    /** Something to show in a token's place, once. */
    public record Ticket(String text, long endMillis) {
        @Override
        public String toString() {
            return "a ticket";
        }
    }

    /**
     * A ticket for a token.
     *
     * @throws Problem 503, when there are too many
     */
    public Ticket ticket(Token token) {
        String text = random();
        return new Ticket(text, tickets.issue(text, token, nowMillis()));
    }

    // ---- responses that are held by a token

    /**
     * A response is held by a token.
     *
     * @param connection its id; empty for one that nobody can renew
     * @param warning how long before its end its client is told
     */
    public Lease open(
            Token token, String connection, SubscribeOptions follows, Subscriber subscriber, Duration warning) {
        String id = connection.isEmpty() ? UUID.randomUUID().toString() : connection;
        Lease lease = new Lease(this, id, follows, subscriber, warning, token);
        leases.put(id, lease);
        endIfRevoked(lease); // looked at after it was added: a revocation has seen it, or is seen
        return lease;
    }

    /** The response of this id that is held by a token. */
    public Optional<Lease> lease(String connection) {
        return Optional.ofNullable(leases.get(connection));
    }

    void closed(Lease lease) {
        leases.remove(lease.connection(), lease);
    }

    /** How many responses are held by tokens now. */
    public int leased() {
        return leases.size();
    }

    void endIfRevoked(Lease lease) {
        if (revocations.has(lease.token())) {
            lease.revoke();
        }
    }

    // ---- revoke

    /** Tokens of a subject that were issued up to now count no more. */
    public void revokeSubject(String subject) {
        revocations.subject(subject, nowMillis());
        endRevoked();
    }

    /** The token with this id counts no more. */
    public void revokeToken(String id, long expiresMillis) {
        revocations.id(id, expiresMillis + leewayMillis, nowMillis());
        endRevoked();
    }

    /**
     * Tokens that were signed with this key count no more.
     *
     * @throws IllegalArgumentException when there is no such key
     */
    public void revokeKey(String key) {
        if (!jws.hasKey(key)) {
            throw new IllegalArgumentException("there is no token key '" + key + "'");
        }
        revocations.key(key);
        endRevoked();
    }

    private void endRevoked() {
        leases.values().forEach(this::endIfRevoked);
    }
}
