package dev.comet.servlet.dialect;

import dev.comet.Caller;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Whom a mount lets do something when nobody else has an opinion. <i>Immutable.</i> */
public final class Rule {
    /** Anyone, from anywhere, from any web page. */
    public static final Rule ANYONE = new Rule(request -> true, false, "");

    /** Nobody: only an authorizer or a token can allow it. */
    public static final Rule NOBODY = new Rule(
            request -> false,
            false,
            "nobody may do that here until an Authorizer or a token allows it; the admin mount is for the inside");

    /** Requests that certainly come from this machine and from no foreign web page. */
    public static final Rule LOOPBACK = new Rule(
            request -> request.caller().loopback(),
            true,
            "only requests from this machine, not forwarded by a proxy, may do that here");

    private static final String ALL = "all";

    /** Whole parts of an address, as callers' addresses are written: without {@code ::}. */
    private static final Pattern BEGINNING =
            Pattern.compile("(\\d{1,3}\\.){0,3}\\d{0,3}|([0-9a-f]{1,4}:){0,7}[0-9a-f]{0,4}");

    private final Predicate<Request> address;
    private final Predicate<Request> credential;
    private final boolean byAddress;
    private final String otherwise;

    private Rule(Predicate<Request> address, boolean byAddress, String otherwise) {
        this(address, request -> false, byAddress, otherwise);
    }

    private Rule(Predicate<Request> address, Predicate<Request> credential, boolean byAddress, String otherwise) {
        this.address = address;
        this.credential = credential;
        this.byAddress = byAddress;
        this.otherwise = otherwise;
    }

    /**
     * Requests from addresses, and from no foreign web page.
     *
     * @param allow addresses, their beginnings up to a dot or colon ({@code 192.168}), or {@code all}
     * @param deny the same; what is allowed and denied is denied
     * @throws IllegalArgumentException for what is neither
     */
    public static Rule addresses(List<String> allow, List<String> deny) {
        List<String> allowed = allow.stream().map(Rule::normal).toList();
        List<String> denied = deny.stream().map(Rule::normal).toList();
        return new Rule(
                request -> matches(allowed, request) && !matches(denied, request),
                true,
                "only requests from " + String.join(", ", allow) + ", not forwarded by a proxy, may do that here");
    }

    /** The same, and whoever shows a credential. */
    public Rule or(Predicate<Request> shown, String what) {
        return new Rule(address, shown, byAddress, otherwise + ", or with " + what);
    }

    private static boolean matches(List<String> prefixes, Request request) {
        Caller caller = request.caller();
        boolean known = !caller.forwarded() && (caller.loopback() || !isLoopback(caller.address()));
        for (String prefix : prefixes) {
            if (prefix.equals(ALL)
                    || (isLoopback(prefix) && caller.loopback())
                    || (known && isWithin(caller.address(), prefix))) {
                return true;
            }
        }
        return false;
    }

    /** As a caller's address is written. A beginning stays as it is. */
    private static String normal(String entry) {
        if (entry.equals(ALL) || (BEGINNING.matcher(entry).matches() && !entry.contains("::"))) {
            return entry;
        }
        if (entry.matches("[0-9a-fA-F:.]+") && entry.contains(":")) {
            try {
                return InetAddress.getByName(entry).getHostAddress(); // asks nobody: it is no name
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(entry + ": is no address", e);
            }
        }
        throw new IllegalArgumentException(
                entry + ": must be an address, the beginning of one up to a dot or colon (192.168), or all");
    }

    private static boolean isLoopback(String address) {
        return address.startsWith("127.") || address.equals("::1") || address.equals("0:0:0:0:0:0:0:1");
    }

    private static boolean isWithin(String address, String prefix) {
        return address.equals(prefix)
                || (address.startsWith(prefix)
                        && (prefix.endsWith(".")
                                || prefix.endsWith(":")
                                || address.charAt(prefix.length()) == '.'
                                || address.charAt(prefix.length()) == ':'));
    }

    boolean allows(Request request) {
        return address.test(request) || knows(request);
    }

    /** Whether the request shows the credential. */
    boolean knows(Request request) {
        return credential.test(request);
    }

    /** Whether it rests on where a request comes from: then any web page in a browser at that place could make it. */
    boolean isByAddress() {
        return byAddress;
    }

    String otherwise() {
        return otherwise;
    }
}
