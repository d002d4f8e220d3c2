package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The nginx configurations of docs/deploy.md, with a real nginx: word by word, but for ports and paths. */
@Timeout(60)
class NginxTest {
    private static final String SOCKET = "/var/tmp/comet.sock";

    /** What somebody may write who has not read the page. */
    private static final String CARELESS = """
            server {
              listen 80;
              location / {
                HEADER
                proxy_pass http://127.0.0.1:8080;
              }
            }
            """;

    private static final String FORWARDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

    private @Nullable Deployment deployment;

    /** How nginx reaches Comet. */
    enum Upstream {
        TCP,
        UNIX
    }

    @BeforeAll
    static void nginxIsThere() {
        assumeTrue(
                FrontServer.find("nginx").isPresent(),
                "there is no nginx here, so docs/deploy.md is not tested: apt-get install nginx");
    }

    @BeforeEach
    void deploy() throws IOException {
        deployment = new Deployment();
    }

    @AfterEach
    void close() throws IOException {
        here().close();
    }

    // ---- the webapp with every endpoint

    @ParameterizedTest
    @EnumSource
    void nativeEndpoint_streams_andPolls(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        here().streams(nginx.get("/comet/events?channel=a&as=sse"), "a", "data: %s\n");
        here().streams(nginx.get("/comet/events?channel=b&as=ndjson"), "b", "\"data\":\"%s\"");
        here().polls(nginx.get("/comet/events?channel=c&as=poll"), "c", "\"data\":\"%s\"");
    }

    @ParameterizedTest
    @EnumSource
    void icomet_streams_andPolls(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        here().streams(nginx.get("/icomet/stream?cname=a&seq=1"), "a", "\"content\":\"%s\"");
        here().streams(nginx.get("/icomet/iframe?cname=b&seq=1"), "b", "\"content\":\"%s\"});</script>\n");
        RawExchange.Response sse =
                here().streams(nginx.get("/icomet/sse?cname=c&seq=1"), "c", "\"content\":\"%s\"}\n\n");
        here().polls(nginx.get("/icomet/poll?cname=d&seq=1"), "d", "\"content\":\"%s\"");
        here().polls(nginx.get("/icomet/sub?cname=e&seq=1"), "e", "\"content\":\"%s\"");

        assertThat(sse.headers()).containsEntry("access-control-allow-origin", "*");
    }

    @ParameterizedTest
    @EnumSource
    void simpleComet_polls_andNobodyPublishes(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);
        here().comet().channel("a");
        here().comet().channel("b");

