package dev.comet.servlet.dialect.nativewire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dev.comet.CloseReason;
import dev.comet.Encoder;
import dev.comet.Gap;
import dev.comet.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/** The JSON of the native wire. What it makes is one line: no raw line end, whatever the payload. */
final class Json {
    /** Its buffers are not kept in thread locals: those of a container's threads would outlive the web application. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .recyclerPool(JsonRecyclerPools.newBoundedPool(16))
            .build();

    private Json() {}

    /** Writes fields of an object. */
    @FunctionalInterface
    interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    static byte[] object(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // not from a byte array
        }
        return bytes.toByteArray();
    }

    /** What {@link #open} makes, for all transports that need it. */
    static final Encoder OPEN = Json::open;

    /** A message without its cursor and without the closing brace, for {@link #withCursor}. */
    static byte[] open(Message m) {
        byte[] whole = object(json -> message(json, m));
        return java.util.Arrays.copyOf(whole, whole.length - 1);
    }

    /** A message with the cursor of a subscriber of its channel alone. */
    static byte[] whole(Message m) {
        return object(json -> {
            message(json, m);
            if (isNumbered(m)) {
                json.writeStringField("cursor", m.cursor().toString());
            }
        });
    }

    /** What closes {@link #open}. A cursor's text needs no escapes. */
    static String withCursor(String cursor) {
        return ",\"cursor\":\"" + cursor + "\"}";
    }

    /** Whether a message has a number of its channel's: joins and leaves have none. */
    static boolean isNumbered(Message m) {
        return m.kind() == Message.Kind.MESSAGE || m.kind() == Message.Kind.BROADCAST;
    }

    private static void message(JsonGenerator json, Message m) throws IOException {
        if (!isNumbered(m)) {
            json.writeStringField("type", m.type());
            presence(json, m);
            return;
        }
        json.writeStringField("channel", m.channel());
        json.writeNumberField("seq", m.seq());
        json.writeNumberField("id", m.id());
        json.writeNumberField("time", m.timeMillis());
        json.writeStringField("type", m.type());
        json.writeFieldName("data");
        if (m.isJson()) {
            json.writeRawValue(oneLine(m.payload()));
        } else {
            json.writeString(m.payload());
        }
        if (!m.attributes().isEmpty()) {
            json.writeObjectFieldStart("attributes");
            for (Map.Entry<String, String> attribute : m.attributes().entrySet()) {
                json.writeStringField(attribute.getKey(), attribute.getValue());
            }
            json.writeEndObject();
        }
    }

    /** Who came or left. */
    static void presence(JsonGenerator json, Message m) throws IOException {
        json.writeStringField("channel", m.channel());
        json.writeStringField("member", m.payload());
        json.writeNumberField("time", m.timeMillis());
    }

    static byte[] gap(Gap gap, String cursor) {
        return object(json -> {
            json.writeStringField("type", "gap");
            json.writeStringField("channel", gap.channel());
            json.writeStringField("reason", gap.reason().name().toLowerCase(Locale.ROOT));
            if (gap.from() > 0) {
                json.writeNumberField("from", gap.from());
            }
            if (gap.reason() != Gap.Reason.PRESENCE) {
                json.writeNumberField("to", gap.to());
            }
            json.writeStringField("cursor", cursor);
        });
    }

    static byte[] close(CloseReason reason, boolean typed) {
        return object(json -> {
            if (typed) {
                json.writeStringField("type", "close");
            }
            json.writeStringField("reason", reason.word());
        });
    }

    static byte[] expiring(String connection, long endMillis) {
        return object(json -> {
            json.writeStringField("type", "expiring");
            json.writeStringField("connection", connection);
            json.writeNumberField("time", endMillis);
        });
    }

    /** A line end in a valid JSON text is white space between tokens. */
    static String oneLine(String json) {
        return json.indexOf('\n') < 0 && json.indexOf('\r') < 0
                ? json
                : json.replace('\n', ' ').replace('\r', ' ');
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
