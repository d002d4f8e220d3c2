package dev.comet.example.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Request;
import dev.comet.example.Site;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each transport does all by itself. */
@Timeout(60)
@ExtendWith(Chromium.class)
class TransportsTest {
    private static final int MESSAGES = 200;

    @ParameterizedTest
    @CsvSource({
        "sse,1,eventsource",
        "stream,1,fetch",
        "poll,1,fetch",
        "sse,3,eventsource",
        "stream,3,fetch",
        "poll,3,fetch"
    })
    void alone_ofOneChannelOrMore_bringsAll(
            String transport, int channels, String kind, Site site, BrowserContext context) {
        List<String> names = List.of("demo-a", "demo-b", "demo-c").subList(0, channels);
        Set<String> kinds = ConcurrentHashMap.newKeySet();
        context.onRequest(request -> held(request, transport, kinds));
        names.forEach(name -> site.publish(name, 1, MESSAGES));

        Follower page = new Follower(context, site)
                .follow(Map.of("transports", List.of(transport)), names, Map.of("from", "oldest", "types", List.of()));
        page.awaitSeen(channels * MESSAGES);
        names.forEach(name -> site.publish(name, MESSAGES + 1, 2 * MESSAGES));
        page.awaitSeen(2 * channels * MESSAGES);

        for (String name : names) {
            assertThat(page.list("seen.filter((data, i) => told.channels[i] == '" + name + "')"))
                    .isEqualTo(Follower.numbers(1, 2 * MESSAGES, 1));
        }
        assertThat(page.list("gaps")).isEmpty();
        assertThat(page.list("transports")).isNotEmpty().containsOnly(transport);
        assertThat(kinds).containsExactly(kind);
    }

    private static void held(Request request, String transport, Set<String> kinds) {
        String as = Map.of("sse", "as=sse", "stream", "as=ndjson", "poll", "as=poll&wait=5")
                .get(transport);
        if (request.url().contains(as)) {
            kinds.add(request.resourceType());
        }
    }
}
