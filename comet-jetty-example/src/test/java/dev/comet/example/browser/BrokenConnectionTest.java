package dev.comet.example.browser;

import com.microsoft.playwright.BrowserContext;
import dev.comet.example.Site;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever breaks a connection, the page is told each message once and in order. */
@Timeout(60)
@ExtendWith(Chromium.class)
class BrokenConnectionTest {
    /** Publishing waits when a page is so far behind, so that connections are cut while there is something to lose. */
    private static final int AHEAD = 20;

    private static final int CUTS = 25;

    @ParameterizedTest
    @ValueSource(strings = {"sse", "stream", "poll"})
    void cutAgainAndAgain_nothingIsLost_orDoubled(String transport, Site site, BrowserContext context) {
        Follower page = new Follower(context, site).followBy(transport, "demo-a");
        page.awaitOpen();
        Random random = new Random(7);
        site.wire().cutEachAfter(() -> 300 + random.nextInt(12_000));
        site.wire().cut();

        int published = 0;
        while (site.wire().cuts() < CUTS) {
            site.publish("demo-a", published + 1, published + AHEAD);
            published += AHEAD;
            page.awaitSeen(published - AHEAD);
        }
        site.wire().cutNoMore();
        site.publish("demo-a", published + 1, published + AHEAD);

        page.sawAll(published + AHEAD);
    }
}
