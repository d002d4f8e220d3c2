package dev.comet.example.browser;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** What the browser complains of in the pages of a context: errors in the console, what nobody caught, what a policy forbids. */
final class Complaints {
    private static final String REPORT_VIOLATIONS = """
            addEventListener('securitypolicyviolation', e =>
              console.error('violates', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber, e.sample));
            """;

    private final List<String> all = new CopyOnWriteArrayList<>();

    /** Of those that are opened from now on. */
    Complaints(BrowserContext context) {
        context.addInitScript(REPORT_VIOLATIONS);
        context.onConsoleMessage(message -> {
            if (message.type().equals("error")) {
                all.add(message.location() + ": " + message.text());
            }
        });
        context.onWebError(error -> all.add(error.page().url() + ": " + error.error()));
    }

    /** Pages whose scripts make no script out of a text; where they do, it is reported, and done. */
    static void ofTexts(BrowserContext context) {
        context.route("**/*.html*", Complaints::withReports);
    }

    private static void withReports(Route route) {
        APIResponse page = route.fetch();
        Map<String, String> headers = new HashMap<>(page.headers());
        headers.put("content-security-policy-report-only", "require-trusted-types-for 'script'");
        route.fulfill(new Route.FulfillOptions().setResponse(page).setHeaders(headers));
    }

    List<String> all() {
        return List.copyOf(all);
    }
}
