package dev.comet.servlet;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** HTTP/1.1 on a socket. */
final class Http1Client extends Client {
    private final byte[] buffer = new byte[8192];
    private final InputStream in;
    private final OutputStream out;
    private int at;
    private int end;

    Http1Client(int port, int receiveBuffer) throws IOException {
        super(port, receiveBuffer);
        in = socket.getInputStream();
        out = socket.getOutputStream();
    }

    @Override
    Exchange open(String method, String target, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
        boolean chunked = false;
        for (String header : headers) {
            head.append(header).append("\r\n");
            chunked |= header.equalsIgnoreCase("Transfer-Encoding: chunked");
        }
        raw(head.append("\r\n").toString());
        return new Answer(method.equals("HEAD"), chunked);
    }

    /** Sends exactly these bytes, as Latin-1. */
    void raw(String bytes) throws IOException {
        out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    private int next() throws IOException {
        if (at == end) {
            at = 0;
            end = Math.max(0, in.read(buffer));
            if (end == 0) {
                return -1;
            }
        }
        return buffer[at++] & 0xff;
    }

    private int must() throws IOException {
        int b = next();
        if (b < 0) {
            throw new EOFException("the server closed the connection in the middle of an answer");
        }
        return b;
    }

    private String crlfLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = must(); b != '\n'; b = must()) {
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    private final class Answer extends Exchange {
        private final boolean bodiless;
        private final boolean chunkedRequest;
        private final List<String> head = new ArrayList<>();
        private int status;
        private boolean chunked;
        private boolean begun;
        private boolean closes;
        private long left;
        private boolean over;

        Answer(boolean bodiless, boolean chunkedRequest) {
            this.bodiless = bodiless;
            this.chunkedRequest = chunkedRequest;
        }

        @Override
        void write(byte[] bytes, boolean last) throws IOException {
            if (chunkedRequest && bytes.length > 0) {
                raw(Integer.toHexString(bytes.length) + "\r\n");
            }
            out.write(bytes);
            if (chunkedRequest) {
                raw((bytes.length > 0 ? "\r\n" : "") + (last ? "0\r\n\r\n" : ""));
            }
        }

        private void readHead() throws IOException {
            if (status != 0) {
                return;
            }
            String line = crlfLine();
            status = Integer.parseInt(line.substring(9, 12));
            for (line = crlfLine(); !line.isEmpty(); line = crlfLine()) {
                head.add(line);
            }
            chunked = value("Transfer-Encoding").filter("chunked"::equals).isPresent();
            Optional<String> length = value("Content-Length");
            over = bodiless || status == 204;
            closes = !over && !chunked && length.isEmpty();
            left = chunked || closes ? 0 : length.map(Long::parseLong).orElse(0L);
        }

        private Optional<String> value(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return head.stream()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip())
                    .findFirst();
        }

        @Override
        int status() throws IOException {
            readHead();
            return status;
        }

        @Override
        Optional<String> header(String name) throws IOException {
            readHead();
            return value(name);
        }

        @Override
        String head() throws IOException {
            readHead();
            return String.join("\n", head);
        }

        @Override
        int read() throws IOException {
            readHead();
            if (over) {
                return -1;
            }
            if (closes) {
                return next();
            }
            if (left == 0) {
                left = chunked ? chunk() : 0;
                if (left == 0) {
                    over = true;
                    return -1;
                }
            }
            left--;
            return must();
        }

        /** Jetty sends the line end of a chunk with the next one, so it is not to be waited for. */
        private long chunk() throws IOException {
            if (begun) {
                crlfLine();
            }
            begun = true;
            long size = Long.parseLong(crlfLine(), 16);
            if (size == 0) {
                crlfLine();
            }
            return size;
        }
    }
}
