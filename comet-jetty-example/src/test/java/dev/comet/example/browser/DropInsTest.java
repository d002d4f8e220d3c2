package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.comet.example.Site;
import dev.comet.example.Until;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients of the older servers, each with its own protocol: all four in one page, for they wait long where they wait. */
@Timeout(60)
@ExtendWith(Chromium.class)
class DropInsTest {
    private static final String CHANNEL = "demo_old";

    private static final Set<String> SOURCES = Set.of("icomet-sse", "simple-comet-poll", "ccomet-poll", "stardust");

    /** Those whose wire has a cursor ask for what they have missed. */
    private static final List<String> WITH_CURSOR = List.of("icomet", "simple-comet", "ccomet");

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void afterARestart_eachGoesOn(boolean isCrash, Site site, BrowserContext context) throws Exception {
        Complaints complaints = new Complaints(context);
        Page page = context.newPage();
        page.navigate(site.at("/drop-ins.html"));
        Until.followedBy(site.comet(), SOURCES);
        site.publish(CHANNEL, 1, 5);
        for (String dialect : List.of("icomet", "simple-comet", "ccomet", "stardust")) {
            Eventually.isSame(page, "told['" + dialect + "']", Follower.numbers(1, 5, 1));
        }
        assertThat(complaints.all()).isEmpty();

        if (isCrash) {
            site.crash();
            site.publish(CHANNEL, 6, 7);
            site.wire().accept();
        } else {
            site.restart();
            site.publish(CHANNEL, 6, 7);
        }
        Until.followedBy(site.comet(), SOURCES);
        site.publish(CHANNEL, 8, 10);

        for (String dialect : WITH_CURSOR) {
            Eventually.isSame(page, "told['" + dialect + "']", Follower.numbers(1, 10, 1));
        }
        Eventually.isSame(page, "told.stardust.slice(-3)", Follower.numbers(8, 10, 1));
    }
}
