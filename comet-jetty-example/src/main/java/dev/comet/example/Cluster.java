package dev.comet.example;

import dev.comet.Comet;
import dev.comet.redis.RedisLog;

/** Apart, so that without {@code --redis} nothing of Redis is loaded. */
final class Cluster {
    private Cluster() {}

    static void join(Comet.Builder hub, String uri) {
        hub.log(RedisLog.connect(uri));
    }
}
