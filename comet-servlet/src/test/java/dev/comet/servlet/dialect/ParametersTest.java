package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries and forms, strictly. */
final class ParametersTest {

    @ParameterizedTest
    @CsvSource({
        "a=1,1",
        "a=,''",
        "a,''",
        "b=2&a=1,1",
        "&&a=1&&,1",
        "a=1&a=2,1",
        "a==,=",
        "a=b=c,b=c",
        "%61=1,1",
        "a=%31,1",
        "a=+,' '",
        "a=%2B,+",
        "a=%26%3D,&=",
        "a=%e2%98%83,\u2603",
        "a=%E2%98%83,\u2603"
    })
    void value_isDecoded(String query, String value) {
        assertThat(Parameters.parse(query).first("a")).contains(value);
    }

    @Test
    void values_areInOrder() {
        Parameters p = Parameters.parse("a=2&b=x&a=1&a");
        assertThat(p.all("a")).containsExactly("2", "1", "");
        assertThat(p.all("c")).isEmpty();
        assertThat(p.first("c")).isEmpty();
        assertThat(Parameters.parse("").all("")).isEmpty();
        assertThat(Parameters.parse("=x").all("")).containsExactly("x");
    }

    /** Containers hand on bytes beyond ASCII as Latin-1. */
    @Test
    void rawBytes_areUtf8() {
        String raw = new String("a=\u00e4".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(Parameters.parse(raw).first("a")).contains("\u00e4");
        assertThatThrownBy(() -> Parameters.parse("a=\u00e4")).isInstanceOf(Problem.class);
        assertThatThrownBy(() -> Parameters.parse("a=\u2603")).isInstanceOf(Problem.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=%",
                "a=%4",
                "a=%zz",
                "a=%4g",
                "a=%g4",
                "a=% 1",
                "a=%-1",
                "a=%+1",
                "a=%%41",
                "%=1",
                "a=1&%",
                "a=%0x41",
                "a=%u0041",
                "a=%\uff14\uff11",
                "a=%\u0664\u0661",
                "a=%ff",
                "a=%c3",
                "a=%c3%28",
                "a=%c0%af",
                "a=%ed%a0%80",
                "a=%f4%90%80%80"
            })
    void whatIsWrong_is400(String query) {
        Throwable wrong = catchThrowable(() -> Parameters.parse(query));
        assertThat(wrong).isInstanceOf(Problem.class);
        assertThat(((Problem) wrong).status()).isEqualTo(400);
        assertThat(((Problem) wrong).detail()).isNotBlank();
    }

    /** Whatever java.net has encoded, in any text. */
    @Test
    void encodedText_isDecoded_asUrlDecoderDoes() {
        Random random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            Map<String, List<String>> sent = new LinkedHashMap<>();
            StringBuilder query = new StringBuilder();
            for (int n = random.nextInt(5); n >= 0; n--) {
                String name = text(random);
                String value = text(random);
                sent.computeIfAbsent(name, k -> new ArrayList<>()).add(value);
                query.append(query.length() == 0 ? "" : "&")
                        .append(URLEncoder.encode(name, StandardCharsets.UTF_8))
                        .append('=')
                        .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
            Parameters parsed = Parameters.parse(query.toString());
            sent.forEach((name, values) -> assertThat(parsed.all(name)).isEqualTo(values));
        }
    }

    private static String text(Random random) {
        StringBuilder b = new StringBuilder();
        for (int n = random.nextInt(6); n > 0; n--) {
            int c = random.nextBoolean() ? random.nextInt(0x80) : random.nextInt(0x110000);
            b.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? '&' : c);
        }
        return b.toString();
    }

    /** Any text: parsed, and then as URLDecoder has it; or a problem. Never anything else. */
    @Test
    void anyText_isParsedAsUrlDecoderDoes_orAProblem() {
        Random random = new Random(2);
        String alphabet =
                "%%%%++==&&abcdefABCDEF0123456789zZ\u0000\r\n\u007f\u00e4\u00ff\u0130\u2603\uD83D\uDE00-_.~!*'();";
        int parsed = 0;
        for (int round = 0; round < 100_000; round++) {
            StringBuilder b = new StringBuilder("a=");
            for (int n = random.nextInt(12); n > 0; n--) {
                b.append(alphabet.charAt(random.nextInt(alphabet.length())));
                if (random.nextInt(3) == 0) {
                    b.append(String.format("%%%02x", random.nextInt(0x80)));
                }
            }
            String query = b.toString();
            try {
                String value = Parameters.parse(query).first("a").orElseThrow();
                parsed++;
                String raw = query.substring(2).split("&", 2)[0];
                if (raw.chars().allMatch(c -> c < 0x80)) {
                    assertThat(value).isEqualTo(URLDecoder.decode(raw, StandardCharsets.UTF_8));
                }
            } catch (Problem e) {
                assertThat(e.status()).isEqualTo(400);
            }
        }
        assertThat(parsed).isBetween(5_000, 95_000);
    }

    /** Three megabytes of names would be a hundred of objects. */
    @Test
    void tooMany_areRefused() {
        assertThat(Parameters.parse("a=1&".repeat(20_000)).all("a")).hasSize(20_000);
        assertThatThrownBy(() -> Parameters.parse("a=1&".repeat(20_001)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("20000");
    }
}
