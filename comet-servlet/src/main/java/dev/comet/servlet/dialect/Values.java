package dev.comet.servlet.dialect;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A dialect's settings as they are written, by the names on its page, each read once with its default and its range. So the place
 * where a setting is read is the place that documents it. <i>For one thread.</i>
 */
public final class Values {
    private final String dialect;
    private final Map<String, String> given;
    private final Map<String, String> read = new LinkedHashMap<>();

    /** The values that are given for a dialect, which may stand there as {@code name} or as {@code dialect.name}. */
    public Values(String dialect, Map<String, String> given) {
        this.dialect = dialect;
        this.given = new TreeMap<>();
        given.forEach((name, value) -> {
            String bare = name.startsWith(dialect + ".") ? name.substring(dialect.length() + 1) : name;
            if (this.given.put(bare, value) != null) {
                throw new IllegalArgumentException(
                        dialect + "." + bare + " is set twice, with and without the dialect's name");
            }
        });
    }

    /** A whole number. */
    public int number(String name, int otherwise, int least, int most) {
        String value = text(name, Integer.toString(otherwise));
        if (value.matches("\\d{1,10}")) {
            long n = Long.parseLong(value);
            if (n >= least && n <= most) {
                return (int) n;
            }
        }
        throw wrong(name, value, "a whole number from " + least + " to " + most);
    }

    /** A time in whole seconds, at least 1. */
    public Duration seconds(String name, int otherwise) {
        return Duration.ofSeconds(number(name, otherwise, 1, 1_000_000_000));
    }

    /** One of some words. */
    public String word(String name, String otherwise, String... words) {
        String value = text(name, otherwise);
        if (List.of(words).contains(value)) {
            return value;
        }
        throw wrong(name, value, String.join(" or ", words));
    }

    /** On or off; off by default. A switch without a value is on. */
    public boolean flag(String name) {
        return switch (text(name, "false")) {
            case "", "true", "1", "on" -> true;
            case "false", "0", "off" -> false;
            default -> throw wrong(name, text(name, ""), "true or false");
        };
    }

    /** A list, separated by commas. */
    public List<String> list(String name, String otherwise) {
        List<String> list = new ArrayList<>();
        for (String element : text(name, otherwise).split(",", -1)) {
            if (!element.isBlank()) {
                list.add(element.strip());
            }
        }
        return List.copyOf(list);
    }

    /** A text. */
    public String text(String name, String otherwise) {
        read.put(name, otherwise);
        return given.getOrDefault(name, otherwise);
    }

    /** The names of the settings that have been read, with their defaults. */
    public Map<String, String> defaults() {
        return Map.copyOf(read);
    }

    /**
     * Says that all there are have been read.
     *
     * @throws IllegalArgumentException that names one that there is not
     */
    public void requireNoOthers() {
        Set<String> names = read.keySet();
        for (String name : given.keySet()) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException(
                        dialect + " has no setting '" + name + "'; it has " + String.join(", ", names));
            }
        }
    }

    private IllegalArgumentException wrong(String name, String value, String right) {
        return new IllegalArgumentException(dialect + "." + name + "=" + value + ": must be " + right);
    }
}
