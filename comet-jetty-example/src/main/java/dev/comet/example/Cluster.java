package dev.comet.example;

import dev.comet.Comet;
import dev.comet.redis.RedisLog;
import java.util.Optional;

/** Apart, so that without {@code --redis} nothing of Redis is loaded. */
final class Cluster {
    private Cluster() {}

    static void join(Comet.Builder hub, String uri, Optional<String> node) {
        RedisLog.Builder log = RedisLog.builder(uri);
        node.ifPresent(log::node);
        hub.log(log.build());
    }
}
