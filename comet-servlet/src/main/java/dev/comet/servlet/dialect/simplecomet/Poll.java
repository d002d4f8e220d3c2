package dev.comet.servlet.dialect.simplecomet;

import dev.comet.CloseReason;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One read of channels: the page's "Reading". What there is comes at once, and then every channel is listed; otherwise it is held
 * until one of them has news, and that one is listed. <i>Owned by one response's drainer.</i>
 *
 * <p>Gaps are not on this wire; the hub has counted them.
 */
final class Poll implements Framing {
    private final Output output;
    private final List<Header> headers;
    private final Duration wait;
    private final long since;
    private final Runnable over;
    private final Map<String, List<byte[]>> messages = new LinkedHashMap<>();
    private int bytes;
    private boolean held;

    /**
     * A read that may be held.
     *
     * @param over runs when the answer has been written
     */
    Poll(Output output, List<Header> headers, Duration wait, Set<String> channels, long since, Runnable over) {
        this.output = output;
        this.headers = headers;
        this.wait = wait;
        this.since = since;
        this.over = over;
        channels.forEach(channel -> messages.put(channel, new ArrayList<>()));
    }

    @Override
    public List<Header> headers() {
        return headers;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        List<byte[]> list = messages.get(event.channel());
        if (event instanceof Message m && list != null) {
            byte[] frame = m.encoded(Json.FRAME); // shared by all readers, so that many of these lists cost little
            list.add(frame);
            bytes += frame.length;
        }
        return bytes < Frames.FULL;
    }

    @Override
    public boolean isDone() {
        held |= bytes == 0; // the first look was in vain: what comes now is news
        return bytes > 0;
    }

    @Override
    public Duration holdFor() {
        return wait;
    }

    @Override
    public CloseReason expiry() {
        return CloseReason.DONE;
    }

    @Override
    public void end(CloseReason reason, Subscriber at, Frames out) {
        out.add(output.before() + "{\"since\":" + since + ",\"messages\":{");
        String separator = "";
        for (Map.Entry<String, List<byte[]>> channel : messages.entrySet()) {
            if (!held || bytes == 0 || !channel.getValue().isEmpty()) {
                out.add(separator + Json.string(channel.getKey()) + ":[");
                out.addList(channel.getValue()).add("]");
                separator = ",";
            }
        }
        out.add("},\"last_id\":" + at.idCursor() + ",\"return_code\":1,\"error_message\":\"\"}" + output.after());
    }

    @Override
    public void written(Subscriber at) {
        over.run();
    }
}
