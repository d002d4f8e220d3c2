package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.Draft;
import dev.comet.Message;
import dev.comet.spi.Entry;
import dev.comet.spi.Follower;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/**
 * How messages look in Redis. A message is {@code <seq> <id> <time> <bytes> <body>}, of which the scripts write and read the
 * numbers; an announcement is one letter, an epoch, and a message, or the numbers of one.
 */
final class Wire {
    private static final int VERSION = 1;
    private static final int JSON = 1;
    private static final int BROADCAST = 2;

    private Wire() {}

    /**
     * An announcement: {@code m}, a message; {@code c}, the history is cleared; {@code r}, the life is over; of a member, {@code j}, it has
     * come, {@code s}, it says that it comes, {@code l}, it has gone.
     */
    record Announcement(char what, int epoch, long seq, long id, ByteBuffer rest) {

        boolean isMember() {
            return what == 'j' || what == 's' || what == 'l';
        }

        /** What is announced of a member. */
        void tell(Follower follower) {
            String member = StandardCharsets.UTF_8.decode(rest.duplicate()).toString();
            if (what == 'l') {
                follower.left(member);
            } else {
                follower.joined(member, what == 's');
            }
        }

        /** Of what is announced as a message. */
        Entry entry() {
            return Wire.entry(seq, id, rest.duplicate());
        }
    }

    static Announcement announcement(byte[] text) {
        ByteBuffer in = ByteBuffer.wrap(text);
        char what = (char) in.get();
        in.get();
        int epoch = (int) number(in);
        return new Announcement(what, epoch, number(in), number(in), in);
    }

    static Entry entry(byte[] text) {
        ByteBuffer in = ByteBuffer.wrap(text);
        return entry(number(in), number(in), in);
    }

    private static Entry entry(long seq, long id, ByteBuffer in) {
        long time = number(in);
        number(in);
        int version = in.get();
        if (version != VERSION) {
            throw new IllegalStateException("message " + seq + " has version " + version + ": a newer node wrote it");
        }
        int flags = in.get();
        Message.Kind kind = (flags & BROADCAST) != 0 ? Message.Kind.BROADCAST : Message.Kind.MESSAGE;
        String type = string(in);
        String[] attributes = new String[2 * in.get()];
        for (int i = 0; i < attributes.length; i++) {
            attributes[i] = string(in);
        }
        String payload = StandardCharsets.UTF_8.decode(in).toString();
        Draft draft = (flags & JSON) != 0 ? Draft.json(payload) : Draft.text(payload);
        if (!type.equals(draft.type())) {
            draft = draft.withType(type);
        }
        for (int i = 0; i < attributes.length; i += 2) {
            draft = draft.withAttribute(attributes[i], attributes[i + 1]);
        }
        return new Entry(seq, id, time, kind, draft);
    }

    /** A whole number and the space behind it. */
    private static long number(ByteBuffer in) {
        long n = 0;
        boolean negative = in.get(in.position()) == '-';
        if (negative) {
            in.get();
        }
        for (byte b = in.get(); b != ' '; b = in.get()) {
            n = n * 10 + b - '0';
        }
        return negative ? -n : n;
    }

    private static String string(ByteBuffer in) {
        ByteBuffer bytes = in.slice(in.position() + 4, in.getInt(in.position()));
        in.position(in.position() + 4 + bytes.remaining());
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    /** What follows a message's numbers. */
    static byte[] body(Message.Kind kind, Draft draft) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) draft.bytes() + 32);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeByte((draft.isJson() ? JSON : 0) | (kind == Message.Kind.BROADCAST ? BROADCAST : 0));
            write(out, draft.type());
            out.writeByte(draft.attributes().size());
            for (Map.Entry<String, String> attribute : draft.attributes().entrySet()) {
                write(out, attribute.getKey());
                write(out, attribute.getValue());
            }
            out.write(draft.payload().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** What the scripts must know of a channel's options, and then what only hubs do. */
    static String options(ChannelOptions o, int liveWindow) {
        return Math.max(o.historyMessages(), liveWindow) + " " + o.historyBytes() + " "
                + o.historyAge().toMillis() + " " + o.idleTimeout().toMillis() + " " + o.historyMessages() + " "
                + o.sessionsOnly();
    }

    static ChannelOptions options(String text) {
        String[] parts = text.split(" ", -1);
        return new ChannelOptions(
                Integer.parseInt(parts[4]),
                Long.parseLong(parts[1]),
                Duration.ofMillis(Long.parseLong(parts[2])),
                Duration.ofMillis(Long.parseLong(parts[3])),
                Boolean.parseBoolean(parts[5]));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    static String text(Object bulk) {
        return new String((byte[]) bulk, StandardCharsets.UTF_8);
    }

    static long number(Object integer) {
        return (Long) integer;
    }
}
