package dev.comet.servlet;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the server under test, as near to the socket as can be: it reads only when it is told to, waits for a
 * limited time, and breaks off when asked. <i>Owned by one thread; anyone may {@link #abort}.</i>
 */
abstract class Client implements Closeable {
    /** How long a read waits before it gives up. */
    static final int PATIENCE_MILLIS = 10_000;

    private static final Pattern STACK_TRACE =
            Pattern.compile("^\\s*(at [\\w.$/]+\\(|Caused by:)|\\w(Exception|Error):");

    final Socket socket;

    /**
     * Connects.
     *
     * @param receiveBuffer what the kernel is to take in before it is read; 0: as much as it likes
     */
    Client(int port, int receiveBuffer) throws IOException {
        socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** Sends a request's head; a header is {@code Name: value}. A body follows when it says how long it is, or chunked. */
    abstract Exchange open(String method, String target, String... headers) throws IOException;

    final Exchange get(String target, String... headers) throws IOException {
        return open("GET", target, headers);
    }

    final Exchange post(String target, String contentType, String body, String... headers) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type: " + contentType;
        all[headers.length + 1] = "Content-Length: " + bytes.length;
        Exchange exchange = open("POST", target, all);
        exchange.write(bytes, true);
        return exchange;
    }

    /** Breaks the connection: the server gets a reset. */
    final void abort() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Closes the connection properly: the server gets a FIN, and a reset for what it sends after it. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** A Server-Sent Event. Of one without data only the fields that stand on the wire are there. */
    record SseEvent(
            @Nullable String id,
            String type,
            String data,
            @Nullable String retry) {
        String field(String name) {
            return Wire.first(data, name);
        }
    }

    /** A request and its answer, read as it comes. */
    abstract static class Exchange {
        private int heartbeats;

        /** The answer's status; waits for its head. */
        abstract int status() throws IOException;

        abstract Optional<String> header(String name) throws IOException;

        /** All headers, a line each. */
        abstract String head() throws IOException;

        /** Sends a part of the request's body. */
        abstract void write(byte[] bytes, boolean last) throws IOException;

        /** The next byte of the answer's body; -1 at its proper end; an EOFException when it was broken off. */
        abstract int read() throws IOException;

        /** The next line; null at the end. */
        final @Nullable String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int b = read();
            if (b < 0) {
                return null;
            }
            for (; b >= 0 && b != '\n'; b = read()) {
                line.write(b);
            }
            return clean(line.toString(StandardCharsets.UTF_8));
        }

        /** The next line with something in it, for NDJSON; null at the end. */
        final @Nullable String object() throws IOException {
            long began = System.nanoTime();
            String line = line();
            while (line != null && line.isEmpty()) {
                beat(began);
                line = line();
            }
            return line;
        }

        /** The next event, heartbeats passed over; null at the end. */
        final @Nullable SseEvent event() throws IOException {
            String id = null;
            String type = "message";
            String retry = null;
            StringBuilder data = null;
            boolean any = false;
            long began = System.nanoTime();
            for (String line = line(); line != null; line = line()) {
                if (line.isEmpty()) {
                    if (any) {
                        return new SseEvent(id, type, data == null ? "" : data.toString(), retry);
                    }
                } else if (line.startsWith(":")) {
                    beat(began);
                } else {
                    any = true;
                    int colon = line.indexOf(": ");
                    String value = line.substring(colon + 2);
                    switch (line.substring(0, colon)) {
                        case "id" -> id = value;
                        case "event" -> type = value;
                        case "retry" -> retry = value;
                        case "data" ->
                            data = data == null
                                    ? new StringBuilder(value)
                                    : data.append('\n').append(value);
                        default -> throw new AssertionError("not a field of an event: " + line);
                    }
                }
            }
            return null;
        }

        private void beat(long waitingSince) throws IOException {
            heartbeats++;
            if (System.nanoTime() - waitingSince > PATIENCE_MILLIS * 1_000_000L) {
                throw new SocketTimeoutException("nothing but heartbeats");
            }
        }

        /** How many heartbeats {@link #event} and {@link #object} have passed over. */
        final int heartbeats() {
            return heartbeats;
        }

        /** The rest of the body. */
        final String rest() throws IOException {
            ByteArrayOutputStream rest = new ByteArrayOutputStream();
            for (int b = read(); b >= 0; b = read()) {
                rest.write(b);
            }
            return clean(rest.toString(StandardCharsets.UTF_8));
        }

        /** Reads to the end of the answer, proper or not. */
        final void drain() throws IOException {
            try {
                int b = read();
                while (b >= 0) {
                    b = read();
                }
            } catch (EOFException | SocketException e) {
                // broken off: an end too
            }
        }

        private static String clean(String text) {
            if (STACK_TRACE.matcher(text).find()) {
                throw new AssertionError("an answer shows a stack trace: " + text);
            }
            return text;
        }
    }
}
