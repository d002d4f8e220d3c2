package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The Apache configurations of docs/deploy.md, with a real Apache: word by word, but for ports and paths. */
@Timeout(60)
class ApacheTest {
    private static final String SOCKET = "/var/tmp/comet.sock";

    private @Nullable Deployment deployment;

    @BeforeAll
    static void apacheIsThere() {
        assumeTrue(
                FrontServer.hasApache(),
                "there is no Debian Apache here, so that part of docs/deploy.md is not tested: apt-get install apache2-bin");
    }

    @BeforeEach
    void deploy() throws IOException {
        deployment = new Deployment();
    }

    @AfterEach
    void close() throws IOException {
        here().close();
    }

    @Test
    void webapp_everyDialectStreamsAndPolls_andNobodyPublishes() throws Exception {
        here().start();
        String config = Deployment.replaced(
                block("webapp"),
                "127.0.0.1:8080",
                "127.0.0.1:" + here().server().uri().getPort());
        FrontServer apache = here().behind(FrontServer.apache(here().directory(), config));
        here().comet().channel("s");
        here().comet().channel("t");

        here().streams(gzip(apache, "/comet/events?channel=n&as=sse"), "n", "data: %s\n");
        here().streams(gzip(apache, "/comet/events?channel=m&as=ndjson"), "m", "\"data\":\"%s\"");
        here().streams(gzip(apache, "/icomet/iframe?cname=i&seq=1"), "i", "\"content\":\"%s\"});</script>\n");
        here().polls(gzip(apache, "/icomet/sub?cname=j&seq=1"), "j", "\"content\":\"%s\"");
        here().polls(gzip(apache, "/simple-comet/channels/s%7Ct.json"), "t", "\"content\":\"%s\"");
        assertThat(Deployment.ended(apache.form("/simple-comet/channels/s.json", "content=x"))
                        .body())
                .contains("\"return_code\":-4");
        here().stardust(apache, "/stardust");
        here().ccomet(apache, "/ccomet");
        assertThat(Deployment.ended(apache.form("/comet-admin/channels/a", "x")).status())
                .isEqualTo(404);
    }

    @Test
    void dropIn_byTheirOwnPaths_andOverTheSocket() throws Exception {
        Path socket = here().directory().resolve("comet.sock");
        here().start("--drop-in", "--stardust.base=/comet", "--unix-socket-path=" + socket);
        Files.setPosixFilePermissions(here().directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
        String config = block("drop-in");
        for (var port : Map.of("8100", "icomet", "5742", "stardust", "8081", "ccomet-8081")
                .entrySet()) {
            int now = here().server().portOf(port.getValue());
            config = Deployment.replaced(config, "127.0.0.1:" + port.getKey(), "127.0.0.1:" + now);
        }
        FrontServer apache = here().behind(
                        FrontServer.apache(here().directory(), Deployment.replaced(config, SOCKET, socket.toString())));
        here().comet().channel("s");

        here().streams(gzip(apache, "/icomet/stream?cname=i&seq=1"), "i", "\"content\":\"%s\"");
        RawExchange.Response read = here().polls(gzip(apache, "/subscribe/s.json"), "s", "\"content\":\"%s\"");
        assertThat(read.headers())
                .containsEntry("access-control-allow-origin", "*")
                .containsEntry("access-control-allow-methods", "GET, OPTIONS")
                .containsEntry("access-control-allow-headers", "X-Requested-With,Accept,If-Modified-Since,ETag")
                .containsEntry("access-control-max-age", "1728000");
        assertThat(Deployment.ended(apache.form("/subscribe/s.json", "content=x"))
                        .body())
                .contains("\"return_code\":-4");
        here().stardust(apache, "/comet");
        here().ccomet(apache, "/ccomet");
    }

    /** As browsers ask: what would be compressed could not be read here. */
    private static RawExchange gzip(FrontServer apache, String path) throws IOException {
        return apache.open("GET " + path, Map.of("Accept-Encoding", "gzip"), "");
    }

    private static String block(String name) throws IOException {
        return Deployment.block("apache", name, "apache");
    }

    private Deployment here() {
        return Objects.requireNonNull(deployment);
    }
}
