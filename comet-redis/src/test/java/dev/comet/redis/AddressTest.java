package dev.comet.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.lettuce.core.RedisURI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTest {

    @ParameterizedTest
    @CsvSource({
        "localhost, localhost",
        "localhost:6379, localhost:6379",
        "reids://localhost, reids://localhost",
        "reids://ann:secret@localhost:1, reids://***@localhost:1",
        "redis:localhost, redis:***",
        "redis://, redis://",
        "redis://localhost:70000, redis://localhost:70000",
        "redis://localhost:port, redis://localhost:***",
        "redis://localhost/first, redis://localhost/first",
        "redis://ann:secret, redis://ann:***",
        "redis://secret@, redis://***@",
        "redis://ann:sec/ret@localhost, redis://***@localhost",
        "redis://ann:sec ret@localhost, redis://***@localhost",
        "redis://secret@my_redis:1, redis://***@my_redis:1",
        "redis://my_redis:6379, redis://my_redis:6379",
        "ann:secret@localhost, ***@localhost",
    })
    void whatIsWrong_isShownWithoutPassword_andWhatWouldBeRight(String uri, String shown) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisLog.connect(uri))
                .withMessageStartingWith("redis URI: '" + shown
                        + "' must be redis://[[user:]password@]host[:port][/database], or rediss://...")
                .withNoCause();
    }

    @Test
    void whatIsRight() {
        RedisURI all = Address.of("rediss://ann:sec%2Fret@localhost:1/2");
        assertThat(all.getHost() + all.getPort() + all.getDatabase() + all.isSsl())
                .isEqualTo("localhost12true");
        assertThat(Address.of("redis://[::1]").getPort()).isEqualTo(6379);
        assertThat(Address.of("redis-sentinel://secret@a:1,b:2#m").getSentinels())
                .hasSize(2);
        assertThat(Address.of("redis-socket:///tmp/redis").getSocket()).isEqualTo("/tmp/redis");
    }
}
