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
    private static final Pattern LOOPBACK = Pattern.compile("127(\\.\\d{1,3}){3}");
    private static final Pattern PORT = Pattern.compile(":\\d*$");

    private final Rules rules;
    private final Authorizer authorizer;
    private final Set<String> hosts;
    private final Set<String> origins;
    private final Options options;

    /**
     * What a mount may have besides.
     *
     * @param bearers who bears tokens; empty: nobody looks for any
     * @param tokenRequired whether what anyone may do takes a token here
     * @param scripts whether answers may be scripts, which pages of other sites can read
     * @param pace how fast each caller may publish; empty: as fast as he can
     */
    private record Options(Optional<Bearers> bearers, boolean tokenRequired, boolean scripts, Optional<Pace> pace) {}

    /**
     * The rules of a mount without tokens.
     *
     * @param hosts host names, besides those of loopback, by which the mount may be called
     * @param origins origins of web pages, besides the mount's own, that may call it
     */
    public Access(Rules rules, Authorizer authorizer, Set<String> hosts, Set<String> origins) {
        this(rules, authorizer, hosts, origins, new Options(Optional.empty(), false, false, Optional.empty()));
    }

    private Access(Rules rules, Authorizer authorizer, Set<String> hosts, Set<String> origins, Options options) {
        this.rules = rules;
        this.authorizer = authorizer;
        this.hosts = Set.copyOf(hosts);
        this.origins = Set.copyOf(origins);
        this.options = options;
    }

    /** The same with tokens; {@code required}: whether what anyone may do takes one. */
    public Access withTokens(Bearers bearers, boolean required) {
        return with(new Options(Optional.of(bearers), required, options.scripts, options.pace));
    }

    /** The same where answers may be scripts, which pages of other sites can run, and so read. */
    public Access forScripts() {
        return with(new Options(options.bearers, options.tokenRequired, true, options.pace));
    }

    /** The same where callers may publish only so fast. */
    public Access withPace(Pace pace) {
        return with(new Options(options.bearers, options.tokenRequired, options.scripts, Optional.of(pace)));
    }

    private Access with(Options other) {
        return new Access(rules, authorizer, hosts, origins, other);
    }

    /** Who bears tokens, where there are any. */
    public Optional<Bearers> bearers() {
        return options.bearers;
    }

    /**
     * Lets an action pass.
     *
     * @param channel the channel's name; empty when the action concerns none
     * @throws RefusedException {@link Refusal#DENIED}
     * @throws Problem 401, where a token is required and there is none
     */
    public void check(Action action, String channel, Request request) {
        check(action, channel, Optional.empty(), request);
    }

    /**
     * Lets a caller become a member of a channel, or speak as one.
     *
     * @throws RefusedException {@link Refusal#DENIED}
     * @throws Problem 401, where a token is required and there is none
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
        if (!request.showsToken()) {
            refuseForeign(rule, request);
        }
        if (authorizer == NO_OPINION && request.caller().grant().isEmpty() && !rule.allows(request)) {
            throw denied(action, rule.otherwise());
        }
    }

    /**
     * The request's token, unless a page of another site may have made its reader's browser send it.
     *
     * @throws Problem 401, when there is none
     */
    public Token requireToken(Request request) {
        return request.token()
                .filter(token -> believed(request).grant().isPresent())
                .orElseThrow(() -> Bearers.noToken("a token is needed, in Authorization: Bearer or access_token"));
    }

    private void check(Action action, String channel, Optional<String> member, Request request) {
        Rule rule = rules.of(action);
        Caller caller = believed(request);
        boolean granted =
                caller.grant().filter(grant -> grant.allows(action, channel)).isPresent();
        if (!granted) { // a cookie's token is not there for foreign pages, and a page with its own needs no reader's
            refuseForeign(rule, request);
        }
        switch (authorizer.decide(new Authorizer.Question(action, channel, member, caller))) {
            case ALLOW -> {
                return;
            }
            case DENY -> throw denied(action, "the application does not allow it");
            case UNKNOWN -> {
                if (granted) {
                    return;
                }
            }
        }
        if (rule == Rule.ANYONE && caller.grant().isPresent()) {
            throw denied(action, "the token does not grant it");
        }
        if (rule == Rule.ANYONE && options.tokenRequired) {
            throw Bearers.noToken(action.name().toLowerCase(Locale.ROOT) + ": a token is needed here (require-token)");
        }
        if (!rule.allows(request)) {
            throw denied(action, rule.otherwise());
        }
    }

    // ---- how fast

    /**
     * Looks whether the caller may publish so many messages now, before a body is read that has them.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MESSAGES}
     */
    public void checkPace(long messages, Request request) {
        options.pace.ifPresent(pace -> payer(request).ifPresent(caller -> pace.look(caller, messages)));
    }

    /**
     * The caller, who may do so, publishes so many messages. They count, whatever becomes of them.
     *
     * @throws RefusedException {@link Refusal#TOO_MANY_MESSAGES}: then none of them counts
     */
    public void countPublish(long messages, Request request) {
        options.pace.ifPresent(pace -> payer(request).ifPresent(caller -> pace.take(caller, messages)));
    }

    /** Whose bucket it is. This machine has none: what the application's other processes publish, it limits itself. */
    private Optional<String> payer(Request request) {
        Caller caller = believed(request); // or a page of another site would spend what its reader has
        return caller.grant()
                .map(grant -> "token " + grant.subject())
                .or(() -> caller.principal().map(principal -> "principal " + principal.getName()))
                .or(() -> caller.loopback() ? Optional.empty() : Optional.of("address " + request.network()));
    }

    // ---- pages of other sites

    /**
     * The caller, without what a page of another site has made its reader's browser add: cookies, a password, the reader's place.
     * Where the browser says nothing, cookies count only for what a page of another site could neither read nor change by them.
     */
    private Caller believed(Request request) {
        Caller caller = request.caller();
        boolean foreign = isForeign(request);
        boolean silent = request.header("Sec-Fetch-Site").isEmpty()
                && request.header("Origin").isEmpty();
        boolean exposed = silent && (options.scripts || !request.method().equals("GET"));
        boolean noToken = request.isTokenAmbient() && (foreign || exposed);
        boolean noPrincipal = foreign || (exposed && mayRestOnCookie(request));
        if (!foreign && !noToken && !noPrincipal) {
            return caller;
        }
        return new Caller(
                caller.address(),
                caller.loopback() && !foreign,
                caller.forwarded(),
                noPrincipal ? Optional.empty() : caller.principal(),
                noToken ? Optional.empty() : caller.grant());
    }

    private static boolean mayRestOnCookie(Request request) {
        return request.header("Cookie").isPresent()
                && request.header("Authorization").isEmpty();
    }

    private void refuseForeign(Rule rule, Request request) {
        if (rule.isByAddress()) {
            foreignPage(request).ifPresent(Access::refuse);
            if (!rule.knows(request)) {
                refuseForeignHosts(request, rule);
            }
        } else if (rule == Rule.NOBODY && isForeign(request)) {
            foreignPage(request).ifPresent(Access::refuse);
        }
    }

    private static void refuse(String why) {
        throw new RefusedException(Refusal.DENIED, why);
    }

    /**
     * A page of another site can make its reader's browser publish with the reader's cookie, unless the browser is believed when
     * it says so. It says it in Sec-Fetch-Site, which no proxy rewrites; where it does not, by Origin and Host.
     */
    private boolean isForeign(Request request) {
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        boolean own =
                request.header("Sec-Fetch-Site").filter("same-origin"::equals).isPresent();
        return !own && !origins.contains(origin) && foreignPage(request).isPresent();
    }

    /**
     * Any web page can make its reader's browser send requests to a port of the reader's own machine. The browser says so in
     * Sec-Fetch-Site and Origin; where a name was rebound to a loopback address, Host still has the name.
     *
     * @return what is wrong with the page, if anything is
     */
    private Optional<String> foreignPage(Request request) {
        if (request.header("Sec-Fetch-Site").filter("cross-site"::equals).isPresent()) {
            return Optional.of("a page of another site may not do that");
        }
        String origin = request.header("Origin").orElse("").toLowerCase(Locale.ROOT);
        if (origin.isEmpty() || origins.contains(origin)) {
            return Optional.empty();
        }
        String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
        boolean own =
                !host.isEmpty() && authority(origin).equals(host); // "null" has no authority, and HTTP/1.0 no Host
        return own ? Optional.empty() : Optional.of("a page of another origin may not do that (cors-origins)");
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
        return name.equals("localhost")
                || name.equals("[::1]")
                || LOOPBACK.matcher(name).matches();
    }

    private static RefusedException denied(Action action, String why) {
        return new RefusedException(Refusal.DENIED, action.name().toLowerCase(Locale.ROOT) + ": " + why);
    }
}
