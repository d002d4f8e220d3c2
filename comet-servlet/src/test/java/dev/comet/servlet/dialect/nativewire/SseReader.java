package dev.comet.servlet.dialect.nativewire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What an EventSource makes of a stream: the HTML standard, "Interpreting an event stream", step by step. Stricter in this: what a
 * client would pass over (a field that it does not know, an id with NUL, an event that is not finished) fails.
 */
final class SseReader {
    /** An event that was dispatched. */
    record Event(String type, String data, String lastEventId) {}

    final List<Event> events = new ArrayList<>();
    final List<Long> retries = new ArrayList<>();
    int heartbeats;
    String lastEventId = "";

    private final StringBuilder data = new StringBuilder();
    private String type = "";
    private String idBuffer = "";
    private boolean fields;

    private SseReader(String idBuffer) {
        this.idBuffer = idBuffer;
        this.lastEventId = idBuffer;
    }

    static SseReader read(byte[] stream) {
        return read(stream, "");
    }

    /** Reads what follows on a stream whose last event id so far is given. */
    static SseReader read(byte[] stream, String lastEventId) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(stream))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError("the stream is not UTF-8", e);
        }
        if (text.startsWith("\uFEFF")) {
            throw new AssertionError("the stream begins with a byte order mark, which a client takes off");
        }
        SseReader reader = new SseReader(lastEventId);
        int from = 0;
        while (from < text.length()) {
            int to = from;
            while (to < text.length() && text.charAt(to) != '\n' && text.charAt(to) != '\r') {
                to++;
            }
            if (to == text.length()) {
                throw new AssertionError("the last line has no end: " + text.substring(from));
            }
            reader.line(text.substring(from, to));
            from = to + (text.startsWith("\r\n", to) ? 2 : 1);
        }
        if (reader.fields) {
            throw new AssertionError("the last event is not finished");
        }
        return reader;
    }

    private void line(String line) {
        if (line.isEmpty()) {
            dispatch();
        } else if (line.startsWith(":")) {
            heartbeats++;
        } else {
            int colon = line.indexOf(':');
            String value = colon < 0 ? "" : line.substring(colon + 1);
            field(colon < 0 ? line : line.substring(0, colon), value.startsWith(" ") ? value.substring(1) : value);
        }
    }

    private void field(String name, String value) {
        fields = true;
        switch (name) {
            case "event" -> type = value;
            case "data" -> data.append(value).append('\n');
            case "id" -> {
                if (value.indexOf('\0') >= 0) {
                    throw new AssertionError("an id with NUL, which a client passes over");
                }
                idBuffer = value;
            }
            case "retry" -> retries.add(Long.parseUnsignedLong(value));
            default -> throw new AssertionError("an unknown field: " + name + ": " + value);
        }
    }

    private void dispatch() {
        lastEventId = idBuffer;
        fields = false;
        String name = type.isEmpty() ? "message" : type;
        type = "";
        if (data.length() == 0) {
            return;
        }
        data.setLength(data.length() - 1);
        events.add(new Event(name, data.toString(), lastEventId));
        data.setLength(0);
    }
}
