package dev.comet.example.browser;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.comet.example.Site;
import java.util.List;

/** Somebody in the room "lobby" of the chat page. <i>Owned by the test's thread.</i> */
final class Chatter {
    private static final String HEARD = """
            [...document.querySelectorAll('#log .message:not(.waiting)')]
              .map(line => line.querySelector('b').textContent + ': ' + line.querySelector('.body').textContent)
            """;

    private static final String MEMBERS =
            "[...document.querySelectorAll('#members li')].map(m => m.firstChild.data).sort()";

    private final Page page;
    private final String name;

    /** Enters by the form, as a reader does. */
    Chatter(BrowserContext context, Site site, String dialect, String name) {
        page = context.newPage();
        this.name = name;
        page.navigate(site.at("/chat.html?dialect=" + dialect));
        page.locator("#name").fill(name);
        page.locator("#join").click();
        awaitState("open");
    }

    /** Returns the line that all should see. */
    String say(String text) {
        page.locator("#text").fill(text);
        page.locator("#send").click();
        return name + ": " + text;
    }

    /** With the page's switch. */
    void switchTo(String dialect) {
        page.locator("#dialect").selectOption(dialect);
        page.waitForURL("**dialect=" + dialect);
        awaitState("open");
    }

    void leave() {
        page.close();
    }

    /** Waits until exactly this is in the room, in this order. */
    void awaitHeard(List<String> lines) {
        awaitSame(HEARD, lines);
    }

    void awaitMembers(String... names) {
        awaitSame(MEMBERS, List.of(names));
    }

    void awaitState(String state) {
        await("document.querySelector('#state').dataset.state == '" + state + "'");
    }

    void await(String expression) {
        Eventually.isTrue(page, expression);
    }

    private void awaitSame(String expression, List<String> wanted) {
        Eventually.isSame(page, expression, wanted);
    }
}
