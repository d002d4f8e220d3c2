package dev.comet.servlet.dialect.nativewire;

import dev.comet.CloseReason;
import dev.comet.Encoder;
import dev.comet.Event;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Header;
import java.util.List;

/** A JSON object a line: docs/native.md, "NDJSON". <i>Owned by one response's drainer.</i> */
final class Ndjson extends Stream {
    private static final byte[] LINE_END = {'\n'};

    private static final Encoder LINE = m -> line(Json.whole(m));

    private final boolean severalChannels;

    Ndjson(NativeSettings settings, List<Header> headers, boolean severalChannels) {
        super(settings, headers);
        this.severalChannels = severalChannels;
    }

    @Override
    public boolean begin(Subscriber at, Frames out) {
        String cursor = at.cursor().toString();
        out.add(line(Json.object(json -> {
            json.writeStringField("type", "open");
            json.writeStringField("cursor", cursor);
            json.writeNumberField("retry", retryMillis());
            json.writeStringField("connection", connection());
        })));
        return true;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            out.add(line(Json.gap(gap, at.cursor().toString())));
        } else if (event instanceof Message m && severalChannels) {
            out.add(m.encoded(Json.OPEN))
                    .add(Json.withCursor(at.cursor().toString()))
                    .add(LINE_END);
        } else if (event instanceof Message m) {
            out.add(m.encoded(LINE));
        }
        return true;
    }

    @Override
    public void heartbeat(Frames out) {
        out.add(LINE_END);
    }

    @Override
    public void expiring(long endMillis, Frames out) {
        out.add(line(Json.expiring(connection(), endMillis)));
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        out.add(line(Json.close(reason, true)));
    }

    private static byte[] line(byte[] object) {
        byte[] line = java.util.Arrays.copyOf(object, object.length + 1);
        line[object.length] = '\n';
        return line;
    }
}
