package dev.comet.servlet.dialect;

import java.util.regex.Pattern;

/**
 * What the legacy dialects have browsers run: JSON that is safe wherever they put it, and the callbacks that it is handed to.
 */
public final class Script {
    /** A JavaScript identifier path. */
    private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$]*(\\.[A-Za-z_$][A-Za-z0-9_$]*)*");

    private static final int MAX_CALLBACK = 128;

    private Script() {}

    /** Whether it may be called: a JavaScript identifier path of at most 128 characters. */
    public static boolean isCallback(String name) {
        return name.length() <= MAX_CALLBACK && CALLBACK.matcher(name).matches();
    }

    /**
     * A JSON string, quotes and all, that is also one in JavaScript and breaks out of no {@code <script>}: U+2028 and U+2029,
     * line ends to older engines, are escaped, and so is {@code <}.
     */
    public static String quoted(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        quote(text, out);
        return out.toString();
    }

    /** Appends what {@link #quoted} makes. */
    public static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f || c == '<' || c == 0x2028 || c == 0x2029 || isLoneSurrogate(text, i)) {
                        unicode(c, out);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /**
     * A JSON value's text, made safe in the same way: its strings keep their meaning, for what is escaped stands in strings only.
     */
    public static String safe(String json) {
        StringBuilder out = null;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            boolean unsafe = c == '<' || c == 0x2028 || c == 0x2029 || c == '\n' || c == '\r';
            if (unsafe && out == null) {
                out = new StringBuilder(json.length() + 16).append(json, 0, i);
            }
            if (out == null) {
                continue;
            }
            if (!unsafe) {
                out.append(c);
            } else if (c == '\n' || c == '\r') {
                out.append(' '); // between tokens: white space
            } else {
                unicode(c, out);
            }
        }
        return out == null ? json : out.toString();
    }

    private static void unicode(char c, StringBuilder out) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
    }

    private static boolean isLoneSurrogate(String text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }
}
