package dev.comet.servlet;

import dev.comet.Event;
import dev.comet.Sink;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import org.jspecify.annotations.Nullable;

/** Where what is read goes, from one subscriber after the other. <i>Owned by one drainer at a time.</i> */
final class Gathering implements Sink {
    private final Frames frames = new Frames();
    private @Nullable Framing framing;
    private @Nullable Subscriber from;

    /** Begins anew: with the frames of this subscriber. */
    Frames begin(Framing its, Subscriber subscriber) {
        framing = its;
        from = subscriber;
        frames.clear();
        return frames;
    }

    /** Forgets whose frames they were. */
    void end() {
        framing = null;
        from = null;
        frames.clear();
    }

    Frames frames() {
        return frames;
    }

    @Override
    public boolean accept(Event event) {
        Framing its = framing;
        Subscriber at = from;
        return its != null && at != null && its.event(event, at, frames) && !frames.isFull();
    }

    @Override
    public boolean takesGaps() {
        Framing its = framing;
        return its != null && its.takesGaps();
    }
}
