package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import dev.comet.example.Site;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server starts anew, and its history was in memory: the page is told so, and told all that comes after it. */
@Timeout(60)
@ExtendWith(Chromium.class)
class RestartTest {
    @ParameterizedTest
    @ValueSource(strings = {"sse", "stream", "poll"})
    void restart_isAReset_andNothingAfterItIsLost(String transport, Site site, BrowserContext context)
            throws Exception {
        Follower page = new Follower(context, site).followBy(transport, "demo-a");
        page.awaitOpen();
        site.publish("demo-a", 1, 5);
        page.awaitSeen(5);

        site.restart();
        site.publish("demo-a", 6, 10); // perhaps before the page is back
        page.awaitSeen(10);
        site.publish("demo-a", 11, 15);

        isTold(page, 1);
    }

    /** Numbers that begin anew and have come further than before are not taken for those that were seen. */
    @ParameterizedTest
    @ValueSource(strings = {"sse", "stream", "poll"})
    void crash_isAReset_howeverFarTheNewNumbersAre(String transport, Site site, BrowserContext context)
            throws Exception {
        Follower page = new Follower(context, site).followBy(transport, "demo-a");
        page.awaitOpen();
        site.publish("demo-a", 1, 2);
        page.awaitSeen(2);

        site.crash();
        site.publish("demo-a", 3, 10);
        site.wire().accept();
        page.awaitSeen(10);
        site.crash();
        site.wire().accept();
        site.publish("demo-a", 11, 15);

        isTold(page, 2);
    }

    @Test
    void crash_ofSeveralChannels_isAResetOfEach(Site site, BrowserContext context) throws Exception {
        Follower page =
                new Follower(context, site).follow(Map.of(), List.of("demo-a", "demo-b"), Map.of("types", List.of()));
        page.awaitOpen();
        site.publish("demo-a", 1, 2);
        site.publish("demo-b", 3, 5);
        page.awaitSeen(5);

        site.crash();
        site.wire().accept();
        page.await("told.gaps.length == 2");
        site.publish("demo-b", 6, 10);
        site.publish("demo-a", 11, 15);

        isTold(page, 2);
        assertThat(page.list("gaps.map(gap => gap.channel).sort()")).isEqualTo(List.of("demo-a", "demo-b"));
    }

    private static void isTold(Follower page, int resets) {
        page.saw(1, 15);
        assertThat(page.list("gaps.map(gap => gap.reason)")).hasSize(resets).containsOnly("reset");
    }
}
