package dev.comet.redis;

import dev.comet.SharedLogContract;
import dev.comet.spi.SharedLog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** What every shared log promises, with Redis. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisLogTest extends SharedLogContract {
    private RedisServer redis;
    private int hubs;

    RedisServer open() {
        return new RedisServer();
    }

    @BeforeAll
    void start() {
        redis = open();
    }

    @AfterAll
    void stop() {
        redis.close();
    }

    @BeforeEach
    void anotherHub() {
        hubs++;
    }

    @Override
    protected SharedLog log() {
        return RedisLog.builder(redis.uri()).hub("hub-" + hubs).build();
    }

    @Override
    protected void forgetEverything() {
        redis.kill();
        redis.start();
    }
}
