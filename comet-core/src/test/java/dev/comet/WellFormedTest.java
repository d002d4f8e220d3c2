package dev.comet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lone surrogates, and how long a text is in UTF-8. */
class WellFormedTest {
    /** Both sides of every border: of one, two and three bytes, and of the surrogates. */
    private static final List<String> BORDERS = List.of(
            "\0", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ud800", "\udbff", "\udc00", "\udfff", "\ue000",
            "\uffff");

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "caf\u00e9", "\u20ac", "\ud83d\ude00", "\ud7ff\ue000", "\ud800\udc00\udbff\udfff"})
    void wellFormedText_isGivenBackItself(String text) {
        assertThat(WellFormed.isWellFormed(text)).isTrue();
        assertThat(WellFormed.of(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({
        "\ud83d, \ufffd",
        "\ude00, \ufffd",
        "a\ud83d, a\ufffd",
        "\ude00a, \ufffda",
        "\ude00\ud83d, \ufffd\ufffd",
        "\ud83d\ud83d\ude00, \ufffd\ud83d\ude00",
        "\ud83d\ude00\ude00, \ud83d\ude00\ufffd",
        "\ud83d\u20ac\ude00, \ufffd\u20ac\ufffd",
    })
    void loneSurrogate_becomesAReplacementCharacter_andPairsStay(String text, String mended) {
        assertThat(WellFormed.isWellFormed(text)).isFalse();
        assertThat(WellFormed.of(text)).isEqualTo(mended);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 0",
        "a, 1",
        "\u007f, 1",
        "\u0080, 2",
        "\u07ff, 2",
        "\u0800, 3",
        "\uffff, 3",
        "a\u00e9\u20ac\ud83d\ude00, 10"
    })
    void utf8Length_countsWhatEachCharacterTakes(String text, long bytes) {
        assertThat(WellFormed.utf8Length(text)).isEqualTo(bytes);
    }

    /** A request may well be a text of nothing else; looking for the next one must not begin anew. */
    @Test
    void textOfLoneSurrogatesAlone_isMendedInOneGo() {
        assertThat(WellFormed.of("\ude00".repeat(1_000_000))).isEqualTo("\ufffd".repeat(1_000_000));
    }

    @Test
    void everyShortText_isAsTheJdkHasIt() {
        everyText("", 4);
    }

    @Test
    void randomTexts_areAsTheJdkHasThem() {
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(40); i > 0; i--) {
                text.append(
                        random.nextInt(4) > 0
                                ? BORDERS.get(random.nextInt(BORDERS.size()))
                                : String.valueOf((char) random.nextInt(0x10000)));
            }
            compare(text.toString(), "seed " + seed);
        }
    }

    private static void everyText(String start, int length) {
        compare(start, "of the borders");
        if (length > 0) {
            BORDERS.forEach(next -> everyText(start + next, length - 1));
        }
    }

    /** The JDK's iterator of code points passes lone surrogates on as they are. */
    private static void compare(String text, String origin) {
        int[] codePoints = text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                .toArray();
        String expected = new String(codePoints, 0, codePoints.length);
        String mended = WellFormed.of(text);

        assertThat(mended).as(() -> origin + ": " + hex(text)).isEqualTo(expected);
        assertThat(WellFormed.isWellFormed(text))
                .as(() -> origin + ": " + hex(text))
                .isEqualTo(text.equals(expected));
        assertThat(WellFormed.utf8Length(mended))
                .as(() -> origin + ": " + hex(mended))
                .isEqualTo(expected.getBytes(UTF_8).length);
        if (text.equals(expected)) {
            assertThat(mended).as(() -> origin + ": " + hex(text)).isSameAs(text);
        }
    }

    private static String hex(String text) {
        return text.chars().mapToObj(c -> String.format("%04X", c)).collect(Collectors.joining(" "));
    }
}
