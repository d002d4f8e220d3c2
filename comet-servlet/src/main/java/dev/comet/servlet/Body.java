package dev.comet.servlet;

import dev.comet.Scheduler;
import dev.comet.servlet.dialect.Problem;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A request's body, read as it comes, up to a limit and within a time. It ends once: with its bytes, with a problem, or with the
 * client's going. <i>Called by the container, one thread at a time, and by the timer; one of them wins.</i>
 */
final class Body implements ReadListener {
    private static final byte[] NONE = {};
    private static final int CHUNK = 8 * 1024;

    /** Takes the body, or what is wrong with it. */
    @FunctionalInterface
    interface Taker {
        /** Either bytes, or none and a problem. */
        void take(byte[] bytes, @Nullable Problem problem) throws IOException;
    }

    private final long limit;
    private final AsyncContext async;
    private final Taker taker;
    private final Scheduler.Timer timer;
    private final AtomicBoolean over = new AtomicBoolean();

    // Owned by the container's callback.
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private @Nullable ServletInputStream in;

    Body(long limit, AsyncContext async, Scheduler scheduler, Duration atMost, Taker taker) {
        this.limit = limit;
        this.async = async;
        this.taker = taker;
        this.timer = scheduler.schedule(this::tooSlow, atMost.toNanos());
    }

    void start(long declared, ServletInputStream from) {
        if (declared > limit) {
            end(NONE, tooLarge());
            return;
        }
        in = from;
        from.setReadListener(this);
    }

    @Override
    public void onDataAvailable() throws IOException {
        ServletInputStream from = in;
        byte[] chunk = new byte[CHUNK];
        while (from != null && !over.get() && from.isReady()) {
            int n = from.read(chunk);
            if (n < 0) {
                return; // onAllDataRead comes
            }
            bytes.write(chunk, 0, n);
            if (bytes.size() > limit) {
                end(NONE, tooLarge());
            }
        }
    }

    @Override
    public void onAllDataRead() {
        end(bytes.toByteArray(), null);
    }

    @Override
    public void onError(Throwable t) {
        if (over.compareAndSet(false, true)) {
            timer.cancel();
            Exchanges.complete(async);
        }
    }

    private void tooSlow() {
        end(NONE, new Problem(408, "the body did not come in time"));
    }

    private Problem tooLarge() {
        return new Problem(413, "the body is larger than " + limit + " bytes, the limit here");
    }

    private void end(byte[] body, @Nullable Problem problem) {
        if (!over.compareAndSet(false, true)) {
            return;
        }
        timer.cancel();
        try {
            taker.take(body, problem);
        } catch (IOException | RuntimeException e) {
            Exchanges.fail(async, e);
        }
    }
}
