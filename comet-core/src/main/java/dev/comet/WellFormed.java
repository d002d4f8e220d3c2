package dev.comet;

/**
 * Text in which every surrogate has its other half, and which so has a UTF-8 form. <i>Stateless; thread-safe.</i>
 *
 * <p>For a lone surrogate Java's own encoder writes a question mark, others refuse the text or write bytes that are not
 * UTF-8. So a text is mended once, when it is published, and never looked at again.
 */
final class WellFormed {
    private static final char REPLACEMENT = '\uFFFD';

    private WellFormed() {}

    /** The text with U+FFFD for each lone surrogate; the same instance when there is none. */
    static String of(String text) {
        int lone = loneSurrogate(text, 0);
        if (lone < 0) {
            return text;
        }
        StringBuilder mended = new StringBuilder(text);
        for (; lone >= 0; lone = loneSurrogate(text, lone + 1)) {
            mended.setCharAt(lone, REPLACEMENT);
        }
        return mended.toString();
    }

    static boolean isWellFormed(String text) {
        return loneSurrogate(text, 0) < 0;
    }

    /** The number of bytes of a well-formed text in UTF-8: a long, for it may be three times the longest string. */
    static long utf8Length(String text) {
        long bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2; // a pair: two chars, four bytes
            }
        }
        return bytes;
    }

    /** The index of the first lone surrogate at or after {@code from}, or -1. */
    private static int loneSurrogate(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i)) && !hasOtherHalf(text, i)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean hasOtherHalf(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
