package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of a place, and what becomes of a text that is none. */
class CursorTest {
    private static final String URL_SAFE = "[A-Za-z0-9._~-]+";

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();

    @Test
    void oneChannel_epochAndSeq() {
        assertThat(Cursor.of(0xDEADBEEF, 42)).hasToString("deadbeef.42");
        assertThat(Cursor.of(1, Cursor.MAX_SEQ)).hasToString("00000001.9007199254740991");
        assertThat(comet.publish("a", "x").cursor())
                .hasToString(String.format("%08x.2", comet.channel("a").epoch()));
    }

    @Test
    void roundTrip_ofAnything() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            Cursor cursor = any(random);
            String text = cursor.toString();
            assertThat(text.matches(URL_SAFE)).isTrue();
            Cursor back = Cursor.parse(text);
            if (!back.equals(cursor) || back.hashCode() != cursor.hashCode()) {
                throw new AssertionError(text + " came back as " + back);
            }
        }
    }

    private static Cursor any(Random random) {
        int n = random.nextInt(6);
        if (n == 0) {
            return Cursor.of(random.nextInt(), seq(random));
        }
        int[] hashes = new int[n];
        int[] epochs = new int[n];
        long[] seqs = new long[n];
        for (int i = 0; i < n; i++) {
            hashes[i] = random.nextInt();
            epochs[i] = random.nextInt();
            seqs[i] = seq(random);
        }
        return Cursor.of(hashes, epochs, seqs);
    }

    private static long seq(Random random) {
        return Math.max(1, random.nextLong() >>> (11 + random.nextInt(53)));
    }

    @Test
    void equal_onlyWithTheSameHashesEpochsAndSeqs() {
        Cursor one = Cursor.of(new int[] {1, 2}, new int[] {3, 4}, new long[] {5, 6});
        assertThat(one).isEqualTo(Cursor.of(new int[] {1, 2}, new int[] {3, 4}, new long[] {5, 6}));
        assertThat(one).isNotEqualTo(Cursor.of(new int[] {1, 9}, new int[] {3, 4}, new long[] {5, 6}));
        assertThat(one).isNotEqualTo(Cursor.of(new int[] {1, 2}, new int[] {3, 9}, new long[] {5, 6}));
        assertThat(one).isNotEqualTo(Cursor.of(new int[] {1, 2}, new int[] {3, 4}, new long[] {5, 9}));
        assertThat(Cursor.of(3, 5)).isNotEqualTo(Cursor.of(new int[] {1}, new int[] {3}, new long[] {5}));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                ".1",
                "1",
                "0",
                "-1",
                "null",
                "undefined",
                "deadbeef",
                "deadbeef.",
                "deadbeef.0",
                "deadbeef.00",
                "deadbeef.-1",
                "deadbeef.+1",
                "deadbeef. 1",
                "deadbeef.1 ",
                "deadbeef.1.2",
                "deadbeef.1a",
                "deadbeef.٣",
                "deadbeef.9007199254740992",
                "deadbeef.9223372036854775808",
                "deadbeef.99999999999999999999999999999999",
                "DEADBEEF.1",
                "deadbeeg.1",
                "deadbee.1",
                "deadbeef0.1",
                "deadbe\u0000f.1",
                "deadbeef.1\r\nX-Injected: 1",
                "AQ",
                "AQ==",
                "AQAAAAAAAAAA",
                "AgAAAAEAAAABAQ",
                "AAAAAAEAAAABAQ",
                "AQAAAAEAAAABAA",
                "AQAAAAEAAAABAQE",
                "AQAAAAEAAAABgQ",
                "AQAAAAEAAAABgYGBgYGBgYGBAQ",
                "AQAAAAEAAAAB//8",
                "AQAA AAEAAAABAQ",
                "A",
                "%41QAAAAEAAAABAQ",
                "ÄÖÜ",
                "\uD800",
                "'; DROP TABLE channels; --",
                "<script>alert(1)</script>"
            })
    void garbage_isRefused(String text) {
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse(text));
    }

    @Test
    void theSmallestVector_isNotGarbage() {
        assertThat(Cursor.parse("AQAAAAEAAAABAQ")).isEqualTo(Cursor.of(new int[] {1}, new int[] {1}, new long[] {1}));
    }

    @Test
    void seqBeyond53Bits_inAVector_isRefused() {
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse(vectorOf(Cursor.MAX_SEQ + 1)));
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse(vectorOf((1L << 56) - 1)));
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse(vectorOf(0)));
        assertThat(Cursor.parse(vectorOf(Cursor.MAX_SEQ)).seq(0)).isEqualTo(Cursor.MAX_SEQ);
    }

    private static String vectorOf(long seq) {
        return Cursor.of(new int[] {1}, new int[] {1}, new long[] {seq}).toString();
    }

    @Test
    void tooLong_isRefusedBeforeItIsLookedAt() {
        assertThat(Cursor.parse("deadbeef." + "0".repeat(Cursor.MAX_LENGTH - 10) + "7")
                        .seq(0))
                .isEqualTo(7);
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse("deadbeef." + "0".repeat(Cursor.MAX_LENGTH - 9) + "7"));
        assertRefused(Refusal.BAD_CURSOR, () -> Cursor.parse("A".repeat(1_000_000)));
    }

    @Test
    void anErrorText_repeatsNothingThatCouldBreakALine() {
        String hostile = "\r\nSet-Cookie: a=b\u2028\u0000" + "x".repeat(1000);
        try {
            Cursor.parse(hostile);
        } catch (RefusedException e) {
            assertThat(e.detail()).matches("[\\x20-\\x7e…]*").hasSizeLessThan(200);
            return;
        }
        throw new AssertionError("parsed");
    }

    /** Random bytes, and valid cursors with something changed: a refusal or a cursor, never anything else. */
    @Test
    void fuzz_aRefusalOrACursor_andACursorIsItsText() {
        Random random = new Random(7);
        int parsed = 0;
        for (int i = 0; i < 200_000; i++) {
            String text = i % 2 == 0
                    ? randomText(random)
                    : mutated(random, any(random).toString());
            try {
                Cursor cursor = Cursor.parse(text);
                parsed++;
                if (!Cursor.parse(cursor.toString()).equals(cursor)) {
                    throw new AssertionError("not stable: " + text);
                }
            } catch (RefusedException e) {
                assertThat(e.refusal()).isEqualTo(Refusal.BAD_CURSOR);
            }
        }
        assertThat(parsed)
                .as("some of it must be cursors, or the test is blind")
                .isBetween(1000, 150_000);
    }

    private static String randomText(Random random) {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        return switch (random.nextInt(3)) {
            case 0 -> new String(bytes, StandardCharsets.ISO_8859_1);
            case 1 -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
            default -> {
                if (bytes.length > 0) {
                    bytes[0] = 1; // the version
                }
                yield Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
            }
        };
    }

    private static String mutated(Random random, String text) {
        StringBuilder b = new StringBuilder(text);
        int at = random.nextInt(b.length());
        switch (random.nextInt(3)) {
            case 0 -> b.setCharAt(at, (char) random.nextInt(256));
            case 1 -> b.deleteCharAt(at);
            default -> b.insert(at, (char) (32 + random.nextInt(96)));
        }
        return b.toString();
    }

    @Test
    void sixtyFourChannels_areBelow1KiB_upToSeq2097151_andBelowTheParsersLimitAlways() {
        assertThat(sixtyFour((1 << 21) - 1)).hasSizeLessThan(1024);
        assertThat(sixtyFour(Cursor.MAX_SEQ)).hasSizeLessThanOrEqualTo(Cursor.MAX_LENGTH);
        assertThat(Cursor.parse(sixtyFour(Cursor.MAX_SEQ)).seq(63)).isEqualTo(Cursor.MAX_SEQ);
    }

    private static String sixtyFour(long seq) {
        int[] hashes = new int[64];
        int[] epochs = new int[64];
        long[] seqs = new long[64];
        for (int i = 0; i < 64; i++) {
            hashes[i] = Cursor.hash("channel-" + i);
            epochs[i] = -i;
            seqs[i] = seq;
        }
        return Cursor.of(hashes, epochs, seqs).toString();
    }

    /** Published test vectors of 32-bit FNV-1a: cursors must survive an upgrade of the server. */
    @Test
    void hash_isFnv1a_overUtf8() {
        assertThat(Cursor.hash("")).isEqualTo(0x811c9dc5);
        assertThat(Cursor.hash("a")).isEqualTo(0xe40c292c);
        assertThat(Cursor.hash("foobar")).isEqualTo(0xbf9cf968);
        assertThat(Cursor.hash("ö")).isEqualTo(fnv(new byte[] {(byte) 0xC3, (byte) 0xB6}));
    }

    private static int fnv(byte[] bytes) {
        long h = 2166136261L;
        for (byte b : bytes) {
            h = ((h ^ (b & 0xff)) * 16777619L) & 0xFFFFFFFFL;
        }
        return (int) h;
    }

    @Test
    void twoNamesWithOneHash_theEpochTellsThemApart() {
        String[] pair = collision();
        comet.publish(pair[0], "x");
        for (int i = 0; i < 3; i++) {
            comet.publish(pair[1], "y");
        }
        SubscribeOptions both = SubscribeOptions.of(pair);
        Subscriber first = comet.attach(both, () -> {});
        Cursor cursor = Cursor.parse(first.cursor().toString());
        first.close(CloseReason.DONE);
        comet.publish(pair[0], "new");
        comet.publish(pair[1], "new");

        assertThat(Seen.of(comet.attach(both.withFrom(From.cursor(cursor)), () -> {})))
                .containsExactly(pair[0] + 2, pair[1] + 4);
        assertThat(Seen.of(comet.attach(SubscribeOptions.of(pair[1], pair[0]).withFrom(From.cursor(cursor)), () -> {})))
                .containsExactly(pair[0] + 2, pair[1] + 4);
    }

    @Test
    void twoNamesWithOneHash_oneOfThemReset_theOtherGoesOn() {
        String[] pair = collision();
        comet.publish(pair[0], "x");
        comet.publish(pair[1], "y");
        SubscribeOptions both = SubscribeOptions.of(pair);
        Cursor cursor = comet.attach(both, () -> {}).cursor();
        comet.remove(pair[0]);
        comet.publish(pair[0], "another life");
        comet.publish(pair[1], "z");
        assertThat(Seen.of(comet.attach(both.withFrom(From.cursor(cursor)), () -> {})))
                .containsExactly(pair[0] + ":reset-0", pair[0] + 1, pair[1] + 2);
    }

    /** Two names with one hash: among 200,000 random ones there are four or five such pairs. */
    private static String[] collision() {
        Map<Integer, String> names = new HashMap<>();
        for (int i = 0; ; i++) {
            String name = "room-" + Integer.toString(i * 0x9E3779B9, 36);
            String other = names.put(Cursor.hash(name), name);
            if (other != null && !other.equals(name)) {
                return new String[] {other, name};
            }
        }
    }
}
