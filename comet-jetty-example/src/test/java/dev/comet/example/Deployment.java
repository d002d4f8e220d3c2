package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The example with a front server before it, and what must come through to clients of each dialect. */
final class Deployment implements AutoCloseable {
    private static final Path PAGE = Path.of("../docs/deploy.md");

    private final Path directory;
    private final List<RawExchange> exchanges = new ArrayList<>();
    private @Nullable Comet comet;
    private @Nullable ExampleServer server;
    private @Nullable FrontServer front;

    /** Not JUnit's directory: the path of a socket may have a hundred bytes. */
    Deployment() throws IOException {
        directory = Files.createTempDirectory("comet");
    }

    /** A configuration of docs/deploy.md. */
    static String block(String server, String name, String language) throws IOException {
        List<String> blocks = Blocks.of(PAGE, "<!-- " + server + ": " + name + " ", language);
        assertThat(blocks)
                .as("the page's configuration of " + server + " for " + name)
                .hasSize(1);
        return blocks.get(0);
    }

    // ---- what is looked at in each dialect

    /** Each message arrives before the next is published. */
    RawExchange.Response streams(RawExchange stream, String channel, String frame) throws Exception {
        held(stream, channel, 1);
        for (String text : List.of("one", "two", "three")) {
            comet().publish(channel, text);
            Until.body(stream, frame.formatted(text));
        }
        RawExchange.Response open = stream.soFar();
        assertThat(open.status()).isEqualTo(200);
        assertThat(open.complete()).isFalse();
        stream.close();
        return open;
    }

    RawExchange.Response polls(RawExchange poll, String channel, String frame) throws Exception {
        held(poll, channel, 1);
        assertThat(poll.soFar().complete()).isFalse();
        comet().publish(channel, "hello");
        RawExchange.Response answer = ended(poll);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains(frame.formatted("hello"));
        return answer;
    }

    void stardust(FrontServer nginx, String at) throws Exception {
        assertThat(ended(nginx.get(at + "/channel/a+b/stream/0.5")).body()).isEqualTo("[]");
        RawExchange poll = nginx.get(at + "/channel/a+b/stream/0.5");
        held(poll, "b", 1);
        comet().publishJson("b", "{\"n\":1}");

        assertThat(ended(poll).body()).startsWith("[{\"n\":1,").contains("\"_ch\":\"b\"");
        assertThat(ended(nginx.form(at + "/channel/a", "m={}")).status()).isEqualTo(403);
    }

    void ccomet(FrontServer nginx, String at) throws Exception {
        for (int seqid = 0; seqid < 5; seqid++) {
            RawExchange poll = nginx.get(at + "/subscribe?channel=a&sname=ann&callback=cb&seqid=" + seqid);
            held(poll, "a", 1);
            assertThat(ended(nginx.get(at + "/publish?channel=a&sname=bob&callback=cb&msg=hi" + seqid))
                            .body())
                    .isEqualTo("cb('[{\"type\" : \"publish\"}]')");

            assertThat(ended(poll).body()).contains("\"msg\":\"hi" + seqid + "\"");
        }
    }

    RawExchange held(RawExchange exchange, String channel, int subscribers) throws Exception {
        exchanges.add(exchange);
        Until.held(comet(), channel, subscribers);
        return exchange;
    }

    static RawExchange.Response ended(RawExchange exchange) throws Exception {
        try (exchange) {
            return Until.complete(exchange);
        }
    }

    static String replaced(String text, String part, String by) {
        assertThat(text).contains(part);
        return text.replace(part, by);
    }

    String socket() {
        return directory.resolve("comet.sock").toString();
    }

    void start(String... more) throws Exception {
        String[] args = Stream.concat(Stream.of("--port=0", "--host=127.0.0.1"), Stream.of(more))
                .toArray(String[]::new);
        Options options = Options.parse(args);
        Comet hub = options.settings().comet().build();
        comet = hub;
        server = new ExampleServer(hub, options, original -> 0);
        server.start();
    }

    Comet comet() {
        return Objects.requireNonNull(comet);
    }

    ExampleServer server() {
        return Objects.requireNonNull(server);
    }

    Path directory() {
        return directory;
    }

    FrontServer behind(FrontServer started) {
        front = started;
        return started;
    }

    @Override
    public void close() throws IOException {
        for (RawExchange exchange : exchanges) {
            exchange.close();
        }
        if (front != null) {
            front.close();
        }
        if (server != null && comet != null) {
            comet.drain(Duration.ofSeconds(1));
            try {
                server.stop();
            } catch (Exception e) {
                throw new IOException(e);
            }
            comet.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
