package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.comet.example.Site;
import dev.comet.example.Until;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tabs of one browser that share a connection. The first one leads, for it came first. */
@Timeout(90)
@ExtendWith(Chromium.class)
class TabsTest {
    private static final int TABS = 8;

    @Test
    void eight_haveOneConnection_andSeeAll(Site site, BrowserContext context) throws Exception {
        Set<Page> leaders = leaders(context);
        List<Follower> tabs = open(site, context);

        site.publish("demo-a", 1, 100);

        for (Follower tab : tabs) {
            tab.sawAll(100);
        }
        Until.held(site.comet(), "demo-a", 1);
        assertThat(leaders).containsExactly(tabs.get(0).page());
    }

    /** And the next one is closed, and the next. */
    @Test
    void leaderIsClosed_theNextLeads_withoutLossOrDoubles(Site site, BrowserContext context) throws Exception {
        Set<Page> leaders = leaders(context);
        List<Follower> tabs = open(site, context);
        List<Page> all = tabs.stream().map(Follower::page).toList();

        int published = 0;
        while (tabs.size() > TABS - 3) {
            site.publish("demo-a", published + 1, published + 20);
            tabs.remove(0).page().close();
            site.publish("demo-a", published + 21, published + 40);
            published += 40;
            for (Follower tab : tabs) {
                tab.sawAll(published);
            }
            Until.held(site.comet(), "demo-a", 1);
        }

        assertThat(leaders).containsExactlyElementsOf(all.subList(0, 4));
    }

    @Test
    void differentChannels_areOneConnectionToo(Site site, BrowserContext context) throws Exception {
        Set<Page> leaders = leaders(context);
        Follower a = open(site, context, "demo-a");
        Follower b = open(site, context, "demo-b");
        Follower both = open(site, context, "demo-a", "demo-b");

        site.publish("demo-a", 1, 20);
        site.publish("demo-b", 21, 40);

        a.saw(1, 20);
        b.saw(21, 40);
        both.awaitSeen(40);
        Until.held(site.comet(), "demo-a", 1);
        Until.held(site.comet(), "demo-b", 1);
        assertThat(leaders).containsExactly(a.page());
    }

    /** And finds beside it what it shares by. */
    @Test
    void clientForPagesWithoutModules_sharesWithThoseThatHaveThem(Site site, BrowserContext context) throws Exception {
        Follower module = open(site, context, "demo-a");
        Page script = context.newPage();
        script.navigate(site.at("/follow-script.html"));
        assertThat(script.evaluate("Object.keys(comet)")).isEqualTo(List.of("connect"));
        script.evaluate("follow({ shareTabs: true }, ['demo-a'], {})");
        Eventually.isTrue(script, "told.transports.at(-1) == 'share'");

        site.publish("demo-a", 1, 20);

        module.sawAll(20);
        Eventually.isSame(script, "told.seen", Follower.numbers(1, 20, 1));
        Until.held(site.comet(), "demo-a", 1);
    }

    /** What breaks is the leader's connection; all the others follow. */
    @Test
    void connectionIsCut_allGoOn(Site site, BrowserContext context) throws Exception {
        List<Follower> tabs = open(site, context);

        for (int published = 0; published < 100; published += 20) {
            site.publish("demo-a", published + 1, published + 10);
            site.wire().cut();
            site.publish("demo-a", published + 11, published + 20);
        }

        for (Follower tab : tabs) {
            tab.sawAll(100);
        }
        Until.held(site.comet(), "demo-a", 1);
    }

    @Test
    void restart_isToldToAll(Site site, BrowserContext context) throws Exception {
        List<Follower> tabs = open(site, context);
        site.publish("demo-a", 1, 10);
        for (Follower tab : tabs) {
            tab.sawAll(10);
        }

        site.restart();
        site.publish("demo-a", 11, 20);

        for (Follower tab : tabs) {
            tab.saw(1, 20);
            assertThat(tab.list("gaps.map(gap => gap.reason)")).isEqualTo(List.of("reset"));
        }
    }

    /** The tabs that have asked for a stream of their own, the first of them first. */
    private static Set<Page> leaders(BrowserContext context) {
        Set<Page> leaders = new LinkedHashSet<>();
        context.onRequest(request -> {
            if (request.resourceType().equals("eventsource")) {
                leaders.add(request.frame().page());
            }
        });
        return leaders;
    }

    private static List<Follower> open(Site site, BrowserContext context) throws InterruptedException {
        List<Follower> tabs = new ArrayList<>();
        for (int i = 0; i < TABS; i++) {
            tabs.add(open(site, context, "demo-a"));
        }
        Until.held(site.comet(), "demo-a", 1);
        return tabs;
    }

    private static Follower open(Site site, BrowserContext context, String... channels) {
        Follower tab = new Follower(context, site).follow(Map.of("shareTabs", true), List.of(channels), Map.of());
        tab.awaitOpen();
        return tab;
    }
}
