package dev.comet.example.cluster;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Reads an answer of HTTP/1.1 from the pieces that it comes in. <i>Owned by one thread.</i> */
final class Answer {
    private enum Part {
        STATUS,
        HEADER,
        LENGTH,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER,
        /** A stream: it ends with its connection. */
        TO_THE_END,
        DONE
    }

    private final ByteArrayOutputStream line = new ByteArrayOutputStream(64);
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(256);
    private Part part = Part.STATUS;
    private int status;
    private boolean chunked;
    private boolean closes;
    private long left = -1;

    /** 0 as long as nothing has come. */
    int status() {
        return status;
    }

    boolean isDone() {
        return part == Part.DONE;
    }

    /** Whether its connection is good for no other. */
    boolean closesConnection() {
        return closes;
    }

    /** What has come of its body since the last call. */
    byte[] takeBody() {
        byte[] bytes = body.toByteArray();
        body.reset();
        return bytes;
    }

    void feed(ByteBuffer in) throws IOException {
        while (in.hasRemaining() && part != Part.DONE) {
            switch (part) {
                case LENGTH, CHUNK, TO_THE_END -> {
                    byte[] piece = new byte[(int) Math.min(in.remaining(), left)];
                    in.get(piece);
                    body.writeBytes(piece);
                    left -= piece.length;
                    if (left == 0) {
                        part = part == Part.CHUNK ? Part.CHUNK_END : Part.DONE;
                    }
                }
                default -> {
                    byte b = in.get();
                    if (b == '\n') {
                        line(line.toString(StandardCharsets.UTF_8).strip());
                        line.reset();
                    } else {
                        line.write(b);
                    }
                }
            }
        }
    }

    private void line(String text) throws IOException {
        switch (part) {
            case STATUS -> {
                if (!text.startsWith("HTTP/1.1 ")) {
                    throw new IOException("no status: " + text);
                }
                status = Integer.parseInt(text.substring(9, 12));
                part = Part.HEADER;
            }
            case HEADER -> header(text.toLowerCase(Locale.ROOT));
            case CHUNK_SIZE -> {
                left = Long.parseLong(text, 16);
                part = left == 0 ? Part.TRAILER : Part.CHUNK;
            }
            case CHUNK_END -> part = Part.CHUNK_SIZE;
            case TRAILER -> part = text.isEmpty() ? Part.DONE : Part.TRAILER;
            default -> throw new IllegalStateException("no lines in " + part);
        }
    }

    private void header(String text) {
        if (text.isEmpty()) {
            part = chunked ? Part.CHUNK_SIZE : left > 0 ? Part.LENGTH : left == 0 ? Part.DONE : Part.TO_THE_END;
            left = part == Part.TO_THE_END ? Long.MAX_VALUE : left;
        } else if (text.startsWith("content-length:")) {
            left = Long.parseLong(text.substring("content-length:".length()).strip());
        } else if (text.startsWith("transfer-encoding:")) {
            chunked = text.endsWith("chunked");
        } else if (text.startsWith("connection:")) {
            closes = text.endsWith("close");
        }
    }
}
