package dev.comet.bench.server;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/** Never waits: a queue for each stream, which is written as far as the socket takes it, a message at a time. */
class ListenerServlet extends ByHandServlet {
    private static final long serialVersionUID = 1;

    @Override
    final Channels.Stream stream(AsyncContext async) throws IOException {
        Queued queued = new Queued(async, async.getResponse().getOutputStream());
        queued.out.setWriteListener(queued);
        return queued;
    }

    void write(ServletOutputStream out, byte[] frame) throws IOException {
        out.write(frame);
    }

    private final class Queued implements Channels.Stream, WriteListener {
        private static final int MOST = 1000;

        private final AsyncContext async;
        private final ServletOutputStream out;

        // Guarded by this.
        private final Queue<byte[]> queue = new ArrayDeque<>(4);
        private boolean began;
        private boolean unflushed;
        private boolean over;

        Queued(AsyncContext async, ServletOutputStream out) {
            this.async = async;
            this.out = out;
        }

        @Override
        public synchronized boolean send(byte[] frame) {
            if (!over && queue.size() == MOST) {
                end(); // too slow
            }
            if (!over) {
                queue.add(frame);
                if (began) {
                    drain();
                }
            }
            return !over;
        }

        @Override
        public synchronized void onWritePossible() {
            began = true;
            if (!over) {
                drain();
            }
        }

        @Override
        public synchronized void onError(Throwable failure) {
            end();
        }

        private void drain() {
            try {
                while (out.isReady()) {
                    byte[] frame = queue.poll();
                    if (frame != null) {
                        write(out, frame);
                        unflushed = true;
                    } else if (unflushed) {
                        out.flush();
                        unflushed = false;
                    } else {
                        return;
                    }
                }
            } catch (IOException e) { // the client is gone
                end();
            }
        }

        private void end() {
            if (!over) {
                over = true;
                async.complete();
            }
        }
    }
}
