package dev.comet.redis;

import dev.comet.Stats;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How a node's {@link Stats} look in Redis. */
final class Figures {
    private static final int VERSION = 1;

    private Figures() {}

    static byte[] bytes(Stats stats) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeLong(stats.time());
            out.writeInt(stats.channels());
            out.writeInt(stats.subscribers());
            write(out, stats.subscribersBySource());
            out.writeInt(stats.sessions());
            out.writeLong(stats.historyBytes());
            out.writeLong(stats.published());
            out.writeLong(stats.delivered());
            out.writeLong(stats.gaps());
            out.writeLong(stats.lost());
            out.writeLong(stats.resets());
            write(out, stats.refusals());
            write(out, stats.closes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Empty where another version of a node has written them. */
    static Optional<Stats> stats(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                return Optional.empty();
            }
            long time = in.readLong();
            int channels = in.readInt();
            int subscribers = in.readInt();
            Map<String, Integer> bySource = new HashMap<>();
            read(in).forEach((source, n) -> bySource.put(source, n.intValue()));
            return Optional.of(new Stats(
                    time,
                    channels,
                    subscribers,
                    Map.copyOf(bySource),
                    in.readInt(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    in.readLong(),
                    read(in),
                    read(in)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(DataOutputStream out, Map<String, ? extends Number> counts) throws IOException {
        out.writeInt(counts.size());
        for (Map.Entry<String, ? extends Number> count : counts.entrySet()) {
            out.writeUTF(count.getKey());
            out.writeLong(count.getValue().longValue());
        }
    }

    private static Map<String, Long> read(DataInputStream in) throws IOException {
        Map<String, Long> counts = new HashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            counts.put(in.readUTF(), in.readLong());
        }
        return Map.copyOf(counts);
    }
}
