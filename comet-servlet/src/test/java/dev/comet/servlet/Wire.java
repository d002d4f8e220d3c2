package dev.comet.servlet;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads fields off the flat JSON of the native wire. */
final class Wire {
    private Wire() {}

    /** The values of a field wherever it stands, strings without their quotes. */
    static List<String> all(String json, String field) {
        Matcher m = Pattern.compile("\"" + field + "\":(?:\"((?:[^\"\\\\]++|\\\\.)*+)\"|([^,}\\]]*))")
                .matcher(json);
        List<String> values = new ArrayList<>();
        while (m.find()) {
            values.add(m.group(1) == null ? m.group(2) : m.group(1));
        }
        return values;
    }

    /** The first of them. */
    static String first(String json, String field) {
        List<String> all = all(json, field);
        if (all.isEmpty()) {
            throw new AssertionError("no " + field + " in " + json);
        }
        return all.get(0);
    }
}
