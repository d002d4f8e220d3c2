package dev.comet;

import java.util.Set;

/** The rules for names: channels, types, attributes, members. */
final class Names {
    static final int MAX_CHANNEL_BYTES = 200;
    static final int MAX_ATTRIBUTES = 16;
    static final String DEFAULT_TYPE = "message";

    /** Types that the native wire uses itself: native.md, "Types". */
    private static final Set<String> RESERVED =
            Set.of("open", "error", "gap", "reset", "close", "expiring", "join", "leave");

    private Names() {}

    static boolean isChannel(String name) {
        return isText(name) && !hasPathCharacter(name);
    }

    static String channel(String name) {
        if (!isChannel(name)) {
            throw new RefusedException(
                    Refusal.BAD_CHANNEL,
                    "channel " + shown(name)
                            + ": a name is 1 to 200 bytes of UTF-8 without control characters, '/', '\\' or '%'");
        }
        return name;
    }

    static String type(String type) {
        if (!isToken(type)) {
            throw new RefusedException(
                    Refusal.BAD_TYPE, "type " + shown(type) + ": a type matches [A-Za-z][A-Za-z0-9._-]{0,63}");
        }
        if (RESERVED.contains(type)) {
            throw new RefusedException(
                    Refusal.BAD_TYPE,
                    "type " + shown(type) + " is reserved; choose one that is not one of " + RESERVED);
        }
        return type;
    }

    static String attribute(String name) {
        if (!isToken(name)) {
            throw new RefusedException(
                    Refusal.BAD_ATTRIBUTE,
                    "attribute " + shown(name) + ": a name matches [A-Za-z][A-Za-z0-9._-]{0,63}");
        }
        return name;
    }

    /** A member of a channel, or the id of a session. */
    static String member(String name) {
        if (!isText(name)) {
            throw new RefusedException(
                    Refusal.BAD_NAME, "name " + shown(name) + ": 1 to 200 bytes of UTF-8 without control characters");
        }
        return name;
    }

    private static boolean isText(String name) {
        if (name.isEmpty() || name.length() > MAX_CHANNEL_BYTES) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return false;
            }
        }
        return WellFormed.isWellFormed(name) && WellFormed.utf8Length(name) <= MAX_CHANNEL_BYTES;
    }

    private static boolean hasPathCharacter(String name) {
        return name.indexOf('/') >= 0 || name.indexOf('\\') >= 0 || name.indexOf('%') >= 0;
    }

    private static boolean isToken(String s) {
        if (s.isEmpty() || s.length() > 64 || !isLetter(s.charAt(0))) {
            return false;
        }
        for (int i = 1; i < s.length(); i++) {
            char c = s.charAt(i);
            if (!isLetter(c) && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-') {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /** A hostile name in an error text: short, and without anything that could break a line. */
    static String shown(String name) {
        StringBuilder b = new StringBuilder("'");
        for (int i = 0; i < name.length() && i < 40; i++) {
            char c = name.charAt(i);
            b.append(c >= ' ' && c < 127 ? c : '?');
        }
        return b.append(name.length() > 40 ? "…'" : "'").toString();
    }
}
