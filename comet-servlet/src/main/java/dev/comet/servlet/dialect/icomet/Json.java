package dev.comet.servlet.dialect.icomet;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dev.comet.Encoder;
import dev.comet.Message;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Script;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** iComet's objects, each one line that is safe in JSON, in a script, in an HTML page's script and behind {@code data:}. */
final class Json {
    /** {@code data}, or {@code broadcast}: the same bytes in every envelope. */
    static final Encoder MESSAGE =
            m -> message(m.kind() == Message.Kind.BROADCAST ? "broadcast" : "data", m.channel(), m.seq(), m.payload());

    /** What follows a broadcast. */
    static final Encoder NEXT_SEQ = m -> nextSeq(m.channel(), m.seq() + 1);

    /** Its buffers are not kept in thread locals: those of a container's threads would outlive the web application. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .recyclerPool(JsonRecyclerPools.newBoundedPool(4))
            .build();

    private Json() {}

    /** A message: "exactly these keys in this order". */
    static byte[] message(String type, String cname, long seq, String content) {
        StringBuilder out = new StringBuilder(content.length() + cname.length() + 64);
        out.append("{\"type\":\"").append(type).append("\",\"cname\":");
        Script.quote(cname, out);
        out.append(",\"seq\":").append(seq).append(",\"content\":");
        Script.quote(content, out);
        return bytes(out.append('}').toString());
    }

    static byte[] nextSeq(String cname, long seq) {
        return message("next_seq", cname, seq, "");
    }

    /**
     * The text whose inside of a JSON string this is: what {@code /pub} takes.
     *
     * @throws Problem 400, when it is not
     */
    static String unescaped(String inside) {
        try (JsonParser json = FACTORY.createParser('"' + inside + '"')) {
            if (json.nextToken() == JsonToken.VALUE_STRING) {
                String text = json.getText();
                if (json.nextToken() == null) { // else a quote in it has ended the string early
                    return text;
                }
            }
        } catch (IOException e) {
            // Said below, and not with the parser's words: they quote the content.
        }
        throw new Problem(
                400,
                "content: must be the inside of a JSON string, with quotes, backslashes and control characters escaped; /push"
                        + " takes any text");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
