package dev.comet.example.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import dev.comet.example.FrontServer;
import dev.comet.example.Site;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One browser for all tests, begun with the first of them. A test's parameters are contexts of it, which share nothing, and the
 * site that it visits; they end with the test. <i>Owned by the one thread that runs the tests, as Playwright wants it.</i>
 */
final class Chromium implements BeforeAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(Chromium.class);

    private static final int PATIENCE_MILLIS = 20_000;

    /** The ones that speak for themselves to servers of their makers do not. */
    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--disable-quic",
            "--disable-gpu");

    private record Running(Playwright playwright, Browser browser) implements AutoCloseable {
        static Running begin() {
            // Its driver is a program for Node; and it may not fetch browsers of its own.
            System.setProperty(
                    "playwright.nodejs.path",
                    FrontServer.find("node").orElseThrow().toString());
            Playwright playwright = Playwright.create(
                    new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
            return new Running(
                    playwright,
                    playwright
                            .chromium()
                            .launch(new BrowserType.LaunchOptions()
                                    .setExecutablePath(program().orElseThrow())
                                    .setArgs(ARGUMENTS)));
        }

        @Override
        public void close() {
            browser.close();
            playwright.close();
        }
    }

    private static Optional<Path> program() {
        return Stream.of("chromium", "google-chrome")
                .flatMap(name -> FrontServer.find(name).stream())
                .findFirst();
    }

    @Override
    public void beforeAll(ExtensionContext tests) {
        Assumptions.assumeTrue(
                program().isPresent(),
                "there is no Chromium here, so neither the pages nor the browser clients are tested in a browser:"
                        + " apt-get install chromium");
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        Class<?> type = parameter.getParameter().getType();
        return type == BrowserContext.class || type == Site.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        AutoCloseable value = parameter.getParameter().getType() == Site.class ? site() : context(test);
        test.getStore(NAMESPACE).put(parameter.getIndex(), value);
        return value;
    }

    private static Site site() {
        try {
            return new Site();
        } catch (Exception e) {
            throw new ParameterResolutionException("the site does not start", e);
        }
    }

    private static BrowserContext context(ExtensionContext test) {
        BrowserContext context = test.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Running.class, type -> Running.begin(), Running.class)
                .browser()
                .newContext();
        context.setDefaultTimeout(PATIENCE_MILLIS);
        return context;
    }
}
