package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.comet.example.Site;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A page that follows channels with comet.js, and what it was told. <i>Owned by the test's thread.</i> */
final class Follower {
    private final Page page;

    /** Follows nothing yet. */
    Follower(BrowserContext context, Site site) {
        this(context, site.uri().toString());
    }

    /** The same, by way of another server. */
    Follower(BrowserContext context, String server) {
        page = context.newPage();
        page.navigate(server + "/follow.html");
    }

    /** With options for {@code connect} and for {@code subscribe}. */
    Follower follow(Map<String, ?> options, List<String> channels, Map<String, ?> more) {
        page.evaluate(
                "([options, channels, more]) => follow(options, channels, more)", List.of(options, channels, more));
        return this;
    }

    /** With only one transport. */
    Follower followBy(String transport, String... channels) {
        return follow(Map.of("transports", List.of(transport)), List.of(channels), Map.of());
    }

    Page page() {
        return page;
    }

    /** Waits until so many messages have come. */
    void awaitSeen(int messages) {
        await("told.seen.length >= " + messages);
    }

    /** Waits until it says that it is connected. */
    void awaitOpen() {
        await("told.states.at(-1) == 'open'");
    }

    /** Waits until an expression is true in the page. */
    void await(String expression) {
        Eventually.isTrue(page, expression);
    }

    List<Object> list(String name) {
        return List.copyOf((List<?>) page.evaluate("told." + name));
    }

    /** It was told the numbers from 1 on, each once and in order, and that nothing is missing. */
    void sawAll(int messages) {
        saw(1, messages);
        assertThat(list("gaps")).isEmpty();
    }

    void saw(int from, int to) {
        awaitSeen(to - from + 1);
        assertThat(list("seen")).isEqualTo(numbers(from, to, 1));
    }

    /** As they are published: as texts. */
    static List<String> numbers(int from, int to, int step) {
        return IntStream.iterate(from, n -> n <= to, n -> n + step)
                .mapToObj(Integer::toString)
                .toList();
    }
}
