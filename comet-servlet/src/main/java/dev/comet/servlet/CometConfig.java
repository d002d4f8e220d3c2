package dev.comet.servlet;

import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Pace;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.nativewire.NativeSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an endpoint, as opposed to the hub's. The builder's methods have the names of the init parameters
 * ({@link CometOptions}), in camel case. <i>Immutable.</i>
 */
public final class CometConfig {
    private final Builder from;

    private CometConfig(Builder from) {
        this.from = from;
    }

    /** The defaults, to be changed. */
    public static Builder builder() {
        return new Builder();
    }

    /** The defaults. */
    public static CometConfig defaults() {
        return builder().build();
    }

    Duration stallLimit() {
        return from.stallLimit;
    }

    Duration bodyTimeout() {
        return from.bodyTimeout;
    }

    int maxBodyBytesTotal() {
        return from.maxBodyBytesTotal;
    }

    /** How long a stream may live. */
    Duration maxAge() {
        return from.maxAge;
    }

    Set<String> corsOrigins() {
        return Set.copyOf(from.corsOrigins);
    }

    boolean identityEncoding() {
        return from.identityEncoding;
    }

    boolean trusts(String address) {
        for (Addresses.Block block : from.trustedProxies) {
            if (block.holds(address)) {
                return true;
            }
        }
        return false;
    }

    int maxAnswerBytesTotal() {
        return from.maxAnswerBytesTotal;
    }

    int maxHeld() {
        return from.maxHeld;
    }

    /** How long clients are told to wait before they come back, about. */
    Duration retry() {
        return from.retry;
    }

    Access access(Rules rules, Comet comet) {
        Access access = new Access(rules, from.authorizer, from.allowedHosts, from.corsOrigins);
        int rate = from.maxPublishRate;
        if (rate > 0) {
            int burst = from.publishBurst > 0 ? from.publishBurst : 2 * rate;
            access = access.withPace(new Pace(rate, burst, comet.scheduler()::nanoTime));
        }
        Access paced = access;
        return bearers().map(b -> paced.withTokens(b, from.requireToken)).orElse(paced);
    }

    /** Who bears tokens; empty: nobody looks for any. */
    Optional<Bearers> bearers() {
        Tokens tokens = from.tokens;
        return tokens == null ? Optional.empty() : Optional.of(tokens.bearers());
    }

    /** How long before its token runs out a stream is told. */
    Duration tokenExpiring() {
        return from.tokenExpiring;
    }

    NativeSettings nativeSettings() {
        return new NativeSettings(from.heartbeat, from.pollWait, from.maxAge, from.retry, Set.copyOf(from.corsOrigins));
    }

    /** Makes an endpoint's settings. */
    public static final class Builder implements Cloneable {
        /** What a clock of nanoseconds can count. */
        private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

        private static final int MOST_RATE = 1_000_000;

        private Duration heartbeat = Duration.ofSeconds(15);
        private Duration pollWait = Duration.ofSeconds(25);
        private Duration maxAge = Duration.ofMinutes(30);
        private Duration stallLimit = Duration.ofSeconds(30);
        private Duration bodyTimeout = Duration.ofSeconds(30);
        private int maxBodyBytesTotal = 64 << 20;
        private int maxAnswerBytesTotal = 64 << 20;
        private int maxHeld = 120_000;
        private int maxPublishRate;
        private int publishBurst;
        private Duration retry = Duration.ofSeconds(2);
        private boolean identityEncoding;
        private Set<String> corsOrigins = Set.of();
        private Set<String> allowedHosts = Set.of();
        private List<Addresses.Block> trustedProxies = List.of();
        private @Nullable Tokens tokens;
        private boolean requireToken;
        private Duration tokenExpiring = Duration.ofSeconds(30);
        private Authorizer authorizer = Access.NO_OPINION;

        private Builder() {}

        /** {@code heartbeat=15s}: how long a stream is silent before a heartbeat is written. */
        public Builder heartbeat(Duration every) {
            heartbeat = positive("heartbeat", every);
            return this;
        }

        /** {@code poll-wait=25s}: how long a poll is held that does not say how long. */
        public Builder pollWait(Duration wait) {
            pollWait = positive("poll-wait", wait);
            return this;
        }

        /** {@code max-age=30m}: how long a stream lives at most; it ends at 80 to 100 % of it, at random. */
        public Builder maxAge(Duration age) {
            maxAge = positive("max-age", age);
            return this;
        }

        /** {@code stall-limit=30s}: how long a socket may take nothing before its response is ended. */
        public Builder stallLimit(Duration limit) {
            stallLimit = positive("stall-limit", limit);
            return this;
        }

        /** {@code body-timeout=30s}: how long a request's body may take to come. */
        public Builder bodyTimeout(Duration timeout) {
            bodyTimeout = positive("body-timeout", timeout);
            return this;
        }

