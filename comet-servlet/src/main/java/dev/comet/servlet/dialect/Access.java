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

    /** What a mount allows when nobody else has an opinion. */
    public enum Default {
        /** Subscribe and presence: anyone. Publish and admin: nobody. */
        PUBLIC,
        /** Everything, for requests that certainly come from this machine and from no foreign web page. */
        LOOPBACK
    }

    private static final Pattern PORT = Pattern.compile(":\\d*$");

    private final Default mount;
    private final Authorizer authorizer;
    private final Set<String> hosts;
    private final Set<String> origins;

    /**
     * The rules of a mount.
     *
     * @param hosts host names, besides those of loopback, by which the mount may be called
     * @param origins origins of web pages, besides the mount's own, that may call it
     */
    public Access(Default mount, Authorizer authorizer, Set<String> hosts, Set<String> origins) {
        this.mount = mount;
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

    private void check(Action action, String channel, Optional<String> member, Request request) {
        if (mount == Default.LOOPBACK) {
            refuseForeignPages(request);
            refuseForeignHosts(request);
        } else if (action == Action.PUBLISH || action == Action.ADMIN) {
            refuseForeignWriters(request);
        }
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
        if (mount == Default.LOOPBACK) {
            if (!caller.loopback()) {
                throw denied(action, "only requests from this machine, not forwarded by a proxy, may do that here");
            }
        } else if (action != Action.SUBSCRIBE && action != Action.PRESENCE) {
            throw denied(
                    action,
                    "nobody may do that here until an Authorizer or a token allows it; the admin mount is for the inside");
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

    private void refuseForeignHosts(Request request) {
        String host = request.header("Host").orElse("").toLowerCase(Locale.ROOT);
        if (!host.isEmpty() && !isLocal(name(host)) && !hosts.contains(name(host))) {
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
