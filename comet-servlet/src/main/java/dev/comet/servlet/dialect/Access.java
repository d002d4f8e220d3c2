package dev.comet.servlet.dialect;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Caller;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who may do what at a mount: the application's authorizer first, then what a token grants, then the mount's default.
 * <i>Immutable.</i>
 */
public final class Access {

    /** Where an application has not set one. */
    public static final Authorizer NO_OPINION = question -> Authorizer.Decision.UNKNOWN;

    private static final Pattern NUMERIC = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");
    private static final Pattern PORT = Pattern.compile(":\\d*$");

    private final Rules rules;
    private final Authorizer authorizer;
    private final Set<String> hosts;
    private final Set<String> origins;

    /**
     * The rules of a mount.
     *
     * @param hosts host names, besides those of loopback, by which the mount may be called
     * @param origins origins of web pages, besides the mount's own, that may call it
     */
    public Access(Rules rules, Authorizer authorizer, Set<String> hosts, Set<String> origins) {
        this.rules = rules;
        this.authorizer = authorizer;
        this.hosts = Set.copyOf(hosts);
        this.origins = Set.copyOf(origins);
    }

    /**
     * Lets an action pass.
     *
     * @param channel the channel's name; empty when the action concerns none
     * @throws RefusedException {@link Refusal#DENIED}
     */
    public void check(Action action, String channel, Request request) {
        check(action, channel, Optional.empty(), request);
    }

    /**
     * Lets a caller become a member of a channel.
     *
     * @throws RefusedException {@link Refusal#DENIED}
     */
    public void checkMember(String member, String channel, Request request) {
        check(Action.PRESENCE, channel, Optional.of(member), request);
    }

    /**
     * Refuses what no channel's name could save, before a body is read that has the name: foreign pages and hosts, and, where no
     * authorizer was set and no token is shown, callers whom the mount's rule does not let.
     *
     * @throws RefusedException {@link Refusal#DENIED}
     */
    public void checkBeforeBody(Action action, Request request) {
        Rule rule = rules.of(action);
        refuseForeign(rule, request);
        if (authorizer == NO_OPINION && request.caller().grant().isEmpty() && !rule.allows(request)) {
            throw denied(action, rule.otherwise());
        }
    }

    private void refuseForeign(Rule rule, Request request) {
        if (rule.isByAddress()) {
            refuseForeignPages(request);
            if (!rule.knows(request)) {
                refuseForeignHosts(request, rule);
            }
        } else if (rule == Rule.NOBODY) {
            refuseForeignWriters(request);
        }
    }

    private void check(Action action, String channel, Optional<String> member, Request request) {
        Rule rule = rules.of(action);
        refuseForeign(rule, request);
        Caller caller = request.caller();
        switch (authorizer.decide(new Authorizer.Question(action, channel, member, caller))) {
            case ALLOW -> {
                return;
            }
            case DENY -> throw denied(action, "the application does not allow it");
            case UNKNOWN -> {
                if (caller.grant().isPresent() && caller.grant().get().allows(action, channel)) {
                    return;
                }
            }
        }
        if (!rule.allows(request)) {
            throw denied(action, rule.otherwise());
        }
    }

    /**
     * Any web page can make its reader's browser send requests to a port of the reader's own machine. The browser says so in
     * Sec-Fetch-Site and Origin; where a name was rebound to a loopback address, Host still has the name.
     */
    private void refuseForeignPages(Request request) {
        if (request.header("Sec-Fetch-Site").filter("cross-site"::equals).isPresent()) {
            throw new RefusedException(Refusal.DENIED, "a page of another site may not do that");
        }
        String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        boolean own =
                !host.isEmpty() && authority(origin).equals(host); // "null" has no authority, and HTTP/1.0 no Host
        if (!origin.isEmpty() && !own && !origins.contains(origin)) {
            throw new RefusedException(Refusal.DENIED, "a page of another origin may not do that (cors-origins)");
        }
    }

    /**
     * A page of another site can make its reader's browser publish with the reader's cookie, unless the browser is believed when
     * it says so. It says it in Sec-Fetch-Site, which no proxy rewrites; where it does not, by Origin and Host.
     */
    private void refuseForeignWriters(Request request) {
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        boolean own =
                request.header("Sec-Fetch-Site").filter("same-origin"::equals).isPresent();
        if (!own && !origins.contains(origin)) {
            refuseForeignPages(request);
        }
    }

    private void refuseForeignHosts(Request request, Rule rule) {
        String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
        String name = name(host);
        boolean numeric = rule != Rule.LOOPBACK && NUMERIC.matcher(name).matches(); // what cannot be rebound
        if (!host.isEmpty() && !isLocal(name) && !numeric && !hosts.contains(name)) {
            throw new RefusedException(
                    Refusal.DENIED, "the Host header names neither this machine nor a configured host (allowed-hosts)");
        }
    }

    private static String authority(String origin) {
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority == null ? "" : authority;
        } catch (IllegalArgumentException e) {
            return ""; // no authority that any Host could equal
        }
    }

    private static String name(String host) {
        return PORT.matcher(host).replaceFirst("");
    }

    private static boolean isLocal(String name) {
        return name.equals("localhost") || name.equals("[::1]") || name.matches("127(\\.\\d{1,3}){3}");
    }

    private static RefusedException denied(Action action, String why) {
        return new RefusedException(Refusal.DENIED, action.name().toLowerCase(Locale.ROOT) + ": " + why);
    }
}