        /**
         * {@code max-body-bytes-total=67108864}: how many bytes the bodies that are being read may have together; one that would
         * go beyond it is refused with 503. No body may be larger.
         */
        public Builder maxBodyBytesTotal(int bytes) {
            maxBodyBytesTotal = atLeast("max-body-bytes-total", bytes, 1);
            return this;
        }

        /**
         * {@code max-answer-bytes-total=67108864}: how many bytes the large answers (lists, above 4 KiB) that are being written may
         * have together; one that would go beyond it is refused with 503.
         */
        public Builder maxAnswerBytesTotal(int bytes) {
            maxAnswerBytesTotal = atLeast("max-answer-bytes-total", bytes, 1);
            return this;
        }

        /**
         * {@code max-held=120000}: how many requests may be open at an endpoint: responses that are held, bodies that are being
         * read, large answers that are being written. More are refused with 503.
         */
        public Builder maxHeld(int requests) {
            maxHeld = atLeast("max-held", requests, 1);
            return this;
        }

        /**
         * {@code max-publish-rate=0}: how many messages a second each caller may publish: each subject of a token, or else each
         * principal, or else each address; 0: no limit. Requests from this machine without either have none.
         */
        public Builder maxPublishRate(int messages) {
            if (messages > MOST_RATE) {
                throw new IllegalArgumentException(
                        "max-publish-rate=" + messages + ": must be at most " + MOST_RATE + "; 0 is no limit");
            }
            maxPublishRate = atLeast("max-publish-rate", messages, 0);
            return this;
        }

        /** {@code publish-burst=0}: how many of them at once, after a pause; 0: twice {@code max-publish-rate}. */
        public Builder publishBurst(int messages) {
            publishBurst = atLeast("publish-burst", messages, 0);
            return this;
        }

        /** {@code retry=2s}: how long clients are told to wait before they reconnect; 80 to 120 % of it, at random. */
        public Builder retry(Duration wait) {
            retry = positive("retry", wait);
            return this;
        }

        /**
         * {@code identity-encoding=false}: whether held responses say {@code Content-Encoding: identity}, which is not standard
         * but keeps a container's gzip from holding frames back.
         */
        public Builder identityEncoding(boolean say) {
            identityEncoding = say;
            return this;
        }

        /** {@code cors-origins}: origins of pages that may read the answers ({@code https://app.example}), or {@code *}. */
        public Builder corsOrigins(Set<String> origins) {
            corsOrigins = lower(origins);
            return this;
        }

        /** {@code allowed-hosts}: names by which admin mounts may be called, besides those of loopback; without port. */
        public Builder allowedHosts(Set<String> hosts) {
            allowedHosts = lower(hosts);
            return this;
        }

        /**
         * {@code trusted-proxies}: addresses or blocks ({@code 10.0.0.0/8}) of proxies whose X-Forwarded-For or Forwarded
         * counts.
         */
        public Builder trustedProxies(Set<String> blocks) {
            trustedProxies = blocks.stream().map(Addresses.Block::parse).toList();
            return this;
        }

        /** The application's word on who may do what; without one, the mount's defaults. */
        public Builder authorizer(Authorizer authorizer) {
            this.authorizer = authorizer;
            return this;
        }

        /**
         * The tokens that count here. Endpoints that are given the same know each other's: a ticket of one counts at the other, and
         * a revocation at all.
         */
        public Builder tokens(Tokens tokens) {
            this.tokens = tokens;
            return this;
        }

        /** {@code require-token=false}: whether what anyone may do, subscribing first of all, takes a token. */
        public Builder requireToken(boolean required) {
            requireToken = required;
            return this;
        }

        /** {@code token-expiring=30s}: how long before its token runs out a stream is told. */
        public Builder tokenExpiring(Duration before) {
            tokenExpiring = positive("token-expiring", before);
            return this;
        }

        /**
         * The settings.
         *
         * @throws IllegalArgumentException when a token is required and there are none
         */
        public CometConfig build() {
            if (requireToken && tokens == null) {
                throw new IllegalArgumentException("require-token=true: needs tokens (token-keys)");
            }
            try {
                return new CometConfig((Builder) clone());
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }

        private static int atLeast(String name, int value, int least) {
            if (value < least) {
                throw new IllegalArgumentException(name + "=" + value + ": must be at least " + least);
            }
            return value;
        }

        private static Duration positive(String name, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + "=" + value + ": must be longer than 0");
            }
            if (value.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(name + "=" + value + ": must be at most 292 years");
            }
            return value;
        }

        private static Set<String> lower(Set<String> values) {
            Set<String> lower = new TreeSet<>();
            values.forEach(value -> lower.add(value.toLowerCase(Locale.ROOT)));
            return Set.copyOf(lower);
        }
    }
}
