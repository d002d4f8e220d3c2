package dev.comet.servlet.dialect.nativewire;

import java.util.List;
import java.util.Random;

/** Texts that break careless framings. */
final class Hostile {
    static final List<String> TEXTS = List.of(
            "",
            " ",
            "  two spaces first",
            "\tx",
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\r\r\n\n\r",
            "a\nb\rc\r\nd\n",
            "\r\n\r\nevent: gap\r\ndata: {}\r\n\r\n",
            "id: 7",
            "data: x",
            ": no comment",
            ":",
            "retry: 1",
            "event: close\n",
            "\"quoted\" and 'quoted' and `quoted`",
            "\\ \\\" \\u0022 \\n",
            "</script><!-- <b>&amp;",
            "line\u2028and\u2029paragraph",
            "\u0000nul\u0000",
            "\u0001\u0008\u001b\u001f\u007f\u0080\u0085\u009f",
            "\uFEFFbyte order mark",
            "\uFFFD\uFFFE\uFFFF",
            "\uD83D\uDE00 and \u00e4\u00f6\u00fc \u4f60\u597d",
            "\uD800",
            "x\uDC00y",
            "\uDE00\uD83D",
            "{\"type\":\"close\"}",
            "\"}\n{\"type\":\"close\"}\n",
            "],\"messages\":[",
            "\"}]}",
            "%0d%0a%zz +");

    /** Names that a channel may have. */
    static final List<String> CHANNELS = List.of(
            "a",
            "\"",
            "'",
            "a b",
            "a+b&c=d;e,f",
            "{}[]",
            "</script>".replace("/", ""),
            "#?:@!$",
            "..",
            "\u2028",
            "\u00e4\u4f60\uD83D\uDE00",
            "\uFEFF",
            "x".repeat(200),
            "\uD83D\uDE00".repeat(50));

    private Hostile() {}

    /** What a published text becomes: a lone surrogate has no UTF-8 form. */
    static String mended(String text) {
        StringBuilder b = new StringBuilder();
        text.codePoints().forEach(c -> b.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
        return b.toString();
    }

    /** What SSE makes of line ends. */
    static String lf(String text) {
        return text.replace("\r\n", "\n").replace('\r', '\n');
    }

    /** A text at random, rich in what matters. */
    static String random(Random random) {
        StringBuilder b = new StringBuilder();
        for (int n = random.nextInt(30); n > 0; n--) {
            switch (random.nextInt(5)) {
                case 0 -> b.append(TEXTS.get(random.nextInt(TEXTS.size())));
                case 1 -> b.append("\r\n: \"\\\u2028\0".charAt(random.nextInt(8)));
                case 2 -> b.append((char) random.nextInt(0x10000));
                default -> b.append((char) (' ' + random.nextInt(95)));
            }
        }
        return b.toString();
    }
}
