package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.CometOptions;
import java.io.BufferedReader;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    /** From the door to whatever it leads to; under a policy that a page keeps, with nothing in it that this would not let run. */
    @Test
    void pages_loadWithAllThatTheyName_underAStrictPolicy() throws Exception {
        Set<String> loaded = new HashSet<>();
        Deque<URI> toLoad = new ArrayDeque<>(List.of(at("/")));
        while (!toLoad.isEmpty()) {
            URI uri = toLoad.pop();
            if (!loaded.add(uri.getPath())) {
                continue;
            }
            var file = Http.get(uri);
            assertThat(file.statusCode()).as("%s", uri).isEqualTo(200);
            assertThat(file.headers().firstValue("Content-Security-Policy").orElse(""))
                    .startsWith("default-src 'self';")
                    .doesNotContain("unsafe");
            assertThat(file.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(file.headers().firstValue("Content-Type")).hasValue(type(uri.getPath()));
            if (type(uri.getPath()).startsWith("text/html")) {
                assertThat(file.body())
                        .contains("<html lang=\"en\">", "name=\"viewport\"", "id=\"state\"")
                        .doesNotContainPattern("(?i)<style|\\sstyle=|\\son\\w+=|javascript:|<script(?![^>]* src=)");
            }
            if (!uri.getPath().startsWith("/webjars/")) {
                Matcher name = NAMED.matcher(file.body());
                while (name.find()) {
                    toLoad.add(uri.resolve(name.group(1)));
                }
            }
        }
        assertThat(loaded)
                .contains("/chat.html", "/boxes.html", "/posts.html", "/debugger.html", "/dashboard.html")
                .contains("/page.css", "/icon.svg", "/chat.js", "/payload.js", "/webjars/comet/comet.js");
    }

    /** What a page, a script or a style sheet of the example has loaded. */
    private static final Pattern NAMED =
            Pattern.compile("(?:src=\"|href=\"|from '|url\\()([^\"')#?{}]+\\.(?:css|html|js|svg))");

    private static String type(String path) {
        return switch (path.substring(path.lastIndexOf('.') + 1)) {
            case "css" -> "text/css;charset=utf-8";
            case "js" -> "text/javascript;charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> "text/html;charset=utf-8";
        };
    }

    @Test
    void path_thatIsNoPage_isNotThere() throws Exception {
        for (String path : List.of("/nothing", "/nothing.html", "/chat", "/pages/chat.html", "/../../web.xml")) {
            assertThat(Http.get(at(path)).statusCode()).as(path).isGreaterThanOrEqualTo(400);
        }
        assertThat(Http.get(at("/nothing.html")).body()).doesNotContain("nothing");
    }

    /** As any servlet container serves them, and without a version too. */
    @Test
    void webjars_areServed_andNothingElseOfTheClassPathIs() throws Exception {
        String version = PagesServlet.version("comet").orElseThrow();
        var client = Http.get(at("/webjars/comet/comet.js"));

        assertThat(client.statusCode()).isEqualTo(200);
        assertThat(client.headers().firstValue("Content-Type")).hasValue("text/javascript;charset=utf-8");
        assertThat(client.body()).contains("as connect");
        String versioned =
                Http.get(at("/webjars/comet/" + version + "/comet.js")).body();
        assertThat(versioned).isEqualTo(client.body());
        for (String legacy : List.of("icomet", "simple-comet", "stardust", "ccomet")) {
            assertThat(Http.get(at("/webjars/comet/" + legacy + ".js")).statusCode())
                    .isEqualTo(200);
        }
        for (String path : List.of(
                "/webjars/comet/nothing.js",
                "/webjars/nothing/comet.js",
                "/webjars/comet/../../../../dev/comet/example/pages/index.js",
                "/webjars/comet/%2e%2e/%2e%2e/%2e%2e/%2e%2e/dev/comet/example/pages/index.js",
                "/webjars/comet/" + version,
                "/webjars/comet",
                "/webjars.properties",
                "/PagesServlet.class")) {
            assertThat(Http.get(at(path)).statusCode()).as(path).isGreaterThanOrEqualTo(400);
        }
    }

    /** A regression: the matcher overflowed the stack. */
    @Test
    void path_ofThousandsOfDirectories_isNotThere() throws Exception {
        assertThat(Http.get(at("/webjars/comet/" + "a/".repeat(3500) + "x.js")).statusCode())
                .isEqualTo(404);
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
        for (String other : List.of("news", StatsPublisher.CHANNEL)) {
            assertThat(Http.post(at("/comet/channels/" + other), "from a page").statusCode())
                    .isEqualTo(403);
        }
    }

    /** A regression: over CComet, where anyone may publish by default, anyone could push them out of their channel's history. */
    @Test
    void counters_areTheServersAlone() throws Exception {
        Http.get(at("/ccomet/publish?channel=demo-stats&sname=x&msg=forged&callback=cb"));
        assertThat(Http.post(at("/comet-admin/channels/demo-stats"), "forged").statusCode())
                .isEqualTo(403);
        Http.get(at("/ccomet/publish?channel=demo-debug&sname=x&msg=mine&callback=cb"));

        assertThat(comet.stats().published()).isOne();
    }

    /** Whoever opens the dashboard sees what was before, and nobody has to have looked. */
    @Test
    void counters_comeOverTheLibraryItself_withTheirHistory() throws Exception {
        new StatsPublisher(comet, "1.2.3").start();
        try (BufferedReader lines = Http.stream(at("/comet/events?channel=demo-stats&from=oldest"))) {
            assertThat(Http.lineAfter(lines, "data: "))
                    .contains("\"version\":\"1.2.3\"", "\"published\":0", "\"subscribers\":0");
            assertThat(Http.lineAfter(lines, "data: ")).contains("\"published\":1", "\"subscribers\":1");
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
