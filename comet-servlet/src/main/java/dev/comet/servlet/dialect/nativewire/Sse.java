package dev.comet.servlet.dialect.nativewire;

import dev.comet.CloseReason;
import dev.comet.Encoder;
import dev.comet.Event;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Header;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Server-Sent Events: docs/native.md, "SSE". <i>Owned by one response's drainer.</i> */
final class Sse extends Stream {
    private static final byte[] HEARTBEAT = Json.ascii(":\n\n");
    private static final byte[] END = Json.ascii("\n\n");

    /** One channel: the payload as it is. */
    private static final Encoder PAYLOAD = Sse::payload;

    /** One channel in envelopes: the cursor is the same for every subscriber. */
    private static final Encoder ENVELOPE = m -> {
        byte[] body = concat(envelope(m, Json.whole(m)), END);
        return Json.isNumbered(m) ? concat(id(m.cursor().toString()), body) : body;
    };

    /** Several channels: everything but the cursor, which is the subscriber's own. */
    private static final Encoder OPEN = m -> named(m.type(), Json.open(m));

    /** The same in envelopes. */
    private static final Encoder OPEN_ENVELOPE = m -> envelope(m, Json.open(m));

    private final Encoder encoder;
    private final boolean several;

    Sse(NativeSettings settings, List<Header> headers, boolean severalChannels, boolean envelope) {
        super(settings, headers);
        this.several = severalChannels;
        this.encoder = several ? (envelope ? OPEN_ENVELOPE : OPEN) : envelope ? ENVELOPE : PAYLOAD;
    }

    @Override
    public boolean begin(Subscriber at, Frames out) {
        out.add("retry: " + retryMillis() + "\nid: " + at.cursor() + "\n\n");
        return true;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            String cursor = at.cursor().toString();
            out.add(id(cursor)).add(event("gap", Json.gap(gap, cursor)));
        } else if (event instanceof Message m) {
            if (several) {
                String cursor = at.cursor().toString();
                out.add(id(cursor))
                        .add(m.encoded(encoder))
                        .add(Json.withCursor(cursor))
                        .add(END);
            } else {
                out.add(m.encoded(encoder));
            }
        }
        return true;
    }

    @Override
    public void heartbeat(Frames out) {
        out.add(HEARTBEAT);
    }

    @Override
    public void expiring(long endMillis, Frames out) {
        out.add(event("expiring", Json.expiring(connection(), endMillis)));
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        out.add(event("close", Json.close(reason, false)));
    }

    private static byte[] payload(Message m) {
        if (!Json.isNumbered(m)) {
            return event(m.type(), Json.object(json -> Json.presence(json, m)));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(m.payload().length() + 64);
        out.writeBytes(id(m.cursor().toString()));
        if (!m.type().equals("message")) {
            out.writeBytes(Json.ascii("event: " + m.type() + "\n"));
        }
        String payload = m.payload();
        int from = 0;
        while (true) {
            int to = lineEnd(payload, from);
            out.writeBytes(Json.ascii("data: "));
            out.writeBytes(payload.substring(from, to).getBytes(StandardCharsets.UTF_8));
            out.write('\n');
            if (to == payload.length()) {
                break;
            }
            from = to + (payload.startsWith("\r\n", to) ? 2 : 1);
        }
        out.write('\n');
        return out.toByteArray();
    }

    private static int lineEnd(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r') {
                return i;
            }
        }
        return text.length();
    }

    private static byte[] id(String cursor) {
        return Json.ascii("id: " + cursor + "\n");
    }

    /** A message has its type in the object: EventSource shows only the events whose names it was told. */
    private static byte[] envelope(Message m, byte[] oneLine) {
        return Json.isNumbered(m) ? concat(Json.ascii("data: "), oneLine) : named(m.type(), oneLine);
    }

    private static byte[] event(String type, byte[] oneLine) {
        return concat(named(type, oneLine), END);
    }

    private static byte[] named(String type, byte[] oneLine) {
        return concat(Json.ascii(type.equals("message") ? "data: " : "event: " + type + "\ndata: "), oneLine);
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = java.util.Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
