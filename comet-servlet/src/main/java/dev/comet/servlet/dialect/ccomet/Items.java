package dev.comet.servlet.dialect.ccomet;

import dev.comet.Encoder;
import dev.comet.Message;
import dev.comet.servlet.dialect.Script;
import java.nio.charset.StandardCharsets;

/**
 * What stands in the array that a callback is called with. The array is a JavaScript string in single quotes, so everything here
 * has been escaped twice: as JSON, and as part of that string.
 */
final class Items {
    /** A message of type MSG. */
    static final Encoder MESSAGE = Items::message;

    /** A message of type SIGN but for its seqid, which is the reader's: {@link #withSeqid}. */
    static final Encoder SIGN = Items::sign;

    /** How a call ends, after the items. */
    static final String CLOSE = "]')";

    private Items() {}

    private static byte[] message(Message m) {
        return bytes("{\"type\":\"MSG\",\"msg\":" + Script.quoted(m.payload())
                + ",\"sname\":" + Script.quoted(m.attributes().getOrDefault(CCometDialect.SENDER, ""))
                + ",\"seqid\":\"" + (m.seq() - 1)
                + "\",\"channel\":" + Script.quoted(m.channel()) + "}");
    }

    private static byte[] sign(Message m) {
        return bytes("{\"type\":\"SIGN\",\"msg\":\"SIGN\",\"sname\":" + Script.quoted(m.payload()) + ",\"channel\":"
                + Script.quoted(m.channel()));
    }

    static String withSeqid(long seqid) {
        return ",\"seqid\":\"" + seqid + "\"}";
    }

    /** An item of a type and nothing else. */
    static String ofType(String type) {
        return "{\"type\" : \"" + type + "\"}";
    }

    /** Something is wrong with the request. */
    static String wrong(String reason) {
        return escaped("{\"type\" : \"400\", \"reason\" : " + Script.quoted(reason) + "}");
    }

    /** The call of a function with an array of one item. */
    static String call(String callback, String item) {
        return open(callback) + item + CLOSE;
    }

    /** How a call begins, before the items. */
    static String open(String callback) {
        return callback + "('[";
    }

    private static byte[] bytes(String json) {
        return escaped(json).getBytes(StandardCharsets.UTF_8);
    }

    /** A text as part of a JavaScript string in single quotes, in a script that may stand in a page. */
    static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length() + text.length() / 8 + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' || c == '\'') {
                out.append('\\').append(c);
            } else if (c < ' ' || c == '<' || c == 0x2028 || c == 0x2029) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
