package dev.comet.bench.server;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import java.io.IOException;

/** Writes to each stream, flushes, and waits until the socket has taken it. */
final class BlockingServlet extends ByHandServlet {
    private static final long serialVersionUID = 1;

    @Override
    Channels.Stream stream(AsyncContext async) throws IOException {
        return new Blocking(async, async.getResponse().getOutputStream());
    }

    private record Blocking(AsyncContext async, ServletOutputStream out) implements Channels.Stream {
        @Override
        public synchronized boolean send(byte[] frame) {
            try {
                out.write(frame);
                out.flush();
                return true;
            } catch (IOException e) { // the client is gone
                async.complete();
                return false;
            }
        }
    }
}
