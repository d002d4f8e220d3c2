package dev.comet.example;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Bodies as transcripts compare them: JSON by value wherever it stands in a text, the rest as it is. What is another each time is
 * replaced: ids and times by 1, tokens and versions by a placeholder.
 */
final class Same {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Set<String> EACH_TIME = Set.of("id", "ts", "_ts", "last_id", "message_id", "time");
    private static final String FRAME = "<script>parent.icomet_cb(";

    private Same() {}

    static String canonical(String body) {
        int frame = body.indexOf(FRAME);
        // The head before the first frame is the page's, not the protocol's.
        boolean headed = body.startsWith("<") && frame != 0;
        String text = !headed ? body : frame < 0 ? "" : body.substring(frame);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); ) {
            char c = text.charAt(i);
            int end = c == '{' || c == '[' ? value(text, i, out) : -1;
            if (end < 0) {
                out.append(c);
                i++;
            } else {
                i = end;
            }
        }
        return out.toString();
    }

    /** Appends the JSON value that begins there; -1 when there is none. */
    private static int value(String text, int from, StringBuilder out) {
        try (JsonParser json = FACTORY.createParser(text.substring(from))) {
            json.nextToken();
            String value = read(json, "");
            out.append(value);
            return from + (int) json.currentLocation().getCharOffset();
        } catch (IOException e) {
            return -1;
        }
    }

    private static String read(JsonParser json, String name) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, String> members = new TreeMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String member = json.currentName();
                json.nextToken();
                if (members.put(member, read(json, member)) != null) {
                    throw new IOException("twice: " + member);
                }
            }
            return members.toString();
        }
        if (token == JsonToken.START_ARRAY) {
            StringBuilder elements = new StringBuilder("[");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                elements.append(elements.length() > 1 ? ", " : "").append(read(json, ""));
            }
            return elements.append(']').toString();
        }
        if (token == JsonToken.VALUE_STRING) {
            String text = json.getText();
            if (name.equals("cursor")) {
                return "a cursor";
            }
            if (name.equals("version")) {
                return "a version";
            }
            return '"' + (name.equals("token") && text.matches("[0-9a-f]{32}") ? "<32 hex>" : text) + '"';
        }
        return EACH_TIME.contains(name) && token.isNumeric() && !json.getText().equals("0") ? "1" : json.getText();
    }
}
