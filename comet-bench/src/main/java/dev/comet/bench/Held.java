package dev.comet.bench;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.Message;
import dev.comet.Sink;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Reply;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A held response without its container, whose socket takes everything: it reads as the servlet's does, into frames that it shares
 * with others. <i>For one thread.</i>
 */
final class Held {
    private final Framing framing;
    private final Subscriber from;
    private final Frames frames;
    private final Sink gathering = new Gathering();
    private boolean begun;
    private int messages;

    Held(Comet comet, Reply hold, Frames frames) {
        Reply.Hold held = (Reply.Hold) hold;
        this.framing = held.framing();
        this.from = held.attach(comet, Held::nothing);
        this.frames = frames;
    }

    private static void nothing() {}

    /** Writes what there is, until there is nothing left, or until it has come to its end: how many messages that were. */
    int deliver(Blackhole socket) {
        messages = 0;
        boolean over;
        do {
            frames.clear();
            if (!begun) {
                begun = true;
                framing.begin(from, frames);
            }
            from.read(gathering);
            over = framing.isDone();
            if (over) {
                framing.end(CloseReason.DONE, from, frames);
            }
            socket.consume(frames.bytes());
        } while (!over && frames.size() > 0);
        return messages;
    }

    void close() {
        from.close(CloseReason.DONE);
    }

    /** The same for all reads; the servlet's are pooled. */
    private final class Gathering implements Sink {
        @Override
        public boolean accept(Event event) {
            if (event instanceof Message m && m.kind() == Message.Kind.MESSAGE) {
                messages++;
            }
            return framing.event(event, from, frames) && !frames.isFull();
        }

        @Override
        public boolean takesGaps() {
            return framing.takesGaps();
        }
    }
}
