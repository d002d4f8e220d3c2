package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.comet.example.Site;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The example's pages do what they are for, and nothing that their policy forbids. */
@Timeout(60)
@ExtendWith(Chromium.class)
class PagesTest {
    private static final String STATE = "document.querySelector('#state').dataset.state";

    private static final String OPTIONS = "[...document.querySelectorAll('#%s option')].map(option => option.value)";

    @ParameterizedTest
    @CsvSource({
        "/,open",
        "/chat.html?room=lobby,closed",
        "/boxes.html,open",
        "/posts.html,open",
        "/debugger.html,closed",
        "/dashboard.html,open"
    })
    void page_keepsToItsPolicy_andMakesNoScriptOfTexts(String path, String state, Site site, BrowserContext context) {
        Complaints complaints = new Complaints(context);
        Complaints.ofTexts(context);
        Page page = context.newPage();

        page.navigate(site.at(path));

        Eventually.isSame(page, STATE, state);
        assertThat(complaints.all()).isEmpty();
    }

    /** Or else the test above proves nothing. */
    @Test
    void complaints_areHeard(Site site, BrowserContext context) {
        Complaints complaints = new Complaints(context);
        Complaints.ofTexts(context);
        Page page = context.newPage();
        page.navigate(site.at("/debugger.html"));

        page.evaluate(
                "document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.2/x' }))");
        page.evaluate("document.body.innerHTML = '<b>text</b>'");
        page.evaluate("setTimeout(() => { throw Error('of nobody') })");
        Eventually.isTrue(page, "document.querySelector('b')");

        assertThat(complaints.all())
                .anySatisfy(complaint -> assertThat(complaint).contains("violates img-src"))
                .anySatisfy(complaint -> assertThat(complaint).contains("violates require-trusted-types-for"))
                .anySatisfy(complaint -> assertThat(complaint).contains("of nobody"));
    }

    @Test
    void door_showsWhatIsPublished(Site site, BrowserContext context) {
        Page page = open(context, site, "/", "open");

        page.locator("#text").fill("<i>hello</i>");
        page.locator("#send").click();
        site.comet().publish("demo-news", "from elsewhere");

        Eventually.isTrue(page, "document.querySelector('#log').textContent.includes('<i>hello</i>')");
        Eventually.isTrue(page, "document.querySelector('#log').textContent.includes('from elsewhere')");
        Eventually.isTrue(page, "document.querySelector('#answer').textContent.startsWith('Stored as number ')");
    }

    @Test
    void boxes_areColouredTogether(Site site, BrowserContext one, BrowserContext other) {
        Page mine = open(one, site, "/boxes.html", "open");
        Page yours = open(other, site, "/boxes.html", "open");

        mine.locator("#boxes button").nth(7).click();

        Eventually.isTrue(yours, "document.querySelectorAll('#boxes button')[7].style.backgroundColor");
    }

    @Test
    void posts_showWhatCurlPosts(Site site, BrowserContext context) {
        Page page = open(context, site, "/posts.html", "open");

        site.comet().publishJson("demo_posts", "{\"type\":\"Hello\",\"data\":[3,2,1]}");

        Eventually.isTrue(page, "document.querySelector('#log').textContent.includes('[3,2,1]')");
    }

    /** Of every transport of the native protocol, and one of each of the others. */
    @Test
    void debugger_showsFrames_andPublishes(Site site, BrowserContext context) {
        Complaints complaints = new Complaints(context);
        Page page = open(context, site, "/debugger.html", "closed");
        int shown = 0;
        for (Object dialect : (List<?>) page.evaluate(OPTIONS.formatted("dialect"))) {
            page.locator("#dialect").selectOption((String) dialect);
            List<?> transports = (List<?>) page.evaluate(OPTIONS.formatted("transport"));
            for (Object transport : dialect.equals("native") ? transports : transports.subList(0, 1)) {
                page.locator("#transport").selectOption((String) transport);
                String text = "by " + dialect + " " + transport;
                page.locator("#clear").click();
                page.locator("#start").click();
                page.locator("#text").fill(text);
                page.locator("#send").click();
                Eventually.isTrue(page, "document.querySelector('#log').textContent.includes('" + text + "')");
                page.locator("#stop").click();
                shown++;
            }
        }

        assertThat(shown).isGreaterThan(5);
        assertThat(complaints.all()).isEmpty();
    }

    @Test
    void dashboard_drawsWhatTheHubTells(Site site, BrowserContext context) {
        Complaints complaints = new Complaints(context);
        site.comet().publishJson("demo-stats", "{\"published\":1}"); // and is not stopped by anything else
        Page page = open(context, site, "/dashboard.html", "open");
        site.publish("demo-a", 1, 42);

        Eventually.isTrue(page, "/Published\\d+/.test(document.querySelector('#tiles').textContent)");
        Eventually.isTrue(
                page, "[...document.querySelectorAll('#channels td')].some(cell => cell.textContent == 'demo-a')");
        Eventually.isTrue(page, """
                [...document.querySelectorAll('#charts canvas')].length > 2
                && [...document.querySelectorAll('#charts canvas')].every(canvas =>
                  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value))
                """);
        assertThat(complaints.all()).isEmpty();
    }

    private static Page open(BrowserContext context, Site site, String path, String state) {
        Page page = context.newPage();
        page.navigate(site.at(path));
        Eventually.isSame(page, STATE, state);
        return page;
    }
}
