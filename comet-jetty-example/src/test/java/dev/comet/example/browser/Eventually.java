package dev.comet.example.browser;

import com.microsoft.playwright.Page;

/**
 * Waits for what must come to be in a page, as long as a busy machine may take. Playwright's own {@code waitForFunction} evaluates
 * a text within the page, which the pages' policy forbids.
 */
final class Eventually {
    private static final String LOOP = """
            async () => {
              const end = Date.now() + 20_000;
              while (!(%s)) {
                if (Date.now() > end) return false;
                await new Promise(done => setTimeout(done, 10));
              }
              return true;
            }
            """;

    private Eventually() {}

    /** Whether an expression has become true in time. */
    static boolean isTrue(Page page, String expression) {
        return (boolean) page.evaluate(LOOP.formatted(expression));
    }
}
