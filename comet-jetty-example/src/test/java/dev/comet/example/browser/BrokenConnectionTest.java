package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import dev.comet.example.Site;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever breaks a connection, the page is told each message once and in order. */
@Timeout(120)
@ExtendWith(Chromium.class)
class BrokenConnectionTest {
    /** Publishing waits when a page is twice so far behind: so connections are cut while there is something to lose. */
    private static final int AHEAD = 20;

    private static final int CUTS = 20;

    @ParameterizedTest
    @ValueSource(strings = {"sse", "stream", "poll"})
    void cutAgainAndAgain_losesNothing_andDoublesNothing(String transport, Site site, BrowserContext context) {
        Follower page = new Follower(context, site).followBy(transport, "demo-a");
        page.awaitOpen();

        int published = cutWhilePublishing(site, page, List.of("demo-a"));

        page.sawAll(published);
    }

    /** A cursor of several channels leads past what was not shown of another. */
    @Test
    void cutAgainAndAgain_severalChannels_ofAllTransports(Site site, BrowserContext context) {
        List<String> channels = List.of("demo-a", "demo-b", "demo-c");
        Follower page = new Follower(context, site).follow(Map.of(), channels, Map.of("types", List.of()));
        page.awaitOpen();

        int published = cutWhilePublishing(site, page, channels);

        page.awaitSeen(published);
        for (int c = 0; c < channels.size(); c++) {
            int first = c + 1;
            assertThat(page.list("seen.filter((data, i) => told.channels[i] == '" + channels.get(c) + "')"))
                    .isEqualTo(Follower.numbers(first, published, channels.size()));
        }
        assertThat(page.list("gaps")).isEmpty();
    }

    /** In turns to the channels; returns how many there were. */
    private static int cutWhilePublishing(Site site, Follower page, List<String> channels) {
        Random random = new Random(7);
        site.wire().cutEachAfter(() -> 300 + random.nextInt(12_000));
        site.wire().cut();
        int published = 0;
        while (site.wire().cuts() < CUTS) {
            for (int end = published + AHEAD; published < end; ) {
                String channel = channels.get(published % channels.size());
                published++;
                site.publish(channel, published, published);
            }
            page.awaitSeen(published - AHEAD);
        }
        site.wire().cutNoMore();
        return published;
    }

    /** Nobody is told that it is broken: only silence shows it. */
    @ParameterizedTest
    @ValueSource(strings = {"sse", "stream", "poll"})
    void silence_isNoticed(String transport, Site site, BrowserContext context) {
        Follower page = new Follower(context, site)
                .follow(Map.of("transports", List.of(transport), "pollWait", 1), List.of("demo-a"), Map.of());
        page.awaitOpen();
        site.publish("demo-a", 1, 5);
        page.awaitSeen(5);
        site.wire().hold();

        site.publish("demo-a", 6, 10);

        page.sawAll(10);
    }

    /** The pause would last longer than the test waits. */
    @Test
    void online_endsThePause(Site site, BrowserContext context) {
        Follower page = new Follower(context, site);
        page.page().evaluate("Math.random = () => 0.999");
        page.follow(Map.of("transports", List.of("poll"), "retry", 1_000_000), List.of("demo-a"), Map.of());
        page.awaitOpen();
        site.publish("demo-a", 1, 5);
        page.awaitSeen(5);

        context.setOffline(true);
        page.await("told.states.at(-1) == 'waiting'");
        site.publish("demo-a", 6, 10);
        context.setOffline(false);

        page.sawAll(10);
    }
}
