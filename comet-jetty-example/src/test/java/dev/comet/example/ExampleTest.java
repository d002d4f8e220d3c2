package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.CometOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example as somebody would use it who follows the README. */
@Timeout(60)
class ExampleTest {
    private Comet comet;
    private ExampleServer server;

    @BeforeEach
    void start() throws Exception {
        Options options = Options.parse("--port=0", "--heartbeat=300ms");
        comet = options.settings().comet().build();
        server = new ExampleServer(comet, options);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        comet.drain(Duration.ofSeconds(5));
        server.stop();
        comet.close();
    }

    @Test
    void page_loadsWithAllThatItNames() throws Exception {
        var page = Http.get(at("/"));

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<title>Comet</title>", "page.css", "page.js");
        assertThat(page.headers().firstValue("Content-Security-Policy")).isPresent();
        assertThat(Http.get(at("/page.css")).headers().firstValue("Content-Type"))
                .hasValue("text/css;charset=utf-8");
        assertThat(Http.get(at("/page.js")).headers().firstValue("Content-Type"))
                .hasValue("text/javascript;charset=utf-8");
        assertThat(Http.get(at("/../../web.xml")).statusCode()).isGreaterThanOrEqualTo(400);
        assertThat(Http.get(at("/nothing")).statusCode()).isEqualTo(404);
    }

    /** As any servlet container serves them, and without a version too. */
    @Test
    void webjars_areServed_andNothingElseOfTheClassPathIs() throws Exception {
        var client = Http.get(at("/webjars/comet/comet.js"));

        assertThat(client.statusCode()).isEqualTo(200);
        assertThat(client.headers().firstValue("Content-Type")).hasValue("text/javascript;charset=utf-8");
        assertThat(client.body()).contains("as connect");
        String versioned =
                Http.get(at("/webjars/comet/" + version() + "/comet.js")).body();
        assertThat(versioned).isEqualTo(client.body());
        for (String path : List.of(
                "/webjars/comet/nothing.js",
                "/webjars/nothing/comet.js",
                "/webjars/comet/../../../../dev/comet/example/pages/page.js",
                "/webjars/comet/%2e%2e/%2e%2e/%2e%2e/%2e%2e/dev/comet/example/pages/page.js",
                "/webjars/comet/" + version(),
                "/webjars/comet",
                "/webjars.properties",
                "/PagesServlet.class")) {
            assertThat(Http.get(at(path)).statusCode()).as(path).isGreaterThanOrEqualTo(400);
        }
    }

    private static String version() throws IOException {
        Properties versions = new Properties();
        try (InputStream in = ExampleTest.class.getResourceAsStream("webjars.properties")) {
            versions.load(in);
        }
        return versions.getProperty("comet");
    }

    @Test
    void demos_loadWithAllThatTheyName() throws Exception {
        for (String page : List.of("boxes", "posts")) {
            assertThat(Http.get(at("/" + page + ".html")).body()).contains(page + ".js");
            assertThat(Http.get(at("/" + page + ".js")).body()).contains("from './stardust.js'");
        }
        assertThat(Http.get(at("/stardust.js")).statusCode()).isEqualTo(200);
    }

    /** What a page of the demos does, and nobody else may: the example's authorizer lets them post to their own channels. */
    @Test
    void demos_mayPostToTheirOwnChannels_overStardust() throws Exception {
        String form = "m=%7B%22type%22%3A%22Colour%22%7D";
        assertThat(Http.form(at("/stardust/channel/demo_boxes"), form).statusCode())
                .isEqualTo(200);
        assertThat(Http.get(at("/stardust/channel/demo_boxes")).body()).contains("\"type\":\"Colour\"");
    }

    @Test
    void published_onTheAdminMount_arrivesAtTheStream() throws Exception {
        try (BufferedReader lines = Http.stream(at("/comet/events?channel=demo-news"))) {
            Http.lineAfter(lines, "id: ");
            assertThat(Http.post(at("/comet-admin/channels/demo-news"), "hello").statusCode())
                    .isEqualTo(201);

            assertThat(Http.lineAfter(lines, "data: ")).isEqualTo("data: hello");
        }
    }

    @Test
    void pages_mayPublishToTheirOwnChannels_andNoOthers() throws Exception {
        assertThat(Http.post(at("/comet/channels/demo-news"), "from a page").statusCode())
                .isEqualTo(201);
        assertThat(Http.post(at("/comet/channels/news"), "from a page").statusCode())
                .isEqualTo(403);
    }

    @Test
    void counters_comeOverTheLibraryItself_whileSomebodyLooks() throws Exception {
        try (BufferedReader lines = Http.stream(at("/comet/events?channel=demo-stats"))) {
            assertThat(Http.lineAfter(lines, "data: ")).contains("\"subscribers\":1");
        }
    }

    @Test
    void drain_endsAStreamWithItsReason() throws Exception {
        try (BufferedReader lines = Http.stream(at("/comet/events?channel=demo-news"))) {
            Http.lineAfter(lines, "id: ");
            assertThat(comet.drain(Duration.ofSeconds(10))).isTrue();

            assertThat(Http.lineAfter(lines, "event: ")).isEqualTo("event: close");
            assertThat(lines.readLine()).isEqualTo("data: {\"reason\":\"shutdown\"}");
        }
    }

    @Test
    void help_namesEverySetting() {
        assertThat(Options.help()).contains("--port=8080", "--host=").contains(CometOptions.names());
    }

    private URI at(String path) {
        return server.uri().resolve(path);
    }
}
