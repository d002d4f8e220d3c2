package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.microsoft.playwright.Page;

/**
 * Waits for what must come to be in a page, as long as a busy machine may take. Playwright's own {@code waitForFunction} evaluates
 * a text within the page, which the pages' policy forbids.
 */
final class Eventually {
    private static final String LOOP = """
            async wanted => {
              const end = Date.now() + 20_000;
              for (;;) {
                const found = JSON.stringify(%s);
                if (found == wanted || Date.now() > end) return found;
                await new Promise(done => setTimeout(done, 10));
              }
            }
            """;

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private Eventually() {}

    static void isTrue(Page page, String expression) {
        isSame(page, "!!(" + expression + ")", true);
    }

    /** Until an expression is this. */
    static void isSame(Page page, String expression, Object wanted) {
        String json = JSON.toJson(wanted);
        assertThat(page.evaluate(LOOP.formatted(expression), json))
                .as(expression)
                .isEqualTo(json);
    }
}
