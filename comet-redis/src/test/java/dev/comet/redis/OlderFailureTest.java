package dev.comet.redis;

/** The same with the oldest Redis that is supported, 6.2, which says in other words why a script failed. */
class OlderFailureTest extends FailureTest {
    @Override
    RedisServer open(String... options) {
        return RedisServer.older(options);
    }
}
