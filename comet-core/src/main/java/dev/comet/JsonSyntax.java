package dev.comet;

import java.util.HexFormat;

/**
 * Tells whether a text is exactly one JSON value by RFC 8259, with nothing but JSON's whitespace around it.
 * <i>Stateless; thread-safe.</i>
 *
 * <p>An application's JSON is pasted as it is into the envelopes of all subscribers, so nothing may pass that could end
 * its envelope early. One pass and no recursion: a hostile text costs its length, no more.
 *
 * <p>Where the RFC leaves a choice: names may repeat and numbers be of any size, for nothing here reads them. A byte
 * order mark is refused. Nesting is bounded, for the parser at the other end may recurse. The escape of a lone
 * surrogate passes: it goes out in the six ASCII characters that it came in. (A raw one is gone before: {@link
 * WellFormed}.) A framing by lines may rely on this: CR and LF occur only between tokens, where a space will do.
 */
final class JsonSyntax {
    static final int MAX_DEPTH = 512;

    private static final char END = '\0'; // given for what is behind the text; no rule takes a NUL within it either
    private static final long[] NONE = {};

    private JsonSyntax() {}

    /** Throws an IllegalArgumentException that says what was found, at which index, and what would be right. */
    static void check(String text) {
        int depth = 0;
        long levels = 0; // the innermost 64 levels, a bit each, the innermost lowest: 1 in an object, 0 in an array
        long[] outer = NONE; // at depth / 64: the 64 levels up to that depth; allocated when it is exceeded
        int i = skipSpace(text, 0);
        while (true) {
            i = close(levels) == '}' ? name(text, i) : i;
            char open = at(text, i);
            if (open == '{' || open == '[') {
                if (depth == MAX_DEPTH) {
                    throw wrong(text, i, "at most " + MAX_DEPTH + " nested levels");
                }
                if (depth > 0 && depth % Long.SIZE == 0) {
                    outer = outer == NONE ? new long[MAX_DEPTH / Long.SIZE] : outer;
                    outer[depth / Long.SIZE] = levels;
                }
                depth++;
                levels = levels << 1 | (open == '{' ? 1 : 0);
                i = skipSpace(text, i + 1);
                if (at(text, i) != close(levels)) {
                    continue;
                }
            } else {
                i = skipSpace(text, scalar(text, i));
            }
            while (depth > 0 && at(text, i) == close(levels)) {
                depth--;
                levels = depth > 0 && depth % Long.SIZE == 0 ? outer[depth / Long.SIZE] : levels >>> 1;
                i = skipSpace(text, i + 1);
            }
            if (depth == 0 && i == text.length()) {
                return;
            }
            if (depth == 0 || at(text, i) != ',') {
                throw wrong(text, i, depth == 0 ? "nothing after the value" : "',' or '" + close(levels) + "'");
            }
            i = skipSpace(text, i + 1);
        }
    }

    /** What ends the innermost level; ']' when none is open. */
    private static char close(long levels) {
        return (levels & 1) == 1 ? '}' : ']';
    }

    /** A member's name and its colon, up to where the value begins. */
    private static int name(String text, int start) {
        if (at(text, start) != '"') {
            throw wrong(text, start, "a name in double quotes");
        }
        int i = skipSpace(text, string(text, start + 1));
        if (at(text, i) != ':') {
            throw wrong(text, i, "':'");
        }
        return skipSpace(text, i + 1);
    }

    private static int scalar(String text, int start) {
        return switch (at(text, start)) {
            case '"' -> string(text, start + 1);
            case '-' -> number(text, start + 1);
            case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number(text, start);
            case 't' -> literal(text, start, "true");
            case 'f' -> literal(text, start, "false");
            case 'n' -> literal(text, start, "null");
            default -> throw wrong(text, start, "a value");
        };
    }

    private static int literal(String text, int start, String literal) {
        for (int i = 1; i < literal.length(); i++) {
            if (at(text, start + i) != literal.charAt(i)) {
                throw wrong(text, start + i, "the rest of '" + literal + "'");
            }
        }
        return start + literal.length();
    }

    /** A number without its minus. */
    private static int number(String text, int start) {
        int i = digits(text, start);
        if (i > start + 1 && text.charAt(start) == '0') {
            throw wrong(text, start + 1, "no digit after a leading 0");
        }
        if (at(text, i) == '.') {
            i = digits(text, i + 1);
        }
        if (at(text, i) == 'e' || at(text, i) == 'E') {
            char sign = at(text, i + 1);
            i = digits(text, sign == '+' || sign == '-' ? i + 2 : i + 1);
        }
        return i;
    }

    private static int digits(String text, int start) {
        int i = start;
        while (at(text, i) >= '0' && at(text, i) <= '9') {
            i++;
        }
        if (i == start) {
            throw wrong(text, i, "a digit");
        }
        return i;
    }

    /** A string behind its opening quote. */
    private static int string(String text, int start) {
        int i = start;
        for (char c = at(text, i); c != '"'; c = at(text, i)) {
            if (c < ' ') {
                throw wrong(text, i, i < text.length() ? "an escape for this control character" : "a closing '\"'");
            }
            i = c == '\\' ? escape(text, i + 1) : i + 1;
        }
        return i + 1;
    }

    /** An escape behind its backslash. */
    private static int escape(String text, int start) {
        return switch (at(text, start)) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> start + 1;
            case 'u' -> {
                for (int i = start + 1; i <= start + 4; i++) {
                    if (!HexFormat.isHexDigit(at(text, i))) {
                        throw wrong(text, i, "four hex digits after '\\u'");
                    }
                }
                yield start + 5;
            }
            default -> throw wrong(text, start, "one of \" \\ / b f n r t u after '\\'");
        };
    }

    private static int skipSpace(String text, int start) {
        int i = start;
        for (char c = at(text, i); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = at(text, i)) {
            i++;
        }
        return i;
    }

    private static char at(String text, int i) {
        return i < text.length() ? text.charAt(i) : END;
    }

    private static IllegalArgumentException wrong(String text, int i, String right) {
        String found = "the end of the text";
        if (i < text.length()) {
            char c = text.charAt(i);
            found = c > ' ' && c < 0x7F ? "'" + c + "'" : String.format("U+%04X", text.codePointAt(i));
        }
        return new IllegalArgumentException("not JSON: found " + found + " at index " + i + ", expected " + right);
    }
}
