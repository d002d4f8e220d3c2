package dev.comet.servlet.dialect.simplecomet;

import dev.comet.Encoder;
import dev.comet.Message;
import dev.comet.servlet.dialect.Script;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.StringJoiner;

/** A JSON object, field by field. What it makes is safe in a script, and in the comment of {@code quote-json}. */
final class Json {
    /** What {@link #frame} makes. */
    static final Encoder FRAME = Json::frame;

    private final StringJoiner fields = new StringJoiner(",", "{", "}");

    Json text(String name, String value) {
        return raw(name, string(value));
    }

    Json number(String name, long value) {
        return raw(name, Long.toString(value));
    }

    Json flag(String name, boolean value) {
        return raw(name, Boolean.toString(value));
    }

    Json texts(String name, List<String> values) {
        StringJoiner list = new StringJoiner(",", "[", "]");
        values.forEach(value -> list.add(string(value)));
        return raw(name, list.toString());
    }

    /** A field whose value is JSON already. */
    Json raw(String name, String json) {
        fields.add('"' + name + "\":" + json);
        return this;
    }

    /** The same with the outcome, which stands in every answer. */
    Json outcome(int returnCode, String errorMessage) {
        return number("return_code", returnCode).text("error_message", errorMessage);
    }

    @Override
    public String toString() {
        return fields.toString();
    }

    /** A string. A comment that it stands in must not end in it. */
    static String string(String value) {
        return Script.quoted(value).replace("*/", "*\\/");
    }

    /** A message as it stands in the list of its channel: the page's "Reading". A JSON payload is its text. */
    private static byte[] frame(Message m) {
        return new Json()
                .text("content", m.payload())
                .number("id", m.id())
                .number("ts", m.timeMillis() / 1000)
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    }
}
