package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Caller;
import dev.comet.servlet.dialect.Request;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.lang.reflect.Proxy;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From the container's request to ours: who is loopback, and who is behind the proxies. */
final class RequestsTest {
    private static final CometConfig NO_PROXIES = CometConfig.defaults();
    private static final CometConfig LOCAL_PROXY =
            CometConfig.builder().trustedProxies(Set.of("127.0.0.1", "::1")).build();
    private static final CometConfig PROXIES = CometConfig.builder()
            .trustedProxies(Set.of("127.0.0.1", "10.0.0.0/8"))
            .build();

    /** As much of a container's request as is asked for; anything else fails. */
    private static final class Stub {
        private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        private String address;
        private Principal principal;
        private String pathInfo = "/events";
        private String query = "channel=%zz";
        private String scheme = "http";
        private String serverName = "localhost";
        private int serverPort = 8080;

        Stub(String address) {
            this.address = address;
        }

        Stub with(String name, String value) {
            headers.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
            return this;
        }

        HttpServletRequest request() {
            return (HttpServletRequest) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {HttpServletRequest.class}, (proxy, method, args) -> {
                        List<String> values = args == null ? List.of() : headers.getOrDefault(args[0], List.of());
                        return switch (method.getName()) {
                            case "getMethod" -> "GET";
                            case "getPathInfo" -> pathInfo;
                            case "getQueryString" -> query;
                            case "getScheme" -> scheme;
                            case "getServerName" -> serverName;
                            case "getServerPort" -> serverPort;
                            case "getRemoteAddr" -> address;
                            case "getUserPrincipal" -> principal;
                            case "getHeaderNames" -> Collections.enumeration(headers.keySet());
                            case "getHeaders" -> Collections.enumeration(values);
                            case "getHeader" -> values.isEmpty() ? null : values.get(0);
                            default -> throw new AssertionError("not to be called: " + method);
                        };
                    });
        }

