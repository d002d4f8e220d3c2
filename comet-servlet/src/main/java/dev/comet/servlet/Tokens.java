package dev.comet.servlet;

import dev.comet.servlet.dialect.Bearers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokens: what says who a caller is and what it may do, minted by whoever has a key, here or in any backend with a JWT library. They
 * are JWS in compact form, HS256, with {@code kid}; docs/native.md, "Tokens". <i>Thread-safe.</i>
 *
 * <pre>{@code
 * Tokens tokens = Tokens.builder().key("2026-11", secret).build();
 * CometConfig config = CometConfig.builder().tokens(tokens).build();
 * String token = tokens.mint("ann", Duration.ofMinutes(10)).subscribe("news", "room-*").sign();
 * }</pre>
 */
public final class Tokens {
    private final Bearers bearers;

    private Tokens(Bearers bearers) {
        this.bearers = bearers;
    }

    /** Tokens of keys that are still to be named. */
    public static Builder builder() {
        return new Builder();
    }

    Bearers bearers() {
        return bearers;
    }

    /**
     * A token that begins to count now; it is still to be said what it grants.
     *
     * @param subject whom it speaks of, 1 to 200 characters
     * @param validFor how long it counts, at least a millisecond and at most a thousand years
     */
    public Mint mint(String subject, Duration validFor) {
        if (subject.isEmpty() || subject.length() > 200) {
            throw new IllegalArgumentException(
                    "a token's subject must have 1 to 200 characters, not " + subject.length());
        }
        if (validFor.toDays() > 365_000 || validFor.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException(
                    "a token must be valid for a millisecond at least and a thousand years at most, not " + validFor);
        }
        return new Mint(subject, validFor);
    }

    /**
     * Of this subject, tokens that have been issued until now count no more: requests with them are refused, and what they hold
     * open is ended. Tokens that are issued from now on count. A token's {@code iat} says when it was issued; one that does not say
     * counts no more, whenever it was issued. This process remembers it; tell the others, too.
     */
    public void revokeSubject(String subject) {
        bearers.revokeSubject(subject);
    }

    /**
     * The token with this id counts no more, and what it holds open is ended. It is remembered until the token has expired.
     *
     * @param id its {@code jti}
     * @param expires its {@code exp}, or any time after it
     */
    public void revokeToken(String id, Instant expires) {
        bearers.revokeToken(id, expires.toEpochMilli());
    }

    /**
     * Tokens that were signed with this key count no more, and what they hold open is ended.
     *
     * @param id the key's
     * @throws IllegalArgumentException when there is no such key
     */
    public void revokeKey(String id) {
        bearers.revokeKey(id);
    }

    @Override
    public String toString() {
        return "Tokens";
    }

    /** What a new token is to grant. A pattern is a name's beginning and {@code *}. <i>For one thread.</i> */
    public final class Mint {
        private final String subject;
        private final Duration validFor;
        private final List<String> subscribe = new ArrayList<>();
        private final List<String> publish = new ArrayList<>();
        private final List<String> presence = new ArrayList<>();
        private boolean admin;
        private String id = bearers.random();

        private Mint(String subject, Duration validFor) {
            this.subject = subject;
            this.validFor = validFor;
        }

        /** Channels to follow, and patterns. */
        public Mint subscribe(String... channels) {
            subscribe.addAll(List.of(channels));
            return this;
        }

        /** Channels to publish to, and patterns. */
        public Mint publish(String... channels) {
            publish.addAll(List.of(channels));
            return this;
        }

        /** Channels to be a member of, and to see the members of, and patterns. */
        public Mint presence(String... channels) {
            presence.addAll(List.of(channels));
            return this;
        }

        /** To list and to remove channels, and to read the statistics. */
        public Mint admin() {
            admin = true;
            return this;
        }

        /** Its {@code jti}, by which it can be revoked; a random one unless it is set. */
        public Mint id(String id) {
            this.id = id;
            return this;
        }

        /**
         * The token, signed with the first of the keys.
         *
         * @throws IllegalArgumentException when it would have more than 4096 bytes
         */
        public String sign() {
            return bearers.mint(subject, id, validFor, subscribe, publish, presence, admin);
        }
    }

