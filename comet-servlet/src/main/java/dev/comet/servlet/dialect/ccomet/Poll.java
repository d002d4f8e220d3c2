package dev.comet.servlet.dialect.ccomet;

import dev.comet.CloseReason;
import dev.comet.Event;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One subscribe: the page's "Subscribe with seqid n". <i>Owned by one response's drainer.</i>
 *
 * <p>The client goes on at the seqid of the last item plus one, unless the only item is a SIGN. A SIGN has the seqid that the next
 * message will have; so it stands alone or before the messages, and there is one at most: two, or one after the messages, would
 * send the client beyond the end.
 */
final class Poll implements Framing {
    private static final String SIGN = "sign";

    private final List<Header> headers;
    private final Duration wait;
    private final String callback;
    private final List<byte[]> messages = new ArrayList<>();
    private int bytes;
    private @Nullable String sign;
    private boolean beyond;

    Poll(List<Header> headers, Duration wait, String callback) {
        this.headers = headers;
        this.wait = wait;
        this.callback = callback;
    }

    @Override
    public List<Header> headers() {
        return headers;
    }

    @Override
    public boolean event(Event event, Subscriber at, Frames out) {
        if (event instanceof Gap gap) {
            // Those that the history has lost are skipped silently: the hub has counted them.
            beyond |= gap.reason() == Gap.Reason.RESET;
        } else if (event instanceof Message m) {
            take(m, at);
        }
        return !beyond && bytes < Frames.FULL;
    }

    private void take(Message m, Subscriber at) {
        switch (m.kind()) {
            case MESSAGE, BROADCAST -> {
                byte[] item = m.encoded(Items.MESSAGE); // shared by all who wait
                messages.add(item);
                bytes += item.length;
            }
            case JOIN -> {
                if (sign == null && m.attributes().containsKey(SIGN)) {
                    String open = new String(m.encoded(Items.SIGN), StandardCharsets.UTF_8);
                    sign = open + Items.withSeqid(at.nextSeq() - 1);
                }
            }
            case LEAVE, ONLINE, OFFLINE -> {
                // Not on this wire.
            }
        }
    }

    @Override
    public boolean takesGaps() {
        return !isDone();
    }

    @Override
    public boolean isDone() {
        return beyond || sign != null || !messages.isEmpty();
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
        out.add(Items.open(callback));
        if (beyond) {
            out.add(Items.ofType("403"));
        } else if (sign != null) {
            out.add(sign).add(messages.isEmpty() ? "" : ",");
        }
        out.addList(messages);
        out.add(Items.CLOSE);
    }
}
