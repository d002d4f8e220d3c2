package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.BrowserContext;
import dev.comet.example.FrontServer;
import dev.comet.example.Site;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Proxies that hand on an answer when it is complete: no stream begins behind them, and the client finds that out. */
@Timeout(60)
@ExtendWith(Chromium.class)
class BufferingProxyTest {
    private static final Map<String, ?> OPTIONS = Map.of("firstByte", 500);

    /** Over HTTP/1.0: of a chunk nginx sees where it ends, and hands it on. */
    private static final String NGINX = """
            server {
              listen 80;
              proxy_http_version 1.0;
              proxy_buffering on;
              proxy_set_header Host $http_host;
              location / {
                proxy_pass http://127.0.0.1:%d;
              }
            }
            """;

    @Test
    void fromTheBeginning_polls(Site site, BrowserContext context) {
        site.wire().buffer();

        fallsBack(new Follower(context, site), site);
    }

    @Test
    void nginx_polls(Site site, BrowserContext context, @TempDir Path directory) throws Exception {
        assumeTrue(
                FrontServer.find("nginx").isPresent(),
                "there is no nginx here, so no browser is tested behind one: apt-get install nginx");

        try (FrontServer nginx = FrontServer.nginx(directory, NGINX.formatted(site.port()))) {
            fallsBack(new Follower(context, "http://127.0.0.1:" + nginx.port()), site);
        }
    }

    private static void fallsBack(Follower page, Site site) {
        page.follow(OPTIONS, List.of("demo-a"), Map.of());
        page.awaitOpen();
        site.publish("demo-a", 1, 20);
        page.await("told.transports.at(-1) == 'poll'");
        for (int n = 21; n <= 40; n++) {
            site.publish("demo-a", n, n);
            page.awaitSeen(n);
        }

        page.sawAll(40);
        assertThat(page.list("transports")).endsWith("poll");
    }

    /** As when a laptop is carried into another network. */
    @Test
    void comingUpLater_polls(Site site, BrowserContext context) {
        Follower page = new Follower(context, site).follow(OPTIONS, List.of("demo-a"), Map.of());
        page.await("told.transports.at(-1) == 'sse'");
        site.publish("demo-a", 1, 5);
        page.awaitSeen(5);

        site.wire().buffer();
        page.await("told.transports.at(-1) == 'poll'");
        site.publish("demo-a", 6, 10);

        page.sawAll(10);
    }
}
