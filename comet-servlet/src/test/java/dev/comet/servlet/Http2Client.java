package dev.comet.servlet;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.hpack.HpackDecoder;
import org.eclipse.jetty.http2.hpack.HpackException;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2 with prior knowledge on a socket; any number of requests at once. Frames are taken off the socket only when somebody reads
 * an answer, and windows are opened only for what was read: so a reader that reads nothing blocks its stream, and nothing else.
 */
final class Http2Client extends Client {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int CONTINUATION = 9;

    private static final int END_STREAM = 1;
    private static final int ACK = 1;
    private static final int END_HEADERS = 4;

    private static final int INITIAL_WINDOW = 65_535;
    private static final int MAX_FRAME = 16_384;

    private final DataInputStream in;
    private final OutputStream out;
    private final HpackDecoder hpack = new HpackDecoder(64 * 1024, System::nanoTime);
    private final Map<Integer, Answer> streams = new HashMap<>();
    private int nextStream = 1;
    private long sendWindow = INITIAL_WINDOW;
    private long initialSendWindow = INITIAL_WINDOW;

    /** A small receive buffer stands for small windows too. */
    Http2Client(int port, int receiveBuffer) throws IOException {
        super(port, receiveBuffer);
        in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream(), 16 * 1024));
        out = socket.getOutputStream();
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        ByteBuffer settings = ByteBuffer.allocate(12);
        settings.putShort((short) 2).putInt(0); // no push
        settings.putShort((short) 4).putInt(receiveBuffer > 0 ? receiveBuffer : INITIAL_WINDOW);
        frame(SETTINGS, 0, 0, settings.array());
        if (receiveBuffer == 0) {
            windowUpdate(0, 1 << 20); // so that one stream that is not read does not use up the connection's window
        }
    }

    @Override
    Exchange open(String method, String target, String... headers) throws IOException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        literal(block, ":method", method);
        literal(block, ":scheme", "http");
        literal(block, ":authority", "localhost");
        literal(block, ":path", target);
        boolean body = false;
        for (String header : headers) {
            int colon = header.indexOf(": ");
            String name = header.substring(0, colon).toLowerCase(Locale.ROOT);
            body |= name.equals("content-length") || name.equals("transfer-encoding");
            if (!name.equals("transfer-encoding")) {
                literal(block, name, header.substring(colon + 2));
            }
        }
        int id = nextStream;
        nextStream += 2;
        Answer answer = new Answer(id);
        streams.put(id, answer);
        byte[] bytes = block.toByteArray();
        int sent = Math.min(bytes.length, MAX_FRAME);
        frame(HEADERS, (sent == bytes.length ? END_HEADERS : 0) | (body ? 0 : END_STREAM), id, part(bytes, 0, sent));
        while (sent < bytes.length) {
            int n = Math.min(bytes.length - sent, MAX_FRAME);
            frame(CONTINUATION, sent + n == bytes.length ? END_HEADERS : 0, id, part(bytes, sent, n));
            sent += n;
        }
        return answer;
    }

    private static byte[] part(byte[] bytes, int from, int length) {
        return java.util.Arrays.copyOfRange(bytes, from, from + length);
    }

    /** A header that neither side remembers, not Huffman-coded. */
    private static void literal(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        string(block, name);
        string(block, value);
    }

    private static void string(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        int length = bytes.length;
        if (length < 127) {
            block.write(length);
        } else {
            block.write(127);
            for (length -= 127; length >= 128; length >>>= 7) {
                block.write((length & 127) | 128);
            }
            block.write(length);
        }
        block.writeBytes(bytes);
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
        frame.putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload);
        out.write(frame.array());
    }

    private void windowUpdate(int stream, int by) throws IOException {
        try {
            frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(by).array());
        } catch (SocketException e) {
            // The server has closed; what it sent before is still to be read.
        }
    }

    /** Takes one frame off the socket. */
    private void take() throws IOException {
        int word = in.readInt();
        int length = word >>> 8;
        int flags = in.readUnsignedByte();
        int id = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        Answer answer = streams.get(id);
        switch (word & 0xff) {
            case DATA -> {
                if (answer != null) {
                    answer.data.add(payload);
                    answer.ended |= (flags & END_STREAM) != 0;
                }
            }
            case HEADERS -> {
                ByteArrayOutputStream block = new ByteArrayOutputStream();
                block.writeBytes(payload);
                boolean whole = (flags & END_HEADERS) != 0;
                while (!whole) {
                    int next = in.readInt();
                    whole = (in.readUnsignedByte() & END_HEADERS) != 0;
                    in.readInt();
                    block.writeBytes(in.readNBytes(next >>> 8));
                }
                headers(answer, block.toByteArray(), (flags & END_STREAM) != 0);
            }
            case RST_STREAM -> {
                if (answer != null) {
                    answer.reset = true;
                }
            }
            case SETTINGS -> settings(flags, ByteBuffer.wrap(payload));
            case PING -> {
                if ((flags & ACK) == 0) {
                    frame(PING, ACK, 0, payload);
                }
            }
            case WINDOW_UPDATE -> {
                int by = ByteBuffer.wrap(payload).getInt();
                if (answer != null) {
                    answer.sendWindow += by;
                } else if (id == 0) {
                    sendWindow += by;
                }
            }
            case GOAWAY -> {
                // The streams that go on, go on; the others see the connection's end.
            }
            default -> {
                // Not for us.
            }
        }
    }

    private void headers(@Nullable Answer answer, byte[] block, boolean last) throws IOException {
        MetaData decoded;
        try {
            decoded = hpack.decode(ByteBuffer.wrap(block));
        } catch (HpackException.SessionException | HpackException.StreamException e) {
            throw new IOException(e);
        }
        if (answer != null) {
            if (decoded instanceof MetaData.Response response) {
                answer.response = response;
            }
            answer.ended |= last;
        }
    }

    private void settings(int flags, ByteBuffer settings) throws IOException {
        if ((flags & ACK) != 0) {
            return;
        }
        while (settings.hasRemaining()) {
            int name = settings.getShort();
            int value = settings.getInt();
            if (name == 4) {
                long change = value - initialSendWindow;
                initialSendWindow = value;
                streams.values().forEach(answer -> answer.sendWindow += change);
            }
        }
        frame(SETTINGS, ACK, 0, new byte[0]);
    }

    private final class Answer extends Exchange {
        private final int id;
        private final java.util.ArrayDeque<byte[]> data = new java.util.ArrayDeque<>();
        private long sendWindow = initialSendWindow;
        private MetaData.@Nullable Response response;
        private byte[] now = {};
        private int at;
        private boolean ended;
        private boolean reset;

        Answer(int id) {
            this.id = id;
        }

        @Override
        void write(byte[] bytes, boolean last) throws IOException {
            int sent = 0;
            while (sent < bytes.length && !reset && !ended) {
                int n = (int) Math.min(Math.min(sendWindow, Http2Client.this.sendWindow), MAX_FRAME);
                n = Math.min(n, bytes.length - sent);
                if (n <= 0) {
                    take();
                    continue;
                }
                boolean end = last && sent + n == bytes.length;
                frame(DATA, end ? END_STREAM : 0, id, part(bytes, sent, n));
                sent += n;
                sendWindow -= n;
                Http2Client.this.sendWindow -= n;
            }
            if (last && bytes.length == 0) {
                frame(DATA, END_STREAM, id, bytes);
            }
        }

        private MetaData.Response response() throws IOException {
            while (response == null) {
                if (reset) {
                    throw new EOFException("the stream was reset");
                }
                take();
            }
            return response;
        }

        @Override
        int status() throws IOException {
            return response().getStatus();
        }

        @Override
        Optional<String> header(String name) throws IOException {
            return Optional.ofNullable(response().getHttpFields().get(name));
        }

        @Override
        String head() throws IOException {
            return response().getHttpFields().stream().map(HttpField::toString).collect(Collectors.joining("\n"));
        }

        @Override
        int read() throws IOException {
            response();
            while (at == now.length) {
                byte[] next = data.poll();
                if (next != null) {
                    now = next;
                    at = 0;
                    if (next.length > 0) {
                        windowUpdate(0, next.length);
                        windowUpdate(id, next.length);
                    }
                } else if (ended) {
                    return -1;
                } else if (reset) {
                    throw new EOFException("the stream was reset");
                } else {
                    take();
                }
            }
            return now[at++] & 0xff;
        }
    }
}