    /** Makes tokens' settings, whose names are those of the init parameters ({@link CometOptions}) in camel case. */
    public static final class Builder {
        private final Map<String, byte[]> keys = new LinkedHashMap<>();
        private Duration leeway = Duration.ofSeconds(10);
        private Duration ticketLifetime = Duration.ofSeconds(30);
        private int maxTickets = 10_000;
        private InstantSource clock = InstantSource.system();

        private Builder() {}

        /**
         * One key more. The first signs, all verify: for a rotation give the new one first, and the old one until its last token has
         * expired.
         *
         * @param id its {@code kid}
         * @param secret at least 32 bytes, drawn at random
         * @throws IllegalArgumentException when it is shorter, or there is one of this id
         */
        public Builder key(String id, byte[] secret) {
            if (!id.matches("[A-Za-z0-9._-]{1,64}")) {
                throw new IllegalArgumentException(
                        "a token key's id must be 1 to 64 letters, digits, '.', '_' and '-'");
            }
            if (secret.length < 32) {
                throw new IllegalArgumentException("the token key '" + id + "' has " + secret.length
                        + " bytes: HS256 needs at least 32, drawn at random (openssl rand -base64 32)");
            }
            if (keys.put(id, secret.clone()) != null) {
                throw new IllegalArgumentException("there are two token keys '" + id + "'");
            }
            return this;
        }

        /**
         * {@code token-keys}: keys as {@code id:secret}, separated by commas, the secrets in Base64url or Base64.
         *
         * @throws IllegalArgumentException that says which is wrong, and nothing of a secret
         */
        public Builder tokenKeys(String written) {
            int n = 0;
            for (String pair : written.split(",", -1)) {
                if (!pair.isBlank()) {
                    n++;
                    int colon = pair.indexOf(':');
                    if (colon < 0) {
                        throw new IllegalArgumentException(
                                "token key number " + n + " must be id:secret, the secret in Base64url");
                    }
                    String id = pair.substring(0, colon).strip();
                    key(id, secret(n, pair.substring(colon + 1).strip()));
                }
            }
            return this;
        }

        private static byte[] secret(int n, String text) {
            try {
                return Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
            } catch (IllegalArgumentException e) { // not as its cause: its text quotes the secret
                throw new IllegalArgumentException("the secret of token key number " + n + " must be in Base64url");
            }
        }

        /**
         * {@code token-keys-file}: the same from a file, a key a line, which does not show among a process's arguments; empty: none.
         *
         * @throws IllegalArgumentException when it cannot be read, and as {@link #tokenKeys}
         */
        public Builder tokenKeysFile(String path) {
            if (path.isEmpty()) {
                return this;
            }
            try {
                return tokenKeys(String.join(",", Files.readAllLines(Path.of(path), StandardCharsets.UTF_8)));
            } catch (IOException e) {
                throw new IllegalArgumentException("the file of token keys cannot be read: " + e, e);
            }
        }

        /** {@code token-leeway=10s}: by how much the clocks of those who mint and of this process may differ. */
        public Builder tokenLeeway(Duration leeway) {
            if (leeway.isNegative() || leeway.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("token-leeway=" + leeway + ": must be 0 to 1 hour");
            }
            this.leeway = leeway;
            return this;
        }

        /** {@code ticket-lifetime=30s}: how long a ticket waits for its one use. */
        public Builder ticketLifetime(Duration lifetime) {
            if (lifetime.isNegative() || lifetime.isZero() || lifetime.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException(
                        "ticket-lifetime=" + lifetime + ": must be longer than 0 and at most 1 hour");
            }
            ticketLifetime = lifetime;
            return this;
        }

        /** {@code max-tickets=10000}: how many tickets may wait for their use. */
        public Builder maxTickets(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("max-tickets=" + most + ": must be at least 1");
            }
            maxTickets = most;
            return this;
        }

        /** Where the time of day comes from; the system's clock unless it is set. */
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        boolean hasKeys() {
            return !keys.isEmpty();
        }

        /**
         * The tokens.
         *
         * @throws IllegalArgumentException when there is no key
         */
        public Tokens build() {
            return new Tokens(new Bearers(keys, leeway, ticketLifetime, maxTickets, clock));
        }
    }
}
