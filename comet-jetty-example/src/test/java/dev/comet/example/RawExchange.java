package dev.comet.example;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One request over a socket of its own, sent as it is written, and what has come back so far. <i>Thread-safe: a thread of its own
 * reads.</i>
 */
final class RawExchange implements AutoCloseable {
    private final SocketChannel socket;
    private final ByteArrayOutputStream raw = new ByteArrayOutputStream(); // guarded by this
    private boolean ended; // guarded by this

    RawExchange(String host, int port, String requestLine, Map<String, String> headers, String body)
            throws IOException {
        this(SocketChannel.open(new InetSocketAddress(host, port)), host + ":" + port, requestLine, headers, body);
    }

    /** Over a connection that is there already, of any kind. */
    RawExchange(SocketChannel socket, String host, String requestLine, Map<String, String> headers, String body)
            throws IOException {
        this.socket = socket;
        StringBuilder head = new StringBuilder(requestLine).append(" HTTP/1.1\r\n");
        Map<String, String> all = new LinkedHashMap<>();
        all.put("Host", host);
        all.put("Connection", "close");
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        if (!body.isEmpty() || requestLine.startsWith("POST")) {
            all.put("Content-Length", Integer.toString(bytes.length));
        }
        all.putAll(headers);
        all.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        head.append("\r\n");
        send(head.toString().getBytes(StandardCharsets.UTF_8));
        send(bytes);
        Thread reader = new Thread(this::read, requestLine);
        reader.setDaemon(true);
        reader.start();
    }

    private void send(byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            socket.write(rest);
        }
    }

    private void read() {
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        try {
            for (int n = socket.read(buffer); n >= 0; n = socket.read(buffer)) {
                synchronized (this) {
                    raw.write(buffer.array(), 0, n);
                    notifyAll();
                }
                buffer.clear();
            }
        } catch (IOException e) {
            // Closed by the test, or broken off by the server: what there is so far says which.
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    /** A response, as far as it has come. */
    record Response(int status, Map<String, String> headers, String body, boolean complete) {
        /** As transcripts say it. */
        String state() {
            return complete ? "complete" : status == 0 ? "held" : "open";
        }
    }

    /** Waits for news, at most this long. */
    @SuppressWarnings("WaitNotInLoop") // its callers loop, each with a condition of its own
    synchronized void await(long millis) throws InterruptedException {
        if (!ended) {
            wait(Math.max(1, millis));
        }
    }

    synchronized Response soFar() {
        byte[] bytes = raw.toByteArray();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            return new Response(0, Map.of(), "", ended);
        }
        String[] lines = text.substring(0, end).split("\r\n", -1);
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        String rest = text.substring(end + 4);
        boolean complete;
        String body;
        if ("chunked".equals(headers.get("transfer-encoding"))) {
            StringBuilder all = new StringBuilder();
            complete = unchunk(rest, all);
            body = all.toString();
        } else if (headers.containsKey("content-length")) {
            body = rest;
            complete = rest.length() >= Integer.parseInt(headers.get("content-length"));
        } else {
            body = rest;
            complete = ended;
        }
        int status = Integer.parseInt(lines[0].split(" ", -1)[1]);
        return new Response(
                status,
                headers,
                new String(body.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8),
                complete);
    }

    /** Whether the last chunk is there. Of one that is not, what there is so far counts. */
    private static boolean unchunk(String chunks, StringBuilder into) {
        int at = 0;
        while (true) {
            int line = chunks.indexOf("\r\n", at);
            if (line < 0) {
                return false;
            }
            int size = Integer.parseInt(
                    chunks.substring(at, line).split(";", -1)[0].strip(), 16);
            if (size == 0) {
                return true;
            }
            int from = line + 2;
            into.append(chunks, Math.min(from, chunks.length()), Math.min(from + size, chunks.length()));
            at = from + size + 2;
            if (at > chunks.length()) {
                return false;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
