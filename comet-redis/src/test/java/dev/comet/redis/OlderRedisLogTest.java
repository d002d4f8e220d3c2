package dev.comet.redis;

/** The same with the oldest Redis that is supported, 6.2. */
class OlderRedisLogTest extends RedisLogTest {
    @Override
    RedisServer open() {
        return RedisServer.older();
    }
}
