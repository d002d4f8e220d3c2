package dev.comet.servlet;

import dev.comet.Caller;
import dev.comet.servlet.dialect.Request;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * From the container's request to ours. Everything that is needed later is copied here: containers recycle. getParameter is never
 * called: what containers make of forms and of bad escapes differs.
 */
final class Requests {
    private static final byte[] NO_BODY = {};
    private static final List<String> SIGNS_OF_A_PROXY =
            List.of("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via");

    private Requests() {}

    static Request head(HttpServletRequest request, CometConfig config) {
        String path = request.getPathInfo();
        String query = request.getQueryString();
        return new Request(
                request.getMethod(),
                path == null ? "" : path,
                query == null ? "" : query,
                Snapshot.of(request),
                caller(request, config),
                NO_BODY);
    }

    /** The headers, copied. */
    private record Snapshot(List<String> names, Map<String, List<String>> values) implements Request.Headers {
        static Snapshot of(HttpServletRequest request) {
            List<String> names = Collections.list(request.getHeaderNames());
            Map<String, List<String>> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (String name : names) {
                values.put(name, Collections.list(request.getHeaders(name)));
            }
            values.computeIfAbsent("Host", name -> List.of(authority(request)));
            return new Snapshot(names, values);
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
            return values.getOrDefault(name, List.of());
        }
    }

    private static Caller caller(HttpServletRequest request, CometConfig config) {
        String peer = Addresses.plain(request.getRemoteAddr());
        boolean trusted = config.trusts(peer);
        boolean loopback = Addresses.isLoopback(peer) && (trusted ? namesLoopbackOnly(request) : !isProxied(request));
        String address = trusted ? client(request, peer, config) : peer;
        boolean forwarded = !trusted && isProxied(request);
        return new Caller(
                address, loopback, forwarded, Optional.ofNullable(request.getUserPrincipal()), Optional.empty());
    }

    /** Behind a proxy on the same machine everyone is 127.0.0.1, so who may have been forwarded is never loopback. */
    private static boolean isProxied(HttpServletRequest request) {
        return SIGNS_OF_A_PROXY.stream().anyMatch(name -> request.getHeader(name) != null);
    }

    /**
     * Whether a proxy on this machine says of whom it forwards, and all that is said is loopback: in any of the headers, for the
     * proxy writes one of them and hands the others on as its caller sent them.
     */
    private static boolean namesLoopbackOnly(HttpServletRequest request) {
        List<String> named = new ArrayList<>(forwardedFor(request));
        named.addAll(forwarded(request));
        boolean forwarded = !named.isEmpty();
        Collections.list(request.getHeaders("X-Real-IP")).forEach(ip -> named.add(Addresses.plain(ip)));
        return forwarded && named.stream().allMatch(Addresses::isLoopback);
    }

    private static List<String> forwardedFor(HttpServletRequest request) {
        return Addresses.forwardedFor(Collections.list(request.getHeaders("X-Forwarded-For")));
    }

    private static List<String> forwarded(HttpServletRequest request) {
        return Addresses.forwarded(Collections.list(request.getHeaders("Forwarded")));
    }

    /** The address that the nearest proxy which is not ours to trust says it was called from: read from the right. */
    private static String client(HttpServletRequest request, String peer, CometConfig config) {
        List<String> hops = forwardedFor(request);
        hops = hops.isEmpty() ? forwarded(request) : hops; // X-Forwarded-For wins where both are there
        String address = peer;
        for (int i = hops.size() - 1; i >= 0 && config.trusts(address); i--) {
            address = hops.get(i);
        }
        return address;
    }
}
