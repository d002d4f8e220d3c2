package dev.comet;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is to be published: a payload, a type, attributes. <i>Immutable.</i>
 *
 * <pre>{@code
 * comet.publish("chat", Draft.text("hello").withType("chat").withAttribute("sender", "ann"));
 * }</pre>
 */
public final class Draft {
    private final String payload;
    private final boolean json;
    private final String type;
    private final Map<String, String> attributes;
    private final long bytes;

    private Draft(String payload, boolean json, String type, Map<String, String> attributes, long bytes) {
        this.payload = payload;
        this.json = json;
        this.type = type;
        this.attributes = attributes;
        this.bytes = bytes;
    }

    /** Text of any content; a lone surrogate becomes U+FFFD. */
    public static Draft text(String text) {
        String payload = WellFormed.of(text);
        return new Draft(payload, false, Names.DEFAULT_TYPE, Map.of(), WellFormed.utf8Length(payload));
    }

    /**
     * One JSON value, kept as it is written.
     *
     * @throws RefusedException {@link Refusal#BAD_JSON} when it is not exactly one RFC 8259 value
     */
    public static Draft json(String json) {
        String payload = WellFormed.of(json);
        try {
            JsonSyntax.check(payload);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(Refusal.BAD_JSON, String.valueOf(e.getMessage()));
        }
        return new Draft(payload, true, Names.DEFAULT_TYPE, Map.of(), WellFormed.utf8Length(payload));
    }

    /**
     * The same with an application type; without one the type is {@code message}.
     *
     * @throws RefusedException {@link Refusal#BAD_TYPE} when it does not match {@code [A-Za-z][A-Za-z0-9._-]{0,63}} or is
     *     reserved (native.md, "Types")
     */
    public Draft withType(String type) {
        return new Draft(payload, json, Names.type(type), attributes, bytes);
    }

    /**
     * The same with one attribute more: a name that matches {@code [A-Za-z][A-Za-z0-9._-]{0,63}} and any text.
     *
     * @throws RefusedException {@link Refusal#BAD_ATTRIBUTE} when the name is not such a name, or there are 16 already
     */
    public Draft withAttribute(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(attributes);
        String text = WellFormed.of(value);
        String old = more.put(Names.attribute(name), text);
        if (more.size() > Names.MAX_ATTRIBUTES) {
            throw new RefusedException(
                    Refusal.BAD_ATTRIBUTE, "a message has at most " + Names.MAX_ATTRIBUTES + " attributes");
        }
        long added = old == null ? name.length() : -WellFormed.utf8Length(old);
        return new Draft(
                payload, json, type, Collections.unmodifiableMap(more), bytes + added + WellFormed.utf8Length(text));
    }

    /** The payload: a text, or the text of a JSON value. */
    public String payload() {
        return payload;
    }

    /** Whether the payload is a JSON value. */
    public boolean isJson() {
        return json;
    }

    /** The application's type, {@code message} by default. */
    public String type() {
        return type;
    }

    /** The attributes, in the order in which they were given. Unmodifiable. */
    public Map<String, String> attributes() {
        return attributes;
    }

    /** The size that limits count: the UTF-8 bytes of payload and attributes. */
    public long bytes() {
        return bytes;
    }
}
