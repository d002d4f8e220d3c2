package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Over a UNIX socket everyone may read. Who comes that way has no address, and no address is not loopback. */
@Timeout(60)
class UnixSocketTest {
    private static final String FORM = "application/x-www-form-urlencoded";

    private Path directory = Path.of("");
    private @Nullable Comet comet;
    private @Nullable ExampleServer server;

    /** Not JUnit's: the path of a socket may have a hundred bytes. */
    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory("comet");
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null && comet != null) {
            comet.drain(Duration.ofSeconds(5));
            server.stop();
            comet.close();
        }
        Files.deleteIfExists(socket());
        Files.delete(directory);
    }

    @Test
    void socket_withoutDropIn_hasEveryMount() throws Exception {
        Comet hub = start();
        try (RawExchange poll = get("/comet/events?channel=news&as=poll");
                RawExchange stream = get("/icomet/stream?cname=news&seq=1")) {
            Until.held(hub, "news", 2);
            hub.publish("news", "hello");

            assertThat(Until.complete(poll).body()).contains("\"data\":\"hello\"");
            Until.body(stream, "\"content\":\"hello\"");
        }
    }

    @Test
    void socket_withDropIn_isSimpleComets_byItsOwnPaths() throws Exception {
        Comet hub = start("--drop-in");
        hub.channel("news");
        try (RawExchange read = get("/channels/news.json")) {
            Until.held(hub, "news", 1);
            hub.publish("news", "hello");

            assertThat(Until.complete(read).body()).contains("\"content\":\"hello\"", "\"return_code\":1");
        }
        try (RawExchange native_ = get("/comet/events?channel=news")) {
            assertThat(Until.complete(native_).body()).doesNotContain("id:");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST /comet-admin/channels/news   | text/plain | hello           | 403 | from this machine",
                "POST /comet/channels/news         | text/plain | hello           | 403 | nobody may",
                "POST /icomet-admin/push           | form       | cname=news&content=hello | 403 | from 127.0.0.1",
                "GET /icomet-admin/push?cname=news&content=hello | text/plain | '' | 403 | from 127.0.0.1",
                "POST /simple-comet/channels/news.json | form   | content=hello   | 200 | \"return_code\":-4",
                "POST /stardust/channel/news       | form       | m={}            | 403 | from 127.0.0.1",
            })
    void publish_overTheSocket_isRefused(String request, String type, String body, int status, String reason)
            throws Exception {
        Comet hub = start();
        hub.channel("news");

        try (RawExchange publish = open(request, Map.of("Content-Type", type.equals("form") ? FORM : type), body)) {
            RawExchange.Response refused = Until.complete(publish);
            assertThat(refused.status()).isEqualTo(status);
            assertThat(refused.body()).contains(reason);
        }
        assertThat(hub.channel("news").nextSeq()).isEqualTo(1);
    }

    /** The one who says that it is loopback is the caller itself: there is no address of a proxy to trust. */
    @Test
    void publish_overTheSocket_isRefused_whatever_itSaysOfItself() throws Exception {
        start("--trusted-proxies=127.0.0.1,::1");

        try (RawExchange publish =
                open("POST /comet-admin/channels/news", Map.of("X-Forwarded-For", "127.0.0.1"), "hello")) {
            assertThat(Until.complete(publish).status()).isEqualTo(403);
        }
    }

    /** What is left of a process that was killed. */
    @Test
    void socket_ofAnEarlierProcess_isReplaced() throws Exception {
        java.nio.channels.ServerSocketChannel left =
                java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX);
        left.bind(UnixDomainSocketAddress.of(socket()));
        left.close();
        assertThat(socket()).exists();

        start();

        try (RawExchange ping = get("/icomet/ping")) {
            assertThat(Until.complete(ping).status()).isEqualTo(200);
        }
    }

    private Comet start(String... more) throws Exception {
        String[] args = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("--port=0", "--unix-socket-path=" + socket()),
                        java.util.stream.Stream.of(more))
                .toArray(String[]::new);
        Options options = Options.parse(args);
        Comet hub = options.settings().comet().build();
        comet = hub;
        server = new ExampleServer(hub, options, original -> 0);
        server.start();
        return hub;
    }

    private Path socket() {
        return directory.resolve("comet.sock");
    }

    private RawExchange get(String path) throws IOException {
        return open("GET " + path, Map.of(), "");
    }

    private RawExchange open(String request, Map<String, String> headers, String body) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()));
        return new RawExchange(channel, "localhost", request, headers, body);
    }
}
