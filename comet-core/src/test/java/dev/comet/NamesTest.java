package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of channels and members: from a hostile network, and on their way into paths, headers and logs. */
class NamesTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a/b",
                "/",
                "a\\b",
                "%",
                "a%2Fb",
                "\u0000",
                "a\nb",
                "a\rb",
                "a\tb",
                "\u001F",
                "\u007F",
                "a\u0085b",
                "\u009F",
                "\uD800",
                "a\uDC00b",
                "\uDC00\uD800"
            })
    void badChannel_isRefused(String name) {
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "news", "a b", "a:b?c#d&e=f", "ü", "日本語", "😀", "\"<>'", "a.b|c", "\u00A0"})
    void goodChannel_isTaken(String name) {
        assertThat(Names.channel(name)).isSameAs(name);
    }

    @Test
    void length_isMeasuredInUtf8Bytes() {
        Names.channel("a".repeat(200));
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel("a".repeat(201)));
        Names.channel("ö".repeat(100));
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel("ö".repeat(100) + "a"));
        Names.channel("€".repeat(66) + "aa");
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel("€".repeat(67)));
        Names.channel("😀".repeat(50));
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel("😀".repeat(50) + "a"));
    }

    @Test
    void hugeName_isRefusedAtOnce_andNotRepeated() {
        assertRefused(Refusal.BAD_CHANNEL, () -> Names.channel("a".repeat(10_000_000)));
        assertThat(Names.shown("a".repeat(10_000_000))).isEqualTo("'" + "a".repeat(40) + "…'");
    }

    @Test
    void members_mayHaveWhatPathsMayNot_butNoControlCharacters() {
        assertThat(Names.member("CORP\\ann/100%")).isEqualTo("CORP\\ann/100%");
        assertRefused(Refusal.BAD_NAME, () -> Names.member("a\u0085"));
        assertRefused(Refusal.BAD_NAME, () -> Names.member(""));
        assertRefused(Refusal.BAD_NAME, () -> Names.member("a".repeat(201)));
        assertRefused(Refusal.BAD_NAME, () -> Names.member("\uDBFF"));
    }

    @Test
    void shown_hasNothingThatBreaksALineOrALog() {
        assertThat(Names.shown("a\r\nb\u001B[31m\u2028ö\uD800")).isEqualTo("'a??b?[31m???'");
    }
}
