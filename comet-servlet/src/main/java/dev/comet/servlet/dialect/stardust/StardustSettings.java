package dev.comet.servlet.dialect.stardust;

import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Rule;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Values;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * The settings of stardust.md.
 *
 * @param base what stands before every path, below the mount; empty, or begins with a slash
 * @param channelLength how many messages a channel keeps
 * @param timeout how long a poll is held
 * @param allowFrom from which addresses may be posted
 * @param credentials what callers from elsewhere show, {@code user:password}; empty: none
 */
public record StardustSettings(
        String base, int channelLength, Duration timeout, List<String> allowFrom, String credentials) {

    private static final String SCHEME = "Basic ";

    /** Reads them. */
    public static StardustSettings read(Values values) {
        String base = values.text("base", "");
        String user = values.text("auth_user", "");
        String password = values.text("auth_pass", "");
        if (user.isEmpty() != password.isEmpty()) {
            throw new IllegalArgumentException("stardust.auth_user and stardust.auth_pass: set both or neither");
        }
        return new StardustSettings(
                base.isEmpty() || base.startsWith("/") ? base : "/" + base,
                values.number("channel_length", 8, 1, 1_000_000),
                values.seconds("timeout", 55),
                values.list("allow_from", "127.0.0.1"),
                user.isEmpty() ? "" : user + ":" + password);
    }

    /** Anyone may look and listen; to post takes the right address, or the password. */
    public Rules rules() {
        Rule post = Rule.addresses(allowFrom, List.of());
        if (!credentials.isEmpty()) {
            post = post.or(this::isShown, "the user and password of auth_user and auth_pass");
        }
        return new Rules(Rule.ANYONE, post, Rule.NOBODY, Rule.NOBODY);
    }

    /** Whether a password would help whom was refused, and was not shown. */
    boolean challenges(Request request) {
        return !credentials.isEmpty() && !isShown(request);
    }

    private boolean isShown(Request request) {
        return MessageDigest.isEqual(credentials.getBytes(StandardCharsets.UTF_8), shown(request));
    }

    /** What basic auth shows; empty, when nothing. */
    private static byte[] shown(Request request) {
        String header = request.header("Authorization").orElse("");
        if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(header.substring(SCHEME.length()).strip());
        } catch (IllegalArgumentException e) {
            return new byte[0]; // not Base64: no password of ours
        }
    }
}
