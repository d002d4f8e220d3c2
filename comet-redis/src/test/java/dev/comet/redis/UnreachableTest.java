package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Why there is no connection, as the log has it for whoever looks there first. */
class UnreachableTest {
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Heard heard = closing(new Heard());

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(0, resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    private void isSaid(String uri, String why) {
        closing(Comet.builder().log(RedisLog.connect(uri)).build());
        awaitSaid(why);
    }

    private void awaitSaid(String why) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (heard.warnings().stream().noneMatch(said -> said.contains(why))) {
            assertThat(System.nanoTime()).as("%s", heard.warnings()).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @Test
    void nobodyListens() throws Exception {
        int port = RedisServer.freePort();
        isSaid("redis://127.0.0.1:" + port, "at 127.0.0.1:" + port + ", trying again: Connection refused");
    }

    @Test
    void hostUnknown() {
        isSaid("redis://nobody.invalid:6379", "at nobody.invalid:6379, trying again: java.net.UnknownHostException:");
    }

    @Test
    void password_missingOrWrong_isNotSaid() throws Exception {
        RedisServer redis = closing(new RedisServer());
        redis.command("CONFIG", "SET", "requirepass", "secret-1");
        isSaid("redis://127.0.0.1:" + redis.port(), "trying again: NOAUTH ");
        isSaid("redis://secret-2@127.0.0.1:" + redis.port(), "trying again: WRONGPASS ");
        assertThat(heard.warnings()).noneMatch(said -> said.contains("secret"));
    }

    @Test
    void whatARedisBefore6Repeats_isNotSaid() {
        Exception repeats =
                new Exception("ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `secret`,");
        assertThat(LettuceLinks.why(new Exception("Unable to connect", repeats)))
                .isEqualTo("ERR unknown command `HELLO`");
    }

    /** Redis waits for the rest of what it takes for a command. */
    @Test
    void tls_whereThereIsNone() {
        RedisServer redis = closing(new RedisServer());
        isSaid("rediss://127.0.0.1:" + redis.port(), "with TLS, trying again: Connection initialization timed out");
    }

    @Test
    void scriptsAreForbidden() throws Exception {
        RedisServer redis = closing(new RedisServer());
        redis.command("ACL", "SETUSER", "default", "-script");
        isSaid("redis://127.0.0.1:" + redis.port(), "trying again: it takes no scripts: NOPERM ");
    }

    /** Not each time: a node tries several times a second. */
    @Test
    void reason_isSaidOnceAMinute_andAtOnceWhenItIsAnother() {
        ByHand links = new ByHand();
        Node node = new Node(links, "comet", "", Duration.ofSeconds(2), Duration.ZERO, 0, false);
        for (int i = 0; i < 5; i++) {
            node.unreachable("WRONGPASS");
        }
        String said = "no connection to Redis at hand, trying again: ";
        assertThat(heard.warnings()).containsExactly(said + "WRONGPASS");
        node.unreachable("Connection refused");
        node.unreachable("WRONGPASS");
        assertThat(heard.warnings()).containsExactly(said + "WRONGPASS", said + "Connection refused");
        for (int minute = 0; minute < 3; minute++) {
            links.minute();
            node.unreachable("WRONGPASS");
            node.unreachable("WRONGPASS");
        }
        assertThat(heard.warnings()).hasSize(5).endsWith(said + "WRONGPASS");
    }

    /** Time passes when it is told to. */
    private static final class ByHand implements Links {
        private final List<Runnable> inAMinute = new ArrayList<>();

        void minute() {
            List<Runnable> due = List.copyOf(inAMinute);
            inAMinute.clear();
            due.forEach(Runnable::run);
        }

        @Override
        public void schedule(Runnable task, Duration delay) {
            if (delay.equals(Duration.ofMinutes(1))) {
                inAMinute.add(task);
            }
        }

        @Override
        public String toString() {
            return "hand";
        }

        @Override
        public void start(Link.Events to, Duration atMost) {}

        @Override
        public void dial() {}

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public long random() {
            return 1;
        }

        @Override
        public int database() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
