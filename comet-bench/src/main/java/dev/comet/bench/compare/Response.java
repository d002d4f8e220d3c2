package dev.comet.bench.compare;

import java.nio.charset.StandardCharsets;

/** Reads HTTP/1.1 responses, one after the other, in whatever pieces they come. <i>Owned by one thread.</i> */
abstract class Response {
    private static final int LINE = 512;

    private enum Part {
        STATUS,
        HEADER,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER,
        TO_THE_END
    }

    private final byte[] line = new byte[LINE];
    private int lineLength;
    private Part part = Part.STATUS;
    private int status;
    private boolean chunked;
    private boolean keepAlive;
    private long left;

    /** The headers are complete. */
    abstract void head();

    abstract void header(String name, String value);

    abstract void body(byte[] bytes, int from, int to, long now);

    /** It is complete; what follows belongs to the next one. */
    abstract void end();

    final int status() {
        return status;
    }

    final boolean keepAlive() {
        return keepAlive;
    }

    /** Nothing of a response has come yet. */
    final boolean atStart() {
        return part == Part.STATUS && lineLength == 0;
    }

    /** Whether it ends with its connection. */
    final boolean endsWithConnection() {
        return part == Part.TO_THE_END;
    }

    final void begin() {
        part = Part.STATUS;
        lineLength = 0;
        chunked = false;
        keepAlive = true;
        left = -1;
    }

    final void feed(byte[] bytes, int from, int to, long now) {
        int at = from;
        while (at < to) {
            switch (part) {
                case BODY, CHUNK -> {
                    int n = (int) Math.min(to - at, left);
                    body(bytes, at, at + n, now);
                    at += n;
                    left -= n;
                    if (left == 0 && part == Part.CHUNK) {
                        part = Part.CHUNK_END;
                    } else if (left == 0) {
                        finish();
                    }
                }
                case TO_THE_END -> {
                    body(bytes, at, to, now);
                    at = to;
                }
                default -> at = line(bytes, at, to);
            }
        }
    }

    private int line(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            if (b == '\n') {
                int length = lineLength > 0 && line[lineLength - 1] == '\r' ? lineLength - 1 : lineLength;
                lineLength = 0;
                line(length);
                return at + 1;
            }
            if (lineLength < LINE) {
                line[lineLength++] = b;
            }
        }
        return to;
    }

    private void line(int length) {
        switch (part) {
            case STATUS -> {
                if (length > 0) {
                    String text = text(0, length);
                    status = Integer.parseInt(text.substring(9, 12));
                    part = Part.HEADER;
                }
            }
            case HEADER -> {
                if (length > 0) {
                    header(length);
                } else {
                    headers();
                }
            }
            case CHUNK_SIZE -> {
                left = 0;
                for (int i = 0; i < length && line[i] != ';'; i++) {
                    left = left * 16 + Character.digit(line[i], 16);
                }
                part = left > 0 ? Part.CHUNK : Part.TRAILER;
            }
            case CHUNK_END -> part = Part.CHUNK_SIZE;
            case TRAILER -> {
                if (length == 0) {
                    finish();
                }
            }
            case BODY, CHUNK, TO_THE_END -> throw new IllegalStateException("no lines in " + part);
        }
    }

    private void header(int length) {
        int colon = 0;
        while (colon < length && line[colon] != ':') {
            colon++;
        }
        String name = text(0, colon);
        String value = text(Math.min(length, colon + 1), length).strip();
        if (name.equalsIgnoreCase("Content-Length")) {
            left = Long.parseLong(value);
        } else if (name.equalsIgnoreCase("Transfer-Encoding")) {
            chunked = value.equalsIgnoreCase("chunked");
        } else if (name.equalsIgnoreCase("Connection")) {
            keepAlive = !value.equalsIgnoreCase("close");
        }
        header(name, value);
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private void headers() {
        if (status == 100) {
            part = Part.STATUS;
            return;
        }
        if (status == 204 || status == 304) {
            left = 0;
            chunked = false;
        }
        part = chunked ? Part.CHUNK_SIZE : left >= 0 ? Part.BODY : Part.TO_THE_END;
        keepAlive &= part != Part.TO_THE_END;
        head();
        if (part == Part.BODY && left == 0) {
            finish();
        }
    }

    /** It is complete, by its length or with its connection. */
    final void finish() {
        part = Part.STATUS;
        end();
    }
}
