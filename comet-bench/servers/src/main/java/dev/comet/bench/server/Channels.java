package dev.comet.bench.server;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The channels of a server written by hand: who listens, and the last messages for those who poll. <i>Thread-safe.</i> */
final class Channels {
    private static final int KEPT = 64;
    private static final long HOLD_MILLIS = TimeUnit.SECONDS.toMillis(25);

    private final ConcurrentHashMap<String, One> channels = new ConcurrentHashMap<>();

    /** A stream that takes frames. */
    interface Stream {
        /** Writes it, or keeps it until it can; false when the client is gone. */
        boolean send(byte[] frame);
    }

    /** A message, with its number. */
    private static final class Numbered {
        private final long number;
        private final byte[] text;

        Numbered(long number, byte[] text) {
            this.number = number;
            this.text = text;
        }
    }

    private static final class One {
        private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

        // Guarded by this.
        private final ArrayDeque<Numbered> last = new ArrayDeque<>();
        private final List<AsyncContext> waiting = new ArrayList<>();
        private long count;
    }

    private One one(HttpServletRequest request) {
        return channels.computeIfAbsent(request.getParameter("ch"), name -> new One());
    }

    void add(HttpServletRequest request, Stream stream) {
        one(request).streams.add(stream);
    }

    /** Publishes the request's body, on the request's thread. */
    void publish(HttpServletRequest request) throws IOException {
        One to = one(request);
        byte[] body = request.getInputStream().readAllBytes();
        byte[] frame = ("data: " + new String(body, StandardCharsets.UTF_8) + "\n\n").getBytes(StandardCharsets.UTF_8);
        List<AsyncContext> wake;
        byte[] answer;
        synchronized (to) {
            answer = line(++to.count, body);
            to.last.add(new Numbered(to.count, answer));
            if (to.last.size() > KEPT) {
                to.last.remove();
            }
            wake = List.copyOf(to.waiting);
            to.waiting.clear();
        }
        to.streams.removeIf(stream -> !stream.send(frame));
        for (AsyncContext each : wake) {
            try {
                answer((HttpServletResponse) each.getResponse(), answer);
                each.complete();
            } catch (IllegalStateException e) {
                // Its time-out was faster; it polls again.
            }
        }
    }

    private static byte[] line(long number, byte[] body) {
        return ("seq=" + number + " " + new String(body, StandardCharsets.UTF_8) + "\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void answer(HttpServletResponse response, byte[] body) {
        try {
            response.setContentType("text/plain");
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers with what came after {@code cur}, or waits for the next. */
    void poll(HttpServletRequest request, HttpServletResponse response) throws IOException {
        One of = one(request);
        long after = Long.parseLong(request.getParameter("cur"));
        java.io.ByteArrayOutputStream missed = new java.io.ByteArrayOutputStream();
        synchronized (of) {
            for (Numbered each : of.last) {
                if (each.number > after) {
                    missed.writeBytes(each.text);
                }
            }
            if (missed.size() == 0) {
                AsyncContext async = request.startAsync();
                async.setTimeout(HOLD_MILLIS);
                async.addListener(new Expiry(of, async));
                of.waiting.add(async);
                return;
            }
        }
        answer(response, missed.toByteArray());
    }

    /** A poll that waited in vain is answered with nothing. */
    private record Expiry(One of, AsyncContext async) implements AsyncListener {
        @Override
        public void onTimeout(AsyncEvent event) {
            boolean mine;
            synchronized (of) {
                mine = of.waiting.remove(async);
            }
            if (mine) {
                async.complete();
            }
        }

        @Override
        public void onComplete(AsyncEvent event) {}

        @Override
        public void onError(AsyncEvent event) {
            onTimeout(event);
        }

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
