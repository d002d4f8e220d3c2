package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bodies as iComet's clients read them: strictly, and no more forgiving than a browser's HTML and script parsers. */
final class Client {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script", Pattern.DOTALL);

    private Client() {}

    /** A message. */
    record Said(String type, String cname, long seq, String content) {
        static Said data(String cname, long seq, String content) {
            return new Said("data", cname, seq, content);
        }

        static Said nextSeq(String cname, long seq) {
            return new Said("next_seq", cname, seq, "");
        }
    }

    static String text(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError("not UTF-8", e);
        }
    }

    /** One object with exactly its four keys in order, or an array of such. */
    static List<Said> json(String text) {
        assertThat(text).doesNotContain("\u2028", "\u2029", "\n", "\r", "<");
        List<Said> said = new ArrayList<>();
        try (JsonParser json = FACTORY.createParser(text)) {
            if (json.nextToken() == JsonToken.START_ARRAY) {
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    said.add(object(json));
                }
            } else {
                said.add(object(json));
            }
            assertThat(json.nextToken()).as(text).isNull();
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
        return said;
    }

    private static Said object(JsonParser json) throws IOException {
        assertThat(json.currentToken()).isEqualTo(JsonToken.START_OBJECT);
        String type = string(json, "type");
        String cname = string(json, "cname");
        assertThat(json.nextFieldName()).isEqualTo("seq");
        assertThat(json.nextToken()).isEqualTo(JsonToken.VALUE_NUMBER_INT);
        long seq = json.getLongValue();
        String content = string(json, "content");
        assertThat(json.nextToken()).isEqualTo(JsonToken.END_OBJECT);
        return new Said(type, cname, seq, content);
    }

    private static String string(JsonParser json, String name) throws IOException {
        assertThat(json.nextFieldName()).isEqualTo(name);
        assertThat(json.nextToken()).isEqualTo(JsonToken.VALUE_STRING);
        return json.getText();
    }

    /** What a browser runs for JSONP. */
    static List<Said> call(String callback, String script) {
        assertThat(script).startsWith(callback + "(").endsWith(");\n");
        return json(script.substring(callback.length() + 1, script.length() - 3));
    }

    static List<Said> bare(String body) {
        assertThat(body).endsWith("\n");
        return json(body.substring(0, body.length() - 1));
    }

    /** {@code /stream}: by lines. */
    static List<Said> lines(String body) {
        List<Said> said = new ArrayList<>();
        assertThat(body.isEmpty() || body.endsWith("\n")).isTrue();
        body.lines().forEach(line -> said.addAll(json(line)));
        return said;
    }

    /** {@code /sse}: a line ends at CR, too; what is not a data line is nothing that we send. */
    static List<Said> sse(String body) {
        List<Said> said = new ArrayList<>();
        for (String event : body.split("\n\n", -1)) {
            if (!event.isEmpty()) {
                assertThat(event).startsWith("data: ").doesNotContain("\n", "\r");
                said.addAll(json(event.substring("data: ".length())));
            }
        }
        return said;
    }

    /** {@code /iframe}: a script ends at the first thing that looks like its end, wherever that stands. The head's is left out. */
    static List<Said> iframe(String body) {
        List<Said> said = new ArrayList<>();
        String rest = body.substring(body.indexOf("<body>\n") + "<body>\n".length());
        Matcher script = SCRIPT.matcher(rest);
        int end = 0;
        while (script.find()) {
            assertThat(script.start()).isEqualTo(end);
            said.addAll(call("parent.icomet_cb", script.group(1) + "\n"));
            end = script.end() + ">\n".length();
        }
        assertThat(end).isEqualTo(rest.length());
        return said;
    }
}
