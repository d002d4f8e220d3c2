package dev.comet.servlet;

import dev.comet.Scheduler;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is whole, written as the socket takes it, within a time. What it has taken of the room for large ones it gives back at
 * its end. <i>Called by the container, one thread at a time, and by
 * the timer; one of them wins.</i>
 */
final class Answer implements WriteListener, Exchange {
    private static final int CHUNK = 32 * 1024;

    private final byte[] body;
    private final int taken;
    private final Holds holds;
    private final AsyncContext async;
    private final Scheduler.Timer timer;
    private final AtomicBoolean over = new AtomicBoolean();

    // Owned by the container's callback.
    private int written;
    private @Nullable ServletOutputStream out;

    /** An answer that has taken so many bytes of {@link Holds#answerRoom}. */
    Answer(byte[] body, int taken, Holds holds, AsyncContext async) {
        this.body = body;
        this.taken = taken;
        this.holds = holds;
        this.async = async;
        this.timer = holds.scheduler().schedule(this::end, holds.stallNanos());
    }

    void start(ServletOutputStream to) {
        out = to;
        holds.begun(this);
        to.setWriteListener(this);
    }

    @Override
    public void onWritePossible() throws IOException {
        ServletOutputStream to = out;
        while (to != null && !over.get() && to.isReady()) {
            if (written == body.length) {
                end();
                return;
            }
            int n = Math.min(CHUNK, body.length - written);
            to.write(body, written, n);
            written += n;
        }
    }

    @Override
    public void onError(Throwable t) {
        end();
    }

    /** It is being written, and more than that cannot be done. */
    @Override
    public void close() {}

    @Override
    public void abort() {
        end();
    }

    private void end() {
        if (over.compareAndSet(false, true)) {
            timer.cancel();
            Exchanges.complete(async);
            holds.answerRoom().release(taken);
            holds.ended(this);
        }
    }
}
