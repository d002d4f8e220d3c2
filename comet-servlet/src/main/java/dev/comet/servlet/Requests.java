package dev.comet.servlet;

import dev.comet.Caller;
import dev.comet.servlet.dialect.Request;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * From the container's request to ours. Everything that is needed later is copied here: containers recycle. getParameter is never
 * called: what containers make of forms and of bad escapes differs.
 */
final class Requests {
    private static final byte[] NO_BODY = {};
    private static final Set<String> SIGNS_OF_A_PROXY = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

    static {
        Collections.addAll(
                SIGNS_OF_A_PROXY,
                "Forwarded",
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "X-Real-IP",
                "Via");
    }

    private Requests() {}

    static Request head(HttpServletRequest request, CometConfig config) {
        String path = request.getPathInfo();
        String query = request.getQueryString();
        Snapshot headers = Snapshot.of(request);
        return new Request(
                request.getMethod(),
                path == null ? "" : path,
                query == null ? "" : query,
                headers,
                caller(request, headers, config),
                NO_BODY);
    }

    /**
     * The headers, copied.
     *
     * @param names each once
     * @param values of each name, at the same place; lists, for there are few
     * @param host where no header says it
     */
    private record Snapshot(List<String> names, List<List<String>> values, List<String> host)
            implements Request.Headers {
        static Snapshot of(HttpServletRequest request) {
            List<String> names = Collections.list(request.getHeaderNames());
            List<List<String>> values = new ArrayList<>(names.size());
            for (String name : names) {
                values.add(Collections.list(request.getHeaders(name)));
            }
            boolean named = request.getHeader("Host") != null;
            return new Snapshot(names, values, named ? List.of() : List.of(authority(request)));
        }

        /** HTTP/2 says :authority instead of Host, and Jetty does not make one of the other. */
        private static String authority(HttpServletRequest request) {
            String name = request.getServerName();
            String host = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
            int port = request.getServerPort();
            return port == ("https".equals(request.getScheme()) ? 443 : 80) ? host : host + ":" + port;
        }

        @Override
        public List<String> all(String name) {
            for (int i = 0; i < names.size(); i++) {
                if (names.get(i).equalsIgnoreCase(name)) {
                    return values.get(i);
                }
            }
            return name.equalsIgnoreCase("Host") ? host : List.of();
        }
    }

    private static Caller caller(HttpServletRequest request, Snapshot asShown, CometConfig config) {
        HttpServletRequest bare = bare(request);
        Snapshot headers = bare == request ? asShown : Snapshot.of(bare);
        String peer = Addresses.plain(bare.getRemoteAddr());
        boolean trusted = config.trusts(peer);
        boolean proxied = isProxied(headers);
        boolean loopback = Addresses.isLoopback(peer) && (trusted ? namesLoopbackOnly(headers) : !proxied);
        Optional<String> client = trusted ? client(headers, peer, config) : Optional.of(peer);
        boolean forwarded = proxied && (!trusted || client.isEmpty());
        return new Caller(
                client.orElse(peer),
                loopback,
                forwarded,
                Optional.ofNullable(request.getUserPrincipal()),
                Optional.empty());
    }

    /**
     * As the container has it. A filter that reads what proxies say, as Spring's ForwardedHeaderFilter, puts in the peer's place what the
     * client itself may have written, and hides the headers that would tell: it has no say in who is this machine.
     */
    private static HttpServletRequest bare(HttpServletRequest request) {
        ServletRequest bare = request;
        while (bare instanceof ServletRequestWrapper wrapper) {
            bare = wrapper.getRequest();
        }
        return bare instanceof HttpServletRequest http ? http : request;
    }

    /** Behind a proxy on the same machine everyone is 127.0.0.1, so who may have been forwarded is never loopback. */
    private static boolean isProxied(Snapshot headers) {
        for (String name : headers.names) {
            if (SIGNS_OF_A_PROXY.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a proxy on this machine says of whom it forwards, and all that is said is loopback: in any of the headers, for the
     * proxy writes one of them and hands the others on as its caller sent them.
     */
    private static boolean namesLoopbackOnly(Snapshot headers) {
        List<String> named = new ArrayList<>(forwardedFor(headers));
        named.addAll(forwarded(headers));
        boolean forwarded = !named.isEmpty();
        headers.all("X-Real-IP").forEach(ip -> named.add(Addresses.plain(ip)));
        return forwarded && named.stream().allMatch(Addresses::isLoopback);
    }

    private static List<String> forwardedFor(Snapshot headers) {
        return Addresses.forwardedFor(headers.all("X-Forwarded-For"));
    }

    private static List<String> forwarded(Snapshot headers) {
        return Addresses.forwarded(headers.all("Forwarded"));
    }

    /**
     * The address that the nearest proxy which is not ours to trust says it was called from: read from the right. Where there are
     * both headers and they disagree, one is the caller's own; which, we do not know, and so neither counts.
     */
    private static Optional<String> client(Snapshot headers, String peer, CometConfig config) {
        List<String> hops = forwardedFor(headers);
        List<String> others = forwarded(headers);
        String address = nearest(hops.isEmpty() ? others : hops, peer, config);
        boolean agreed = hops.isEmpty() || others.isEmpty() || address.equals(nearest(others, peer, config));
        return agreed ? Optional.of(address) : Optional.empty();
    }

    private static String nearest(List<String> hops, String peer, CometConfig config) {
        String address = peer;
        for (int i = hops.size() - 1; i >= 0 && config.trusts(address); i--) {
            address = hops.get(i);
        }
        return address;
    }
}
