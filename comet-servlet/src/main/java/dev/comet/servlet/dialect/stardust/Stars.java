package dev.comet.servlet.dialect.stardust;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import dev.comet.Encoder;
import dev.comet.Message;
import dev.comet.servlet.dialect.Script;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/** Messages as Stardust delivers them: objects with {@code _ts} and {@code _ch}. stardust.md, "Each delivered message". */
final class Stars {
    /** What every subscriber of any channel shares. */
    static final Encoder OBJECT = m -> object(m).getBytes(StandardCharsets.UTF_8);

    /** What was published has been checked and measured already: no limits here, or a message could not be delivered. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .recyclerPool(JsonRecyclerPools.newBoundedPool(16))
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    private Stars() {}

    private static String object(Message m) {
        if (!m.isJson() || !isObject(m.payload())) {
            String data = m.isJson() ? m.payload().strip() : Script.quoted(m.payload());
            return "{\"type\":" + Script.quoted(m.type()) + ",\"data\":" + Script.safe(data) + "," + own(m) + "}";
        }
        try {
            String plain = withoutOwn(m.payload().strip());
            String open = plain.substring(0, plain.length() - 1).stripTrailing();
            return Script.safe(open) + (open.length() == 1 ? "" : ",") + own(m) + "}";
        } catch (IOException e) {
            throw new UncheckedIOException(e); // not from a string that is well-formed
        }
    }

    static boolean isObject(String json) {
        return json.stripLeading().startsWith("{");
    }

    private static String own(Message m) {
        String seconds = BigDecimal.valueOf(m.timeMillis(), 3).toPlainString();
        return "\"_ts\":" + seconds + ",\"_ch\":" + Script.quoted(m.channel());
    }

    /** The object without members that are ours to write. Mostly there are none, and it stays as it was posted. */
    private static String withoutOwn(String object) throws IOException {
        try (JsonParser in = FACTORY.createParser(object)) {
            in.nextToken();
            boolean found = false;
            while (!found && in.nextToken() == JsonToken.FIELD_NAME) {
                found = isOwn(in.currentName());
                in.nextToken();
                in.skipChildren();
            }
            return found ? copyWithoutOwn(object) : object;
        }
    }

    private static String copyWithoutOwn(String object) throws IOException {
        StringWriter text = new StringWriter(object.length());
        try (JsonParser in = FACTORY.createParser(object);
                JsonGenerator out = FACTORY.createGenerator(text)) {
            int depth = 0;
            for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
                if (token == JsonToken.FIELD_NAME && depth == 1 && isOwn(in.currentName())) {
                    in.nextToken();
                    in.skipChildren();
                    continue;
                }
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (token.isNumeric()) {
                    out.writeNumber(in.getText()); // as it is written: neither rounded nor made longer
                } else {
                    out.copyCurrentEvent(in);
                }
            }
        }
        return text.toString();
    }

    private static boolean isOwn(String name) {
        return name.equals("_ts") || name.equals("_ch");
    }
}
