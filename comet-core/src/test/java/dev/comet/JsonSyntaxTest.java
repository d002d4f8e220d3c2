package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scanner by examples, and against jackson: on every short text of a few tokens, on every odd character in every
 * place, and on random texts and their mutations. Where jackson 2.22 itself leaves the RFC: {@link #jacksonTakes}.
 */
class JsonSyntaxTest {
    private static final JsonFactory JACKSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // for speed: most names are seen once
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(JsonSyntax.MAX_DEPTH)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Digits, spaces, marks and surrogates that a parser might take for others. */
    private static final String ODD = "\u0661\u1680\u2000\u200b\u2028\u2029\u202f\u205f\u2060\u3000"
            + "\ud800\udc00\ufeff\uff10\uff41\ufffd\uffff";

    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u.{4}|.)", Pattern.DOTALL);

    private static final Pattern MESSAGE = Pattern.compile("not JSON: "
            + "found (?:the end of the text|'[!-~]'|U\\+[0-9A-F]{4,6}) at index ([0-9]+), expected [ -~]{3,50}");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "false",
                " \t\r\n0\n\r\t ",
                "-0",
                "7",
                "10",
                "-1234567890",
                "0.0",
                "-0.007",
                "100.25",
                "0e0",
                "-1e5",
                "1E+09",
                "1.5e-400",
                "123456789012345678901234567890.123456789012345678901234567890e1234567890",
                "\"\"",
                "\"'/\u007f\u00e9\u2028\ufeff\ufffd\ud83d\ude00\"",
                "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                "\"\\u0000\\u12aB\\uCDef\\\\u\"",
                "[]",
                "[ ]",
                "[[],{}]",
                "[1,\"a\",null,true,false,-1.5]",
                " [ 1 , [ 2 ] , { } ] ",
                "{}",
                "{\n}",
                "{\"a\":1}",
                "{\"\":{\"\\u0061\":[{}]},\"b\":[]}",
                " { \"a\" : 1 , \"b\" : { } } ",
            })
    void value_ofEveryProduction_passes(String text) {
        assertThatCode(() -> JsonSyntax.check(text)).doesNotThrowAnyException();
        assertThat(jacksonTakes(text)).isTrue();
    }

    @Test
    void name_thatOccursTwice_passes() {
        assertThatCode(() -> JsonSyntax.check("{\"a\":1,\"a\":2}")).doesNotThrowAnyException();
    }

    @Test
    void escape_ofALoneSurrogate_passes_forItGoesOutAsAscii() {
        for (String text : List.of("\"\\ud800\"", "\"\\uDFFF\"", "\"\\udc00\\ud800\"", "\"\\ud83d.\\ude00\"")) {
            assertThatCode(() -> JsonSyntax.check(text)).as(text).doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``           | the end of the text at index 0, expected a value",
                "`  `         | the end of the text at index 2, expected a value",
                "1 2          | '2' at index 2, expected nothing after the value",
                "{}{}         | '{' at index 2, expected nothing after the value",
                "1,           | ',' at index 1, expected nothing after the value",
                "[]]          | ']' at index 2, expected nothing after the value",
                "]            | ']' at index 0, expected a value",
                "NaN          | 'N' at index 0, expected a value",
                "Infinity     | 'I' at index 0, expected a value",
                "'a'          | ''' at index 0, expected a value",
                "/**/1        | '/' at index 0, expected a value",
                "True         | 'T' at index 0, expected a value",
                "+1           | '+' at index 0, expected a value",
                ".5           | '.' at index 0, expected a value",
                "tru          | the end of the text at index 3, expected the rest of 'true'",
                "[fals]       | ']' at index 5, expected the rest of 'false'",
                "nulL         | 'L' at index 3, expected the rest of 'null'",
                "nully        | 'y' at index 4, expected nothing after the value",
                "-            | the end of the text at index 1, expected a digit",
                "-a           | 'a' at index 1, expected a digit",
                "-Infinity    | 'I' at index 1, expected a digit",
                "--1          | '-' at index 1, expected a digit",
                "01           | '1' at index 1, expected no digit after a leading 0",
                "-00          | '0' at index 2, expected no digit after a leading 0",
                "0x1F         | 'x' at index 1, expected nothing after the value",
                "1_000        | '_' at index 1, expected nothing after the value",
                "1.           | the end of the text at index 2, expected a digit",
                "1.e5         | 'e' at index 2, expected a digit",
                "1.2.3        | '.' at index 3, expected nothing after the value",
                "1e           | the end of the text at index 2, expected a digit",
                "1e+          | the end of the text at index 3, expected a digit",
                "[1e-]        | ']' at index 4, expected a digit",
                "1e+-2        | '-' at index 3, expected a digit",
                "1e5.0        | '.' at index 3, expected nothing after the value",
                "\"           | the end of the text at index 1, expected a closing '\"'",
                "\"a\\\"      | the end of the text at index 4, expected a closing '\"'",
                "\"\\         | the end of the text at index 2, expected one of \" \\ / b f n r t u after '\\'",
                "\"\\'\"      | ''' at index 2, expected one of \" \\ / b f n r t u after '\\'",
                "\"\\x41\"    | 'x' at index 2, expected one of \" \\ / b f n r t u after '\\'",
                "\"\\U0041\"  | 'U' at index 2, expected one of \" \\ / b f n r t u after '\\'",
                "\"\\u00g0\"  | 'g' at index 5, expected four hex digits after '\\u'",
                "\"\\u041\"   | '\"' at index 6, expected four hex digits after '\\u'",
                "\"\\u00      | the end of the text at index 5, expected four hex digits after '\\u'",
                "[            | the end of the text at index 1, expected a value",
                "[,1]         | ',' at index 1, expected a value",
                "[1,]         | ']' at index 3, expected a value",
                "[1,,2]       | ',' at index 3, expected a value",
                "[1           | the end of the text at index 2, expected ',' or ']'",
                "[1 2]        | '2' at index 3, expected ',' or ']'",
                "[1}          | '}' at index 2, expected ',' or ']'",
                "[\"a\":1]    | ':' at index 4, expected ',' or ']'",
                "{            | the end of the text at index 1, expected a name in double quotes",
                "{a:1}        | 'a' at index 1, expected a name in double quotes",
                "{1:1}        | '1' at index 1, expected a name in double quotes",
                "{'a':1}      | ''' at index 1, expected a name in double quotes",
                "{,}          | ',' at index 1, expected a name in double quotes",
                "{]           | ']' at index 1, expected a name in double quotes",
                "{\"a\":1,}   | '}' at index 7, expected a name in double quotes",
                "{\"a\"}      | '}' at index 4, expected ':'",
                "{\"a\" 1}    | '1' at index 5, expected ':'",
                "{\"a\":}     | '}' at index 5, expected a value",
                "{\"a\"::1}   | ':' at index 5, expected a value",
                "{\"a\":1     | the end of the text at index 6, expected ',' or '}'",
                "{\"a\":1]    | ']' at index 6, expected ',' or '}'",
                "{\"a\":1 \"b\":2} | '\"' at index 7, expected ',' or '}'",
                "[{}          | the end of the text at index 3, expected ',' or ']'",
                "{\"a\":[]]   | ']' at index 7, expected ',' or '}'",
            })
    void text_thatIsNoValue_isRefused_withWhatWasFoundAndWhatWouldBeRight(String text, String found) {
        assertThatThrownBy(() -> JsonSyntax.check(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not JSON: found " + found);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "<FEFF>1           | U+FEFF at index 0, expected a value",
                "[1<00A0>]         | U+00A0 at index 2, expected ',' or ']'",
                "{<2028>}          | U+2028 at index 1, expected a name in double quotes",
                "[<D83D><DE00>]    | U+1F600 at index 1, expected a value",
                "[<D83D>]          | U+D83D at index 1, expected a value",
                "[1<000C>]         | U+000C at index 2, expected ',' or ']'",
                "[1<000B>]         | U+000B at index 2, expected ',' or ']'",
                "[1<0000>]         | U+0000 at index 2, expected ',' or ']'",
                "<0000>            | U+0000 at index 0, expected a value",
                "1<0000>           | U+0000 at index 1, expected nothing after the value",
                "tru<0000>         | U+0000 at index 3, expected the rest of 'true'",
                "\"<0000>\"        | U+0000 at index 1, expected an escape for this control character",
                "\"a<0009>b\"      | U+0009 at index 2, expected an escape for this control character",
                "\"a<000A>\"       | U+000A at index 2, expected an escape for this control character",
                "{\"<001F>\":1}    | U+001F at index 2, expected an escape for this control character",
                "\"\\<000A>\"      | U+000A at index 2, expected one of \" \\ / b f n r t u after '\\'",
                "\"\\u000<0130>\"  | U+0130 at index 6, expected four hex digits after '\\u'",
                "\"\\u<FF10>000\"  | U+FF10 at index 3, expected four hex digits after '\\u'",
                "-<0661>           | U+0661 at index 1, expected a digit",
            })
    void character_thatAReaderMightNotSee_isNamedByItsNumber(String text, String found) {
        String raw = Pattern.compile("<(....)>")
                .matcher(text)
                .replaceAll(m -> Matcher.quoteReplacement(Character.toString(Integer.parseInt(m.group(1), 16))));

        assertThatThrownBy(() -> JsonSyntax.check(raw)).hasMessage("not JSON: found " + found);
    }

    @Test
    void nesting_toTheLimitPasses_oneMoreIsRefused() {
        int limit = JsonSyntax.MAX_DEPTH;

        assertThatCode(() -> JsonSyntax.check("[".repeat(limit) + "]".repeat(limit)))
                .doesNotThrowAnyException();
        assertThatCode(() -> JsonSyntax.check("{\"a\":".repeat(limit) + "1" + "}".repeat(limit)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> JsonSyntax.check("[".repeat(limit + 1) + "]".repeat(limit + 1)))
                .hasMessage("not JSON: found '[' at index 512, expected at most 512 nested levels");
    }

    @Test
    void nesting_thatIsWideButNotDeep_passes() {
        String deep = "[".repeat(100) + "]".repeat(100);

        assertThatCode(() -> JsonSyntax.check("[" + (deep + ",").repeat(1000) + deep + "]"))
                .doesNotThrowAnyException();
    }

    @Test
    void nesting_ofAMillionLevels_isRefusedWithoutAStackOverflow() {
        assertThatThrownBy(() -> JsonSyntax.check("[".repeat(1_000_000))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> JsonSyntax.check("[{\"a\":".repeat(500_000)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** What the bits of 64 levels forget, the saved ones must remember. */
    @Test
    void nesting_ofArraysAndObjectsAtRandom_isClosedInItsOwnOrderOnly() {
        for (int depth = 1; depth <= JsonSyntax.MAX_DEPTH; depth++) {
            Random random = new Random(depth);
            StringBuilder open = new StringBuilder();
            StringBuilder close = new StringBuilder();
            for (int i = 0; i < depth; i++) {
                boolean object = random.nextBoolean();
                open.append(object ? "{\"\":" : "[");
                close.append(object ? '}' : ']');
            }
            String levels = open + "0";
            String right = close.reverse().toString();
            int swapped = random.nextInt(depth);
            String wrong = right.substring(0, swapped)
                    + (right.charAt(swapped) == ']' ? '}' : ']')
                    + right.substring(swapped + 1);

            assertThat(refusal(levels + right)).as("depth %d", depth).isEmpty();
            assertThat(refusal(levels + wrong))
                    .as("depth %d", depth)
                    .get()
                    .asString()
                    .contains("at index " + (levels.length() + swapped) + ",");
        }
    }

    @Test
    void everyShortNumber_isJudgedAsByJackson() {
        everyText("", List.of("0", "1", "-", "+", ".", "e"), 5, text -> compareWithIndex(text, text));
    }

    @Test
    void everyShortString_isJudgedAsByJackson() {
        List<String> tokens = List.of("\\u", "\\", "\"", "0", "fF", "g", "n", "\n");
        everyText("", tokens, 4, text -> compareWithIndex("\"" + text + "\"", text));
    }

    @Test
    void everyShortStructure_isJudgedAsByJackson() {
        List<String> tokens = List.of("{", "}", "[", "]", ",", ":", "\"a\"", "\"a\":1");
        everyText("", tokens, 5, text -> compareWithIndex(text, text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@",
                "@1",
                "1@",
                "1 @",
                "-@",
                "0@",
                "1.@",
                "1.5@",
                "1e@",
                "1e5@",
                "[@]",
                "[1@]",
                "[1.5 @]",
                "[1,@2]",
                "{@}",
                "{\"a\"@:1}",
                "{\"a\":@1}",
                "{\"a\":1@}",
                "{\"a\"@1}",
                "{\"a\":1@\"b\":2}",
                "{\"a@\":1}",
                "{\"\\@\":1}",
                "\"@\"",
                "\"\\@\"",
                "\"\\u@000\"",
                "\"\\u000@\"",
                "tru@",
                "true@",
                "[null@]",
                "\"a\"@",
                "[]@",
            })
    void everyOddCharacter_inThisPlace_isJudgedAsByJackson(String place) {
        for (char c = 0; c < 0x300; c++) {
            compareWithIndex(place.replace('@', c), place);
        }
        ODD.chars().forEach(c -> compareWithIndex(place.replace('@', (char) c), place));
    }

    @Test
    void randomValues_pass_andTheirMutationsAreJudgedAsByJackson() {
        int values = 20_000;
        int mutants = 10 * values;
        int passed = IntStream.range(0, values)
                .parallel() // also for the short stacks: most of the time goes into the traces of exceptions
                .map(JsonSyntaxTest::tenMutants)
                .sum();

        assertThat(passed).as("or else they prove little").isBetween(mutants / 10, mutants / 2);
    }

    /** How many of the ten pass. */
    private static int tenMutants(int seed) {
        Random random = new Random(seed);
        StringBuilder valid = new StringBuilder();
        value(valid, random, 4);
        if (!compare(valid.toString(), "seed " + seed)) {
            fail("seed %d: both refuse %s", seed, shown(valid));
        }
        int passed = 0;
        for (int i = 0; i < 10; i++) {
            passed += compare(mutant(valid, random), "seed " + seed + ", mutant " + i) ? 1 : 0;
        }
        return passed;
    }

    /** Whether both take the text, or else fails. */
    private static boolean compare(String text, String origin) {
        boolean expected = jacksonTakes(text);
        Optional<String> refusal = refusal(text);
        if (refusal.isEmpty() != expected) {
            fail("%s: jackson takes it: %s, JsonSyntax: %s, text: %s", origin, expected, refusal, shown(text));
        }
        return expected;
    }

    /** The same, and what is refused is refused at the first character that cannot be right. */
    private static void compareWithIndex(String text, String origin) {
        compare(text, origin);
        refusal(text).ifPresent(message -> {
            int at = index(message);
            String start = text.substring(0, Math.min(at + 1, text.length()));
            int again = refusal(start).map(JsonSyntaxTest::index).orElse(-1);
            int before =
                    refusal(text.substring(0, at)).map(JsonSyntaxTest::index).orElse(at);
            if (again != at || before != at) {
                fail("%s: %s; cut there: %d, %d; text: %s", origin, message, again, before, shown(text));
            }
        });
    }

    private static Optional<String> refusal(String text) {
        try {
            JsonSyntax.check(text);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static int index(String message) {
        Matcher m = MESSAGE.matcher(message);
        if (!m.matches()) {
            fail("a message of another form: %s", shown(message));
        }
        return Integer.parseInt(m.group(1));
    }

    /**
     * Whether the text is one RFC 8259 value by jackson's judgement, mended where that is not the RFC's:
     *
     * <ul>
     *   <li>it takes a sequence of values, or none, for right, with or without space between: so they are counted;
     *   <li>of the four digits in an escape its parser of chars looks at the low eight bits only (CharTypes.charToHex),
     *       and takes U+0130, say, for a 0: so no escape may have such a character.
     * </ul>
     */
    private static boolean jacksonTakes(String text) {
        int values = 0;
        try (JsonParser parser = JACKSON.createParser(text)) {
            while (parser.nextToken() != null) {
                parser.finishToken();
                values += parser.getParsingContext().inRoot() ? 1 : 0;
            }
        } catch (JsonProcessingException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return values == 1
                && ESCAPE.matcher(text)
                        .results()
                        .allMatch(escape -> escape.group().chars().allMatch(c -> c <= 0xFF));
    }

    private static void everyText(String start, List<String> tokens, int length, Consumer<String> test) {
        test.accept(start);
        if (length > 0) {
            tokens.forEach(token -> everyText(start + token, tokens, length - 1, test));
        }
    }

    private static void value(StringBuilder to, Random random, int depth) {
        space(to, random);
        switch (random.nextInt(depth > 0 ? 9 : 5)) {
            case 0 -> to.append(pick(random, "null", "true", "false"));
            case 1, 2 -> number(to, random);
            case 3, 4 -> string(to, random);
            case 5, 6 -> {
                to.append('[');
                space(to, random);
                for (int i = random.nextInt(4); i > 0; i--) {
                    value(to, random, depth - 1);
                    to.append(i > 1 ? "," : "");
                }
                to.append(']');
            }
            default -> {
                to.append('{');
                space(to, random);
                for (int i = random.nextInt(4); i > 0; i--) {
                    space(to, random);
                    string(to, random);
                    space(to, random);
                    to.append(':');
                    value(to, random, depth - 1);
                    to.append(i > 1 ? "," : "");
                }
                to.append('}');
            }
        }
        space(to, random);
    }

    private static void number(StringBuilder to, Random random) {
        to.append(pick(random, "", "-")).append(pick(random, "0", "1", "42", "9007199254740993"));
        if (random.nextInt(3) == 0) {
            to.append('.').append(pick(random, "0", "5", "00", "125"));
        }
        if (random.nextInt(3) == 0) {
            to.append(pick(random, "e", "E")).append(pick(random, "", "+", "-")).append(pick(random, "0", "07", "999"));
        }
    }

    private static void string(StringBuilder to, Random random) {
        to.append('"');
        for (int i = random.nextInt(6); i > 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> to.append('\\').append(pick(random, "\"", "\\", "/", "b", "f", "n", "r", "t"));
                case 1 -> to.append(String.format(pick(random, "\\u%04x", "\\u%04X"), random.nextInt(0x10000)));
                case 2 -> to.append(pick(random, "\u007f", "\u00e9", "\u2028", "\ufeff", "\ufffd", "\ud83d\ude00"));
                default ->
                    to.append(pick(random, " ", "!", "#", "/", "0", "a", "u", "[", "]", "{", "}", ",", ":", "~"));
            }
        }
        to.append('"');
    }

    private static void space(StringBuilder to, Random random) {
        if (random.nextInt(8) == 0) {
            to.append(pick(random, " ", "\t", "\n", "\r", " \r\n"));
        }
    }

    /** The text with one to three changes: a part deleted, doubled or moved, a character inserted or replaced. */
    private static String mutant(CharSequence text, Random random) {
        StringBuilder mutant = new StringBuilder(text);
        for (int i = 1 + random.nextInt(random.nextInt(3) + 1); i > 0; i--) {
            int from = random.nextInt(mutant.length() + 1);
            int to = Math.min(mutant.length(), from + 1 + random.nextInt(random.nextInt(8) + 1));
            switch (random.nextInt(5)) {
                case 0 -> mutant.delete(from, to);
                case 1 -> mutant.insert(from, mutant.substring(from, to));
                case 2 -> mutant.insert(random.nextInt(mutant.length() + 1), mutant.substring(from, to));
                case 3 -> mutant.insert(from, piece(random));
                default -> mutant.replace(from, Math.min(mutant.length(), from + 1), piece(random));
            }
        }
        return mutant.toString();
    }

    private static String piece(Random random) {
        String characters = "{}[]{}[],,::\"\"\"\\\\/'0123456789eE+-..tfnrubaAFgx*#N \t\r\n"
                + "\0\u0001\b\u000b\f\u001e\u001f\u007f\u0085\u00a0\u0130\u0661"
                + "\u2028\u2029\u3000\ufeff\uff10\ud800\udc00";
        return switch (random.nextInt(12)) {
            case 0 -> pick(random, "true", "false", "null", "NaN", "-Infinity", "undefined", "//", "/**/");
            case 1 ->
                pick(random, "\\u", "\\u0000", "\\ud800", "\\\"", "\\\\", "\\'", "1e5", ".5", "-0", "00", "{}", "[]");
            default -> String.valueOf(characters.charAt(random.nextInt(characters.length())));
        };
    }

    private static String pick(Random random, String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static String shown(CharSequence text) {
        StringBuilder b = new StringBuilder();
        text.chars()
                .forEach(c -> b.append(c >= ' ' && c < 0x7f ? String.valueOf((char) c) : String.format("<%04X>", c)));
        return b.toString();
    }
}