        Caller caller(CometConfig config) {
            return Requests.head(request(), config).caller();
        }
    }

    private static Stub from(String address) {
        return new Stub(address);
    }

    // ---- loopback

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1", "[::1]", "::ffff:127.0.0.1", "::1%lo"})
    void thisMachine_isLoopback(String address) {
        assertThat(from(address).caller(NO_PROXIES).loopback()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "203.0.113.9", "2001:db8::1", "", "localhost", "127.0.0.1.evil"})
    void anotherMachine_isNot(String address) {
        assertThat(from(address).caller(NO_PROXIES).loopback()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-For | 127.0.0.1",
                "X-Forwarded-For | 203.0.113.9",
                "X-Forwarded-For | ''",
                "x-forwarded-for | ::1",
                "Forwarded | for=127.0.0.1",
                "Forwarded | proto=https",
                "X-Real-IP | 127.0.0.1",
                "X-Forwarded-Host | localhost",
                "X-Forwarded-Proto | http",
                "Via | 1.1 nginx",
            })
    void signOfAProxyThatIsNotConfigured_isNeverLoopback(String header, String value) {
        Caller caller = from("127.0.0.1").with(header, value).caller(NO_PROXIES);
        assertThat(caller.loopback()).isFalse();
        assertThat(caller.address()).as("and is not believed").isEqualTo("127.0.0.1");
    }

    @Test
    void forwardingHeader_fromElsewhere_isNotBelieved() {
        for (CometConfig config : List.of(NO_PROXIES, LOCAL_PROXY)) {
            Caller caller =
                    from("203.0.113.9").with("X-Forwarded-For", "127.0.0.1").caller(config);
            assertThat(caller.loopback()).isFalse();
            assertThat(caller.address()).isEqualTo("203.0.113.9");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-For | 127.0.0.1",
                "X-Forwarded-For | [::1]:4711",
                "X-Forwarded-For | 127.0.0.1, ::1",
                "Forwarded | for=127.0.0.1;proto=http",
                "Forwarded | for=\"[::1]:80\"",
            })
    void trustedProxyOnThisMachine_thatNamesLoopback_isLoopback(String header, String value) {
        assertThat(from("127.0.0.1").with(header, value).caller(LOCAL_PROXY).loopback())
                .isTrue();
        assertThat(from("127.0.0.1")
                        .with(header, value)
                        .with("Via", "1.1 nginx")
                        .with("X-Real-IP", "127.0.0.1")
                        .caller(LOCAL_PROXY)
                        .loopback())
                .isTrue();
    }

    /** It says that it forwards, or says nothing, but not for whom: that may be anyone. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Via | 1.1 nginx",
                "X-Real-IP | 127.0.0.1",
                "X-Real-IP | 203.0.113.9",
                "X-Forwarded-Proto | https",
                "X-Forwarded-Host | localhost",
                "Accept | */*",
                "X-Forwarded-For | ''",
                "X-Forwarded-For | unknown",
                "X-Forwarded-For | localhost",
                "X-Forwarded-For | 127.0.0.1, unknown",
                "X-Forwarded-For | 127.0.0.1,",
                "Forwarded | proto=https",
                "Forwarded | for=unknown",
                "Forwarded | for=_hidden",
                "Forwarded | for=\"127.0.0.1",
            })
    void trustedProxy_thatNamesNobody_isNeverLoopback(String header, String value) {
        assertThat(from("127.0.0.1").with(header, value).caller(LOCAL_PROXY).loopback())
                .isFalse();
    }

    /** The proxy adds its caller on the right; what stands left of it its caller may have written. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1, 203.0.113.9 | 203.0.113.9",
                "::1,127.0.0.1,203.0.113.9 | 203.0.113.9",
                "203.0.113.9 | 203.0.113.9",
                "127.0.0.1, 203.0.113.9, 127.0.0.1 | 203.0.113.9",
                "203.0.113.9, 127.0.0.1 | 203.0.113.9",
            })
    void spoofedEntry_isNotLoopback_andTheClientIsTheNearestThatIsNotTrusted(String value, String client) {
        Caller caller = from("127.0.0.1").with("X-Forwarded-For", value).caller(LOCAL_PROXY);
        assertThat(caller.loopback()).isFalse();
        assertThat(caller.address()).isEqualTo(client);
    }

    /** A proxy that writes one header hands the other on, as its caller sent it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-For | 127.0.0.1 | Forwarded | for=203.0.113.9",
                "X-Forwarded-For | 203.0.113.9 | Forwarded | for=127.0.0.1",
                "X-Forwarded-For | 127.0.0.1 | X-Real-IP | 203.0.113.9",
                "Forwarded | for=127.0.0.1 | X-Real-IP | 203.0.113.9",
            })
    void headersThatDisagree_areNotLoopback(String header, String value, String other, String otherValue) {
        assertThat(from("127.0.0.1")
                        .with(header, value)
                        .with(other, otherValue)
                        .caller(LOCAL_PROXY)
                        .loopback())
                .isFalse();
    }

    /** Its 127.0.0.1 is that machine's, not ours. */
    @Test
    void trustedProxyElsewhere_thatNamesLoopback_isNotLoopback() {
        assertThat(from("10.0.0.2")
                        .with("X-Forwarded-For", "127.0.0.1")
                        .caller(PROXIES)
                        .loopback())
                .isFalse();
        assertThat(from("127.0.0.1")
                        .with("X-Forwarded-For", "127.0.0.1, 10.0.0.2")
                        .caller(PROXIES)
                        .loopback())
                .isFalse();
    }

    // ---- the client's address

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.0.0.2 | 203.0.113.9 | 203.0.113.9",
                "10.0.0.2 | 198.51.100.7, 203.0.113.9, 10.0.0.3 | 203.0.113.9",
                "10.0.0.2 | 10.0.0.9, 10.0.0.8 | 10.0.0.9",
                "10.0.0.2 | unknown | unknown",
                "11.0.0.2 | 203.0.113.9 | 11.0.0.2",
                "::ffff:10.0.0.2 | 203.0.113.9:5555 | 203.0.113.9",
                "10.0.0.2 | [2001:db8::9]:5555 | 2001:db8:0:0:0:0:0:9",
            })
    void chain_isReadFromTheRight(String peer, String value, String client) {
        assertThat(from(peer).with("X-Forwarded-For", value).caller(PROXIES).address())
                .isEqualTo(client);
    }

    @Test
    void severalLines_areOneChain() {
        assertThat(from("10.0.0.2")
                        .with("X-Forwarded-For", "127.0.0.1")
                        .with("X-Forwarded-For", "203.0.113.9")
                        .with("X-Forwarded-For", "10.0.0.3")
                        .caller(PROXIES)
                        .address())
                .isEqualTo("203.0.113.9");
        assertThat(from("10.0.0.2")
                        .with("Forwarded", "for=127.0.0.1, for=203.0.113.9")
                        .with("Forwarded", "by=10.0.0.2;for=10.0.0.3")
                        .caller(PROXIES)
                        .address())
                .isEqualTo("203.0.113.9");
    }

    @Test
    void trustedProxy_thatNamesNobody_isTheAddress() {
        assertThat(from("10.0.0.2").with("Via", "1.1 x").caller(PROXIES).address())
                .isEqualTo("10.0.0.2");
    }

    // ---- Host: who it was that the page called, by which an admin mount knows a rebound name

    @ParameterizedTest
    @CsvSource({
        "http,evil.example,8080,evil.example:8080",
        "http,localhost,80,localhost",
        "https,localhost,443,localhost",
        "https,localhost,80,localhost:80",
        "http,::1,8080,[::1]:8080",
        "http,[::1],80,[::1]"
    })
    void hostOfHttp2_isWhatTheContainerMadeOfItsAuthority(String scheme, String name, int port, String host) {
        Stub stub = from("127.0.0.1");
        stub.scheme = scheme;
        stub.serverName = name;
        stub.serverPort = port;
        assertThat(Requests.head(stub.request(), NO_PROXIES).headers().all("host"))
                .containsExactly(host);
    }

    @Test
    void hostHeader_wins() {
        Stub stub = from("127.0.0.1").with("Host", "evil.example");
        assertThat(Requests.head(stub.request(), NO_PROXIES).headers().all("Host"))
                .containsExactly("evil.example");
    }

    // ---- the rest

    @Test
    void request_isCopied_undecoded() {
        Stub stub = from("127.0.0.1").with("Accept", "a").with("accept", "b").with("X-Comet-Type", "t");
        stub.principal = () -> "ann";
        Request request = Requests.head(stub.request(), NO_PROXIES);
        stub.headers.clear();
        stub.address = "203.0.113.9";
        assertThat(request.method()).isEqualTo("GET");
        assertThat(request.path()).isEqualTo("/events");
        assertThat(request.headers().all("ACCEPT")).containsExactly("a", "b");
        assertThat(request.header("accept")).contains("a");
        assertThat(request.header("Nothing")).isEmpty();
        assertThat(request.headers().names()).containsExactlyInAnyOrder("Accept", "X-Comet-Type");
        assertThat(request.caller().principal().orElseThrow().getName()).isEqualTo("ann");
        assertThat(request.caller().grant()).isEmpty();
        assertThat(request.body()).isEmpty();
    }

    @Test
    void nothingGiven_isEmpty() {
        Stub stub = from("127.0.0.1");
        stub.pathInfo = null;
        stub.query = null;
        Request request = Requests.head(stub.request(), NO_PROXIES);
        assertThat(request.path()).isEmpty();
        assertThat(request.query().all("channel")).isEmpty();
        assertThat(request.caller().principal()).isEmpty();
    }

    // ---- what others made of the request

    /** Spring's ForwardedHeaderFilter takes the first address, which the client may have written, and hides the headers. */
    @Test
    void filterThatReadsWhatProxiesSay_makesNobodyThisMachine() {
        HttpServletRequest forwarded = from("127.0.0.1")
                .with("X-Forwarded-For", "127.0.0.1, 203.0.113.9")
                .request();
        HttpServletRequest filtered = new HttpServletRequestWrapper(new HttpServletRequestWrapper(forwarded) {
            @Override
            public String getRemoteAddr() {
                return "127.0.0.1";
            }

            @Override
            public Enumeration<String> getHeaderNames() {
                return Collections.emptyEnumeration();
            }
        });
        for (CometConfig config : List.of(NO_PROXIES, LOCAL_PROXY)) {
            assertThat(Requests.head(filtered, config).caller().loopback()).isFalse();
        }
        assertThat(Requests.head(filtered, LOCAL_PROXY).caller().address()).isEqualTo("203.0.113.9");
    }

    /** A proxy writes one of the headers, and hands the other on as its client sent it: which is which, nobody knows. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "198.51.100.7 | for=203.0.113.9 | 127.0.0.1 | true",
                "203.0.113.9 | for=198.51.100.7 | 127.0.0.1 | true",
                "127.0.0.1 | for=203.0.113.9 | 127.0.0.1 | true",
                "203.0.113.9 | for=203.0.113.9 | 203.0.113.9 | false",
                "198.51.100.7, 203.0.113.9 | for=203.0.113.9 | 203.0.113.9 | false",
            })
    void headersThatDisagree_areNotBelieved(String one, String other, String address, boolean forwarded) {
        Caller caller = from("127.0.0.1")
                .with("X-Forwarded-For", one)
                .with("Forwarded", other)
                .caller(LOCAL_PROXY);
        assertThat(caller.address()).isEqualTo(address);
        assertThat(caller.forwarded()).isEqualTo(forwarded);
        assertThat(caller.loopback()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"203.0.113.9, 203.0.113.9", "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::", "2001:db8::1, 2001:db8:0:0::"})
    void limitsCount_byANetworkOfIpv6(String address, String network) {
        assertThat(Requests.head(from(address).request(), NO_PROXIES).network()).isEqualTo(network);
    }
}
