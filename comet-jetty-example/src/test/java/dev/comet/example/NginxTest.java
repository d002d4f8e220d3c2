package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.comet.Comet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
    private static final Path PAGE = Path.of("../docs/deploy.md");
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

    private Path directory = Path.of("");
    private @Nullable Comet comet;
    private @Nullable ExampleServer server;
    private @Nullable FrontServer front;
    private final List<RawExchange> exchanges = new ArrayList<>();

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

    /** Not JUnit's: the path of a socket may have a hundred bytes. */
    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory("comet");
    }

    @AfterEach
    void stop() throws Exception {
        for (RawExchange exchange : exchanges) {
            exchange.close();
        }
        if (front != null) {
            front.close();
        }
        if (server != null && comet != null) {
            comet.drain(Duration.ofSeconds(1));
            server.stop();
            comet.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    // ---- the webapp with every endpoint

    @ParameterizedTest
    @EnumSource
    void nativeEndpoint_streams_andPolls(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        streams(nginx.get("/comet/events?channel=a&as=sse"), "a", "data: %s\n");
        streams(nginx.get("/comet/events?channel=b&as=ndjson"), "b", "\"data\":\"%s\"");
        polls(nginx.get("/comet/events?channel=c&as=poll"), "c", "\"data\":\"%s\"");
    }

    @ParameterizedTest
    @EnumSource
    void icomet_streams_andPolls(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        streams(nginx.get("/icomet/stream?cname=a&seq=1"), "a", "\"content\":\"%s\"");
        streams(nginx.get("/icomet/iframe?cname=b&seq=1"), "b", "\"content\":\"%s\"});</script>\n");
        RawExchange.Response sse = streams(nginx.get("/icomet/sse?cname=c&seq=1"), "c", "\"content\":\"%s\"}\n\n");
        polls(nginx.get("/icomet/poll?cname=d&seq=1"), "d", "\"content\":\"%s\"});\n");
        polls(nginx.get("/icomet/sub?cname=e&seq=1"), "e", "\"content\":\"%s\"}\n");

        assertThat(sse.headers()).containsEntry("access-control-allow-origin", "*");
    }

    @ParameterizedTest
    @EnumSource
    void simpleComet_polls_andNobodyPublishes(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);
        comet().channel("a");
        comet().channel("b");

        polls(nginx.get("/simple-comet/channels/a.json"), "a", "\"content\":\"%s\"");
        polls(nginx.get("/simple-comet/channels/a%7Cb.jsonp?since=" + newest()), "b", "\"content\":\"%s\"");
        assertThat(ended(nginx.form("/simple-comet/channels/a.json", "content=x")).body())
                .contains("\"return_code\":-4");
        assertThat(ended(nginx.form("/simple-comet/channels.json", "channel_id=c")).status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @EnumSource
    void stardust_polls_andNobodyPosts(Upstream upstream) throws Exception {
        stardust(webapp(upstream), "/stardust");
    }

    @ParameterizedTest
    @EnumSource
    void ccomet_polls_andEverybodyPublishes(Upstream upstream) throws Exception {
        ccomet(webapp(upstream), "/ccomet");
    }

    @ParameterizedTest
    @EnumSource
    void adminEndpoints_areNotMapped(Upstream upstream) throws Exception {
        FrontServer nginx = webapp(upstream);

        assertThat(ended(nginx.form("/comet-admin/channels/a", "x")).status()).isEqualTo(404);
        assertThat(ended(nginx.get("/icomet-admin/push?cname=a&content=x")).status())
                .isEqualTo(404);
        assertThat(ended(nginx.get("/icomet-admin/info")).status()).isEqualTo(404);
        assertThat(ended(nginx.form("/comet/channels/a", "x")).status()).isEqualTo(403);
    }

    // ---- by their own ports and paths

    @Test
    void simpleComet_byItsOwnPaths_overItsSocket_hasCorsHeaders() throws Exception {
        start("--drop-in", "--unix-socket-path=" + socket());
        FrontServer nginx = nginx(replaced(block("simple-comet"), SOCKET, socket()));
        comet().channel("a");
        comet().channel("b");

        RawExchange.Response read = polls(nginx.get("/subscribe/a%7Cb.json"), "b", "\"content\":\"%s\"");
        RawExchange.Response preflight = ended(nginx.open("OPTIONS /subscribe/a.json", Map.of("Origin", "http://x"), ""));
        RawExchange.Response refused = ended(nginx.form("/subscribe/a.json", "content=x"));

        assertThat(List.of(read, preflight, refused))
                .allSatisfy(answer -> assertThat(answer.headers())
                        .containsEntry("access-control-allow-origin", "*")
                        .containsEntry("access-control-allow-methods", "GET, OPTIONS")
                        .containsEntry(
                                "access-control-allow-headers", "X-Requested-With,Accept,If-Modified-Since,ETag")
                        .containsEntry("access-control-max-age", "1728000"));
        assertThat(preflight.status()).isEqualTo(200);
        assertThat(refused.body()).contains("\"return_code\":-4");
        assertThat(ended(nginx.get("/channels/a.json")).status()).isEqualTo(404);
    }

    @Test
    void stardust_belowItsBase_besideStaticFiles() throws Exception {
        start("--drop-in", "--stardust.base=/comet");
        Files.writeString(directory.resolve("index.html"), "the static page");
        String config = replaced(block("stardust"), "127.0.0.1:5742", "127.0.0.1:" + server().portOf("stardust"));
        FrontServer nginx = nginx(replaced(config, "/thttpd/stardust.com.et", directory.toString()));

        assertThat(ended(nginx.get("/")).body()).isEqualTo("the static page");
        stardust(nginx, "/comet");
    }

    @Test
    void icomet_byItsOwnPaths() throws Exception {
        start("--drop-in");
        FrontServer nginx =
                nginx(replaced(overHttp10(block("icomet")), "127.0.0.1:8100", "127.0.0.1:" + server().portOf("icomet")));

        streams(nginx.get("/stream?cname=a&seq=1"), "a", "\"content\":\"%s\"");
        polls(nginx.get("/sub?cname=b&seq=1"), "b", "\"content\":\"%s\"}\n");
        assertThat(ended(nginx.get("/push?cname=a&content=x")).status()).isEqualTo(404);
    }

    @Test
    void ccomet_onAllItsPorts_isOneHub() throws Exception {
        start("--drop-in");
        String config = block("ccomet");
        for (int port = 8081; port <= 8085; port++) {
            config = replaced(config, "127.0.0.1:" + port, "127.0.0.1:" + server().portOf("ccomet-" + port));
        }

        ccomet(nginx(config), "");
    }

    // ---- who is who

    /** The page's reason for not mapping them: what comes through a proxy that says so is refused, ... */
    @Test
    void adminEndpoints_thatAreMapped_refuseWhatIsForwarded() throws Exception {
        start();
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", FORWARDED)));

        assertThat(ended(nginx.form("/comet-admin/channels/a", "x")).status()).isEqualTo(403);
        assertThat(ended(nginx.get("/icomet-admin/push?cname=a&content=x")).status())
                .isEqualTo(403);
        assertThat(ended(nginx.form("/simple-comet/channels.json", "channel_id=a")).body())
                .contains("\"return_code\":-4");
        assertThat(ended(nginx.form("/stardust/channel/a", "m={}")).status()).isEqualTo(403);
        assertThat(comet().find("a")).isEmpty();
    }

    /** ... and one that says nothing opens them to everyone. If this ever fails, the page can be milder. */
    @Test
    void adminEndpoints_behindAProxyThatSaysNothing_areOpen() throws Exception {
        start();
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", "")));

        assertThat(ended(nginx.get("/icomet-admin/push?cname=a&content=x")).body()).isEqualTo("{\"type\":\"ok\"}\n");
    }

    @Test
    void trustedProxy_isBelieved_whoItsClientIs() throws Exception {
        start("--trusted-proxies=127.0.0.1", "--max-subscribers-per-address=1");
        FrontServer nginx = nginx(toPort(block("webapp")));

        held(from("127.0.0.2", nginx), "a", 1);
        held(from("127.0.0.3", nginx), "a", 2);
        assertThat(ended(from("127.0.0.2", nginx)).body()).contains("\"type\":\"429\"");
    }

    @Test
    void proxy_thatIsNotTrusted_isOneAddress() throws Exception {
        start("--max-subscribers-per-address=1");
        FrontServer nginx = nginx(toPort(block("webapp")));

        held(from("127.0.0.2", nginx), "a", 1);
        assertThat(ended(from("127.0.0.3", nginx)).body()).contains("\"type\":\"429\"");
    }

    /** The client's own line stays, to the left of what nginx appends. */
    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.9", "127.0.0.1, 203.0.113.9"})
    void client_behindATrustedProxy_thatNamesAForeignAddress_isNotThisMachine(String forwardedFor) throws Exception {
        start("--trusted-proxies=127.0.0.1");
        FrontServer nginx = nginx(toPort(CARELESS.replace("HEADER", FORWARDED)));

        RawExchange push =
                nginx.open("GET /icomet-admin/push?cname=a&content=x", Map.of("X-Forwarded-For", forwardedFor), "");
        assertThat(ended(push).status()).isEqualTo(403);
    }

    // ---- what buffering does: over HTTP/1.0, for of a chunk nginx sees where it ends, and hands it on

    /** The stream's own end shows that nothing else was wrong with it. */
    @Test
    void buffering_keepsAStreamBack_toItsEnd() throws Exception {
        start();
        FrontServer nginx = nginx(toPort(buffering(overHttp10(block("webapp")))));
        RawExchange late = held(nginx.get("/comet/events?channel=a&as=ndjson"), "a", 1);
        RawExchange direct = new RawExchange(
                "127.0.0.1", server().uri().getPort(), "GET /comet/events?channel=a&as=ndjson", Map.of(), "");
        held(direct, "a", 2);

        for (String text : List.of("one", "two", "three")) {
            comet().publish("a", text);
            Until.body(direct, text);
        }
        assertThat(late.soFar().body()).doesNotContain("one", "two", "three");

        assertThat(comet().channel("a").remove()).isTrue();
        assertThat(ended(late).body()).contains("one", "two", "three", "close");
    }

    /** What {@code proxy_buffering off} is for. */
    @Test
    void bufferingOff_isEnough() throws Exception {
        start();

        streamsOfBoth(nginx(toPort(overHttp10(block("webapp")))));
    }

    /** What {@code X-Accel-Buffering} is for. */
    @Test
    void header_isEnough() throws Exception {
        start();
        FrontServer nginx = FrontServer.nginx(directory, toPort(buffering(overHttp10(block("webapp")))), "");
        front = nginx;

        streamsOfBoth(nginx);
    }

    private void streamsOfBoth(FrontServer nginx) throws Exception {
        streams(nginx.get("/comet/events?channel=a&as=sse"), "a", "data: %s\n");
        streams(nginx.get("/comet/events?channel=b&as=ndjson"), "b", "\"data\":\"%s\"");
        streams(nginx.get("/icomet/stream?cname=c&seq=1"), "c", "\"content\":\"%s\"");
        streams(nginx.get("/icomet/iframe?cname=d&seq=1"), "d", "\"content\":\"%s\"");
        streams(nginx.get("/icomet/sse?cname=e&seq=1"), "e", "\"content\":\"%s\"");
    }

    private static String overHttp10(String config) {
        return replaced(config, "proxy_http_version 1.1;", "proxy_http_version 1.0;");
    }

    private static String buffering(String config) {
        return replaced(config, "proxy_buffering off;", "proxy_buffering on;");
    }

    // ---- what is looked at in each dialect

    /** Each message arrives before the next is published. */
    private RawExchange.Response streams(RawExchange stream, String channel, String frame) throws Exception {
        held(stream, channel, 1);
        for (String text : List.of("one", "two", "three")) {
            comet().publish(channel, text);
            Until.body(stream, frame.formatted(text));
        }
        RawExchange.Response open = stream.soFar();
        assertThat(open.status()).isEqualTo(200);
        assertThat(open.complete()).isFalse();
        stream.close();
        return open;
    }

    private RawExchange.Response polls(RawExchange poll, String channel, String frame) throws Exception {
        held(poll, channel, 1);
        assertThat(poll.soFar().complete()).isFalse();
        comet().publish(channel, "hello");
        RawExchange.Response answer = ended(poll);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains(frame.formatted("hello"));
        return answer;
    }

    private void stardust(FrontServer nginx, String at) throws Exception {
        assertThat(ended(nginx.get(at + "/channel/a+b/stream/0.5")).body()).isEqualTo("[]");
        RawExchange poll = nginx.get(at + "/channel/a+b/stream/0.5");
        held(poll, "b", 1);
        comet().publishJson("b", "{\"n\":1}");

        assertThat(ended(poll).body()).startsWith("[{\"n\":1,").contains("\"_ch\":\"b\"");
        assertThat(ended(nginx.form(at + "/channel/a", "m={}")).status()).isEqualTo(403);
    }

    private void ccomet(FrontServer nginx, String at) throws Exception {
        for (int seqid = 0; seqid < 5; seqid++) {
            RawExchange poll = nginx.get(at + "/subscribe?channel=a&sname=ann&callback=cb&seqid=" + seqid);
            held(poll, "a", 1);
            assertThat(ended(nginx.get(at + "/publish?channel=a&sname=bob&callback=cb&msg=hi" + seqid)).body())
                    .isEqualTo("cb('[{\"type\" : \"publish\"}]')");

            assertThat(ended(poll).body()).contains("\"msg\":\"hi" + seqid + "\"");
        }
    }

    private RawExchange from(String address, FrontServer nginx) throws IOException {
        return nginx.getFrom(address, "/icomet/sub?cname=a&seq=1");
    }

    private RawExchange held(RawExchange exchange, String channel, int subscribers) throws Exception {
        exchanges.add(exchange);
        Until.held(comet(), channel, subscribers);
        return exchange;
    }

    private static RawExchange.Response ended(RawExchange exchange) throws Exception {
        try (exchange) {
            return Until.complete(exchange);
        }
    }

    private long newest() {
        return comet().channel("a").history().stream()
                .mapToLong(dev.comet.Message::id)
                .max()
                .orElse(0);
    }

    // ---- the house

    private FrontServer webapp(Upstream upstream) throws Exception {
        start("--unix-socket-path=" + socket());
        String config = block("webapp");
        if (upstream == Upstream.TCP) {
            return nginx(toPort(config));
        }
        int end = config.indexOf("server {\n  listen");
        return nginx(replaced(block("unix upstream"), SOCKET, socket()) + "\n" + config.substring(end));
    }

    private FrontServer nginx(String config) throws Exception {
        FrontServer started = FrontServer.nginx(directory, config);
        front = started;
        return started;
    }

    private String toPort(String config) {
        return replaced(config, "127.0.0.1:8080", "127.0.0.1:" + server().uri().getPort());
    }

    private static String block(String name) throws IOException {
        List<String> blocks = Blocks.of(PAGE, "<!-- nginx: " + name + " ", "nginx");
        assertThat(blocks).as("the page's nginx configuration for " + name).hasSize(1);
        return blocks.get(0);
    }

    private static String replaced(String text, String part, String by) {
        assertThat(text).contains(part);
        return text.replace(part, by);
    }

    private String socket() {
        return directory.resolve("comet.sock").toString();
    }

    private void start(String... more) throws Exception {
        String[] args = Stream.concat(Stream.of("--port=0", "--host=127.0.0.1"), Stream.of(more))
                .toArray(String[]::new);
        Options options = Options.parse(args);
        Comet hub = options.settings().comet().build();
        comet = hub;
        server = new ExampleServer(hub, options, original -> 0);
        server.start();
    }

    private Comet comet() {
        return java.util.Objects.requireNonNull(comet);
    }

    private ExampleServer server() {
        return java.util.Objects.requireNonNull(server);
    }
}
