package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.comet.Comet;
import dev.comet.redis.RedisServer;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example as one of several nodes: what it says of its Redis to whoever has started it, and to who asks later. */
@Timeout(60)
class NodeTest {

    @Test
    void tells_whetherItHasItsRedis() throws Exception {
        try (RedisServer redis = new RedisServer()) {
            String at = "127.0.0.1:" + redis.port();
            Options options = Options.parse("--port=0", "--redis=redis://" + at, "--node=web-1");
            Comet.Builder hub = options.settings().comet();
            Cluster.join(hub, options.redis().orElseThrow(), options.node());
            try (Comet comet = hub.build()) {
                ExampleServer server = new ExampleServer(comet, options);
                server.start();
                String name = comet.node().orElseThrow();
                assertThat(name).matches("web-1-[0-9a-f]{16}");
                assertThat(server.welcome()).startsWith("Comet is up as " + name + ", connected to Redis.\n");
                awaitStats(server, "\"node\":\"" + name + "\",\"reachable\":true,\"time\":");
                awaitStats(server, "\"nodes\":{\"" + name + "\":{\"time\":");
                redis.kill();
                awaitStats(server, "\"reachable\":false,\"unreachable\":\"" + at + ": Connection refused\",");
                assertThat(server.welcome())
                        .startsWith("Comet is up as " + name + ", not connected to Redis yet: " + at
                                + ": Connection refused.");
                server.stop();
            }
        }
    }

    private static void awaitStats(ExampleServer server, String figures) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        String answer = "";
        while (!answer.contains(figures)) {
            assertThat(System.nanoTime()).as(answer).isLessThan(end);
            answer = Http.get(server.uri().resolve("/comet-admin/stats")).body();
        }
    }

    @Test
    void node_isForSeveralOnly() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("--node=web-1"))
                .withMessage("node=web-1: only one of several has a name, with --redis");
        assertThat(Options.help()).contains("--redis=", "--node=");
    }
}