        here().polls(nginx.get("/simple-comet/channels/a.json"), "a", "\"content\":\"%s\"");
        here().polls(nginx.get("/simple-comet/channels/a%7Cb.jsonp?since=" + newest()), "b", "\"content\":\"%s\"");
        assertThat(Deployment.ended(nginx.form("/simple-comet/channels/a.json", "content=x"))
                        .body())
                .contains("\"return_code\":-4");
        assertThat(Deployment.ended(nginx.form("/simple-comet/channels.json", "channel_id=c"))
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @EnumSource
    void stardust_polls_andNobodyPosts(Upstream upstream) throws Exception {
        here().stardust(webapp(upstream), "/stardust");
    }

    @ParameterizedTest
    @EnumSource
    void ccomet_polls_andEverybodyPublishes(Upstream upstream) throws Exception {
        here().ccomet(webapp(upstream), "/ccomet");
    }

    @ParameterizedTest
    @EnumSource
    void adminEndpoints_areNotMapped(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        assertThat(Deployment.ended(nginx.form("/comet-admin/channels/a", "x")).status())
                .isEqualTo(404);
        assertThat(Deployment.ended(nginx.get("/icomet-admin/push?cname=a&content=x"))
                        .status())
                .isEqualTo(404);
        assertThat(Deployment.ended(nginx.get("/icomet-admin/info")).status()).isEqualTo(404);
        assertThat(Deployment.ended(nginx.form("/comet/channels/a", "x")).status())
                .isEqualTo(403);
    }

    // ---- by their own ports and paths

    @Test
    void simpleComet_byItsOwnPaths_overItsSocket_hasCorsHeaders() throws Exception {
        here().start("--drop-in", "--unix-socket-path=" + here().socket());
        FrontServer nginx = nginx(Deployment.replaced(block("simple-comet"), SOCKET, here().socket()));
        here().comet().channel("a");
        here().comet().channel("b");

        RawExchange.Response read = here().polls(nginx.get("/subscribe/a%7Cb.json"), "b", "\"content\":\"%s\"");
        RawExchange.Response preflight =
                Deployment.ended(nginx.open("OPTIONS /subscribe/a.json", Map.of("Origin", "http://x"), ""));
        RawExchange.Response refused = Deployment.ended(nginx.form("/subscribe/a.json", "content=x"));

        assertThat(List.of(read, preflight, refused)).allSatisfy(answer -> assertThat(answer.headers())
                .containsEntry("access-control-allow-origin", "*")
                .containsEntry("access-control-allow-methods", "GET, OPTIONS")
                .containsEntry("access-control-allow-headers", "X-Requested-With,Accept,If-Modified-Since,ETag")
                .containsEntry("access-control-max-age", "1728000"));
        assertThat(preflight.status()).isEqualTo(200);
        assertThat(refused.body()).contains("\"return_code\":-4");
        assertThat(Deployment.ended(nginx.get("/channels/a.json")).status()).isEqualTo(404);
    }

    @Test
    void stardust_belowItsBase_besideStaticFiles() throws Exception {
        here().start("--drop-in", "--stardust.base=/comet");
        Files.writeString(here().directory().resolve("index.html"), "the static page");
        String config = Deployment.replaced(
                block("stardust"),
                "127.0.0.1:5742",
                "127.0.0.1:" + here().server().portOf("stardust"));
        FrontServer nginx = nginx(Deployment.replaced(
                config, "/thttpd/stardust.com.et", here().directory().toString()));

        assertThat(Deployment.ended(nginx.get("/")).body()).isEqualTo("the static page");
        here().stardust(nginx, "/comet");
    }

    @Test
    void icomet_byItsOwnPaths() throws Exception {
        here().start("--drop-in");
        FrontServer nginx = nginx(Deployment.replaced(
                overHttp10(block("icomet")),
                "127.0.0.1:8100",
                "127.0.0.1:" + here().server().portOf("icomet")));

        here().streams(nginx.get("/stream?cname=a&seq=1"), "a", "\"content\":\"%s\"");
        here().polls(nginx.get("/sub?cname=b&seq=1"), "b", "\"content\":\"%s\"");
        assertThat(Deployment.ended(nginx.get("/push?cname=a&content=x")).status())
                .isEqualTo(404);
    }

    @Test
    void ccomet_onAllItsPorts_isOneHub() throws Exception {
        here().start("--drop-in");
        String config = block("ccomet");
        for (int port = 8081; port <= 8085; port++) {
            config = Deployment.replaced(
                    config, "127.0.0.1:" + port, "127.0.0.1:" + here().server().portOf("ccomet-" + port));
        }

        here().ccomet(nginx(config), "");
    }

    // ---- who is who

    /** The page's reason for not mapping them: what comes through a proxy that says so is refused, ... */
    @Test
    void adminEndpoints_thatAreMapped_refuseWhatIsForwarded() throws Exception {
        here().start();
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", FORWARDED)));

        assertThat(Deployment.ended(nginx.form("/comet-admin/channels/a", "x")).status())
                .isEqualTo(403);
        assertThat(Deployment.ended(nginx.get("/icomet-admin/push?cname=a&content=x"))
                        .status())
                .isEqualTo(403);
        assertThat(Deployment.ended(nginx.form("/simple-comet/channels.json", "channel_id=a"))
                        .body())
                .contains("\"return_code\":-4");
        assertThat(Deployment.ended(nginx.form("/stardust/channel/a", "m={}")).status())
                .isEqualTo(403);
        assertThat(here().comet().find("a")).isEmpty();
    }

    /** ... and one that says nothing opens them to everyone. If this ever fails, the page can be milder. */
    @Test
    void adminEndpoints_behindAProxyThatSaysNothing_areOpen() throws Exception {
        here().start();
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", "")));

        assertThat(Deployment.ended(nginx.get("/icomet-admin/push?cname=a&content=x"))
                        .body())
                .isEqualTo("{\"type\":\"ok\"}\n");
    }

    @Test
    void trustedProxy_isBelieved_whoItsClientIs() throws Exception {
        here().start("--trusted-proxies=127.0.0.1", "--max-subscribers-per-address=1");
        FrontServer nginx = nginx(toPort(block("webapp")));

        here().held(from("127.0.0.2", nginx), "a", 1);
        here().held(from("127.0.0.3", nginx), "a", 2);
        assertThat(Deployment.ended(from("127.0.0.2", nginx)).body()).contains("\"type\":\"429\"");
    }

    @Test
    void proxy_thatIsNotTrusted_isOneAddress() throws Exception {
        here().start("--max-subscribers-per-address=1");
        FrontServer nginx = nginx(toPort(block("webapp")));

        here().held(from("127.0.0.2", nginx), "a", 1);
        assertThat(Deployment.ended(from("127.0.0.3", nginx)).body()).contains("\"type\":\"429\"");
    }

    /** The client's own line stays, to the left of what nginx appends. */
    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.9", "127.0.0.1, 203.0.113.9"})
    void client_behindATrustedProxy_thatNamesAForeignAddress_isNotThisMachine(String forwardedFor) throws Exception {
        here().start("--trusted-proxies=127.0.0.1");
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", FORWARDED)));

        RawExchange push =
                nginx.open("GET /icomet-admin/push?cname=a&content=x", Map.of("X-Forwarded-For", forwardedFor), "");
        assertThat(Deployment.ended(push).status()).isEqualTo(403);
    }

    // ---- what buffering does: over HTTP/1.0, for of a chunk nginx sees where it ends, and hands it on

    /** The stream's own end shows that nothing else was wrong with it. */
    @Test
    void buffering_keepsAStreamBack_toItsEnd() throws Exception {
        here().start();
        FrontServer nginx = nginx(toPort(buffering(overHttp10(block("webapp")))));
        RawExchange late = here().held(nginx.get("/comet/events?channel=a&as=ndjson"), "a", 1);
        RawExchange direct = new RawExchange(
                "127.0.0.1", here().server().uri().getPort(), "GET /comet/events?channel=a&as=ndjson", Map.of(), "");
        here().held(direct, "a", 2);

        for (String text : List.of("one", "two", "three")) {
            here().comet().publish("a", text);
            Until.body(direct, text);
        }
        assertThat(late.soFar().body()).doesNotContain("one", "two", "three");

        assertThat(here().comet().channel("a").remove()).isTrue();
        assertThat(Deployment.ended(late).body()).contains("one", "two", "three", "close");
    }

    /** What {@code proxy_buffering off} is for. */
    @Test
    void bufferingOff_isEnough() throws Exception {
        here().start();

        streamsOfBoth(nginx(toPort(overHttp10(block("webapp")))));
    }

    /** What {@code X-Accel-Buffering} is for. */
    @Test
    void header_isEnough() throws Exception {
        here().start();
        String config = toPort(buffering(overHttp10(block("webapp"))));
        FrontServer nginx = here().behind(FrontServer.nginx(here().directory(), config, ""));

        streamsOfBoth(nginx);
    }

    private void streamsOfBoth(FrontServer nginx) throws Exception {
        here().streams(nginx.get("/comet/events?channel=a&as=sse"), "a", "data: %s\n");
        here().streams(nginx.get("/comet/events?channel=b&as=ndjson"), "b", "\"data\":\"%s\"");
        here().streams(nginx.get("/icomet/stream?cname=c&seq=1"), "c", "\"content\":\"%s\"");
        here().streams(nginx.get("/icomet/iframe?cname=d&seq=1"), "d", "\"content\":\"%s\"");
        here().streams(nginx.get("/icomet/sse?cname=e&seq=1"), "e", "\"content\":\"%s\"");
    }

    private static String overHttp10(String config) {
        return Deployment.replaced(config, "proxy_http_version 1.1;", "proxy_http_version 1.0;");
    }

    private static String buffering(String config) {
        return Deployment.replaced(config, "proxy_buffering off;", "proxy_buffering on;");
    }

    // ---- the house

    private RawExchange from(String address, FrontServer nginx) throws IOException {
        return nginx.getFrom(address, "/icomet/sub?cname=a&seq=1");
    }

    private long newest() {
        return here().comet().channel("a").history().stream()
                .mapToLong(dev.comet.Message::id)
                .max()
                .orElse(0);
    }

    private FrontServer webapp(Upstream upstream) throws Exception {
        here().start("--unix-socket-path=" + here().socket());
        String config = block("webapp");
        if (upstream == Upstream.TCP) {
            return nginx(toPort(config));
        }
        int end = config.indexOf("server {\n  listen");
        return nginx(
                Deployment.replaced(block("unix upstream"), SOCKET, here().socket()) + "\n" + config.substring(end));
    }

    private FrontServer nginx(String config) throws Exception {
        return here().behind(FrontServer.nginx(here().directory(), config));
    }

    private String toPort(String config) {
        return Deployment.replaced(
                config, "127.0.0.1:8080", "127.0.0.1:" + here().server().uri().getPort());
    }

    private static String block(String name) throws IOException {
        return Deployment.block("nginx", name, "nginx");
    }

    private Deployment here() {
        return Objects.requireNonNull(deployment);
    }
}
