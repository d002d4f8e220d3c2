package dev.comet.servlet.dialect;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The parameters of a query or a form (application/x-www-form-urlencoded), decoded as UTF-8, strictly: containers disagree on
 * what is wrong. <i>Immutable.</i>
 */
public final class Parameters {
    /** No parameters. */
    public static final Parameters NONE = new Parameters(Map.of());

    /** Enough for the largest request that means something. */
    private static final int MAX_PAIRS = 20_000;

    private final Map<String, List<String>> values;

    private Parameters(Map<String, List<String>> values) {
        this.values = values;
    }

    /**
     * Reads {@code a=1&b=2}.
     *
     * @throws Problem 400, when there are more than 20,000 of them, a {@code %} without two hexadecimal digits, or bytes that are not UTF-8
     */
    public static Parameters parse(String text) {
        if (text.isEmpty()) {
            return NONE;
        }
        Map<String, List<String>> values = new LinkedHashMap<>();
        int from = 0;
        int pairs = 0;
        while (from <= text.length()) {
            int to = text.indexOf('&', from);
            to = to < 0 ? text.length() : to;
            if (to > from) {
                if (++pairs > MAX_PAIRS) { // each is an object or two: a small form could fill a large heap
                    throw new Problem(400, "more than " + MAX_PAIRS + " parameters");
                }
                String pair = text.substring(from, to);
                int equals = pair.indexOf('=');
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                values.computeIfAbsent(name, n -> new ArrayList<>(1)).add(value);
            }
            from = to + 1;
        }
        return new Parameters(values);
    }

    /** The first value of a parameter. */
    public Optional<String> first(String name) {
        List<String> all = values.get(name);
        return all == null ? Optional.empty() : Optional.of(all.get(0));
    }

    /** All values of a parameter, in order. */
    public List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    private static String decode(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0 && isAscii(text)) {
            return text;
        }
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                bytes.put((byte) hex(text, i));
                i += 2;
            } else if (c > 0xff) {
                throw new Problem(400, "a parameter has a character that is not percent-encoded, at " + i);
            } else {
                bytes.put((byte) (c == '+' ? ' ' : c)); // raw bytes come as Latin-1
            }
        }
        return utf8(bytes.flip());
    }

    private static int hex(String text, int at) {
        // Not Character.digit: digits of other scripts are none here.
        if (at + 2 < text.length()
                && HexFormat.isHexDigit(text.charAt(at + 1))
                && HexFormat.isHexDigit(text.charAt(at + 2))) {
            return HexFormat.fromHexDigits(text, at + 1, at + 3);
        }
        throw new Problem(400, "a '%' in a parameter, at " + at + ", must be followed by two hexadecimal digits");
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /**
     * Bytes as text.
     *
     * @throws Problem 400, when they are not UTF-8
     */
    static String utf8(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new Problem(400, "bytes that are not UTF-8: encode text in UTF-8");
        }
    }
}
