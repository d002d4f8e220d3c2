package dev.comet.example;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A client's connection, with nothing between it and the socket: one GET after another, and each body in the pieces that it comes
 * in. It costs a thousandth of a client library, so that fifty can poll at once. <i>Owned by one thread.</i>
 */
final class KeepAlive implements AutoCloseable {
    /** Nothing that is asked for here is silent for so long. */
    private static final int SILENCE_MILLIS = 40_000;

    private static final byte[] NOTHING = {};

    private final URI at;
    private final Socket socket;
    private final InputStream in;

    // What is left of the present response.
    private boolean chunked;
    private boolean first;
    private int length;

    KeepAlive(URI at) throws IOException {
        this.at = at;
        socket = new Socket(at.getHost(), at.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(SILENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** A whole answer's body. */
    String get(String path) throws IOException {
        open(path);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] piece = piece(); piece.length > 0; piece = piece()) {
            body.write(piece);
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    /** Asks, and reads the head of the answer. */
    void open(String path) throws IOException {
        String request = "GET " + path + " HTTP/1.1\r\nHost: " + at.getAuthority() + "\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String status = line();
        chunked = false;
        first = true;
        length = 0;
        for (String header = line(); !header.isEmpty(); header = line()) {
            String lower = header.toLowerCase(Locale.ROOT);
            chunked |= lower.equals("transfer-encoding: chunked");
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(
                        lower.substring("content-length:".length()).strip());
            }
        }
        if (!status.startsWith("HTTP/1.1 200 ")) {
            throw new IOException(path + ": " + status);
        }
    }

    /** The next piece of the body; empty: there is no more. */
    byte[] piece() throws IOException {
        if (!chunked) {
            byte[] all = exactly(length);
            length = 0;
            return all;
        }
        if (!first) {
            chunkEnd(); // Jetty writes it before the next chunk, so a stream's client must not wait for it
        }
        first = false;
        byte[] chunk = exactly(Integer.parseInt(line(), 16));
        if (chunk.length == 0) {
            chunkEnd();
            chunked = false;
        }
        return chunk;
    }

    private void chunkEnd() throws IOException {
        if (!line().isEmpty()) {
            throw new IOException("a chunk does not end where it says");
        }
    }

    private byte[] exactly(int n) throws IOException {
        byte[] bytes = n == 0 ? NOTHING : in.readNBytes(n);
        if (bytes.length < n) {
            throw new IOException("the connection ended within a body");
        }
        return bytes;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the connection ended; before: " + line);
            }
            line.append((char) c);
        }
        line.setLength(line.length() - 1); // the CR
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
