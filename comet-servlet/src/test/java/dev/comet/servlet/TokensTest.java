package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.comet.Action;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens as an application sees them: their settings, and what it mints. */
final class TokensTest {
    private static final byte[] SECRET = new byte[] {
        -1, -2, -3, -4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32
    };
    private static final String WRITTEN =
            Base64.getUrlEncoder().withoutPadding().encodeToString(SECRET);

    private static Token read(CometConfig config, String token) {
        return config.bearers()
                .orElseThrow()
                .identify(Ask.get("/").with("Authorization", "Bearer " + token).request())
                .token()
                .orElseThrow();
    }

    private static CometConfig parsed(String name, String value) {
        return CometOptions.parse(Map.of(name, value)).config();
    }

    @Test
    void minted_isReadWithWhatItGrants() {
        Tokens tokens = Tokens.builder().key("k1", SECRET).build();
        CometConfig config = CometConfig.builder().tokens(tokens).build();
        Token token = read(
                config,
                tokens.mint("ann", Duration.ofMinutes(1))
                        .subscribe("news", "room-*")
                        .publish("room-7")
                        .presence("room-7")
                        .sign());
        assertThat(token.subject()).isEqualTo("ann");
        assertThat(token.allows(Action.SUBSCRIBE, "room-9")).isTrue();
        assertThat(token.allows(Action.PUBLISH, "room-7")).isTrue();
        assertThat(token.allows(Action.PUBLISH, "room-9")).isFalse();
        assertThat(token.allows(Action.PRESENCE, "room-7")).isTrue();
        assertThat(token.allows(Action.ADMIN, "room-7")).isFalse();
        assertThat(read(
                                config,
                                tokens.mint("root", Duration.ofMinutes(1))
                                        .admin()
                                        .sign())
                        .allows(Action.ADMIN, ""))
                .isTrue();
    }

    @Test
    void mint_refusesWhatMakesNoSense() {
        Tokens tokens = Tokens.builder().key("k1", SECRET).build();
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.mint("", Duration.ofMinutes(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.mint("x".repeat(201), Duration.ofMinutes(1)));
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(400_000))) {
            assertThatIllegalArgumentException().isThrownBy(() -> tokens.mint("ann", wrong));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.revokeKey("k2"));
    }

    // ---- settings

    @Test
    void keys_areWrittenInEitherBase64() {
        String token = Tokens.builder()
                .key("2026-11", SECRET)
                .build()
                .mint("ann", Duration.ofMinutes(1))
                .sign();
        for (String written : List.of(
                "2026-11:" + WRITTEN,
                " 2026-11 : " + WRITTEN + " , ",
                "other:" + "A".repeat(43) + ",2026-11:" + Base64.getEncoder().encodeToString(SECRET))) {
            assertThat(read(parsed("token-keys", written), token).subject()).isEqualTo("ann");
        }
    }

    @Test
    void keys_comeFromAFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("keys");
        Files.writeString(file, "k2:" + "A".repeat(43) + "\nk1:" + WRITTEN + "\n\n");
        String token = Tokens.builder()
                .key("k1", SECRET)
                .build()
                .mint("ann", Duration.ofMinutes(1))
                .sign();
        assertThat(read(parsed("token-keys-file", file.toString()), token).subject())
                .isEqualTo("ann");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parsed("token-keys-file", file + "x"))
                .withMessageContaining("cannot be read");
    }

    /** What is wrong is told, the secret is not: such texts are logged. */
    @Test
    void keysThatAreWrong_areRefused_withoutTheirSecrets() {
        String secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
        for (String wrong : List.of(
                "k1:" + secret,
                secret,
                "k1:" + secret + "!!!" + secret + secret,
                "k 1:" + WRITTEN,
                ":" + WRITTEN,
                "k1:" + WRITTEN + ",k1:" + WRITTEN)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> parsed("token-keys", wrong))
                    .withMessageStartingWith("token-keys=...: ")
                    .satisfies(e -> {
                        for (Throwable t = e; t != null; t = t.getCause()) {
                            assertThat(t.toString()).doesNotContain(secret).doesNotContain(WRITTEN);
                        }
                    });
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tokens.builder().key("k1", new byte[31]))
                .withMessageContaining("31 bytes")
                .withMessageContaining("at least 32");
    }

    @Test
    void requiredTokens_needKeys() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parsed("require-token", "true"))
                .withMessageContaining("token-keys");
        assertThat(CometConfig.defaults().bearers()).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> Tokens.builder().build());
    }

    /** A key that is cleared by its owner after use is still ours. */
    @Test
    void key_isCopied() {
        byte[] mine = SECRET.clone();
        Tokens tokens = Tokens.builder().key("k1", mine).build();
        String before = tokens.mint("ann", Duration.ofMinutes(1)).sign();
        java.util.Arrays.fill(mine, (byte) 0);
        assertThat(read(CometConfig.builder().tokens(tokens).build(), before).subject())
                .isEqualTo("ann");
        assertThat(tokens).hasToString("Tokens");
    }
}
