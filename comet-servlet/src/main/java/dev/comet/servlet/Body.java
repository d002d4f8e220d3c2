package dev.comet.servlet;

import dev.comet.Scheduler;
import dev.comet.servlet.dialect.Problem;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A request's body, read as it comes, up to a limit, within a time, and as far as there is room for it among the other bodies. It
 * ends once: with its bytes, with a problem, or with the client's going. <i>Called by the container, one thread at a time, and by the timer; one of them wins.</i>
 */
final class Body implements ReadListener, Exchange {
    private static final byte[] NONE = {};
    private static final int CHUNK = 8 * 1024;

    /** Takes the body, or what is wrong with it. */
    @FunctionalInterface
    interface Taker {
        /** Either bytes, or none and a problem. */
        void take(byte[] bytes, @Nullable Problem problem) throws IOException;
    }

    private final long limit;
    private final Holds holds;
    private final AsyncContext async;
    private final Taker taker;
    private final Scheduler.Timer timer;
    private final AtomicBoolean over = new AtomicBoolean();

    /** Of the room, in bytes. Whoever sets it to 0 gives back what it was. */
    private final AtomicInteger taken = new AtomicInteger();

    // Owned by the container's callback.
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private @Nullable ServletInputStream in;

    Body(long limit, Holds holds, AsyncContext async, Duration atMost, Taker taker) {
        this.limit = Math.min(limit, holds.bodyBytes());
        this.holds = holds;
        this.async = async;
        this.taker = taker;
        this.timer = holds.scheduler().schedule(this::tooSlow, atMost.toNanos());
    }

    /**
     * What of a body of known length can be read without waiting. Of most it is the whole, for it came with the head: nothing needs
     * to be held for it then.
     */
    static byte[] here(HttpServletRequest request) throws IOException {
        int length = (int) Math.max(0, request.getContentLengthLong());
        byte[] here = new byte[length];
        int size = 0;
        ServletInputStream from = request.getInputStream();
        while (size < length && from.available() > 0) { // Tomcat says 1 where there is more
            int n = from.read(here, size, length - size);
            if (n < 0) {
                break;
            }
            size += n;
        }
        return size == length ? here : Arrays.copyOf(here, size);
    }

    void start(long declared, byte[] begun, ServletInputStream from) {
        holds.begun(this);
        if (declared > limit) {
            end(NONE, tooLarge());
            return;
        }
        add(begun, begun.length);
        if (over.get()) {
            giveBack(); // the timer may have ended it before
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
            add(chunk, n);
        }
        if (over.get()) {
            giveBack(); // the timer may have ended it between the two looks
        }
    }

    private void add(byte[] chunk, int n) {
        if (bytes.size() + n > limit) {
            end(NONE, tooLarge());
        } else if (!holds.bodyRoom().tryAcquire(n)) {
            end(NONE, new Problem(503, "the server reads as much as it may at one time (max-body-bytes-total)"));
        } else {
            taken.addAndGet(n);
            bytes.write(chunk, 0, n);
        }
    }

    private void giveBack() {
        holds.bodyRoom().release(taken.getAndSet(0));
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
            done();
        }
    }

    @Override
    public void close() {
        end(NONE, new Problem(503, "the server is shutting down"));
    }

    @Override
    public void abort() {
        close();
    }

    private void done() {
        giveBack();
        holds.ended(this);
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
        } catch (Throwable e) { // out of memory, too: nobody else ends this exchange any more
            Exchanges.fail(async, e);
        } finally {
            done(); // not before: the answer to it is open by now
        }
    }
}
