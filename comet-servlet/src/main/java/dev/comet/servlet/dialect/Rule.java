package dev.comet.servlet.dialect;

import java.util.List;
import java.util.function.Predicate;

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
     */
    public static Rule addresses(List<String> allow, List<String> deny) {
        return new Rule(
                request -> matches(allow, request) && !matches(deny, request),
                true,
                "only requests from " + String.join(", ", allow) + ", not forwarded by a proxy, may do that here");
    }

    /** The same, and whoever shows a credential. */
    public Rule or(Predicate<Request> shown, String what) {
        return new Rule(address, shown, byAddress, otherwise + ", or with " + what);
    }

    private static boolean matches(List<String> prefixes, Request request) {
        String from = request.caller().address();
        boolean forwarded = isLoopback(from) && !request.caller().loopback();
        for (String prefix : prefixes) {
            if (prefix.equals(ALL)
                    || (isLoopback(prefix) && request.caller().loopback())
                    || (!forwarded && isWithin(from, prefix))) {
                return true;
            }
        }
        return false;
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
