package dev.comet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message that has its place in a channel. For a while it remembers the bytes that each {@link Encoder} made of it, so that
 * they are made once for all who are sent it then. <i>Immutable but for those remembered bytes; thread-safe.</i>
 */
public final class Message implements Event {

    /** What kind of thing happened. Only {@link #MESSAGE} and {@link #BROADCAST} have a place in a channel's history. */
    public enum Kind {
        /** Published to one channel. */
        MESSAGE,
        /** Published to every channel at once. */
        BROADCAST,
        /** A named member came; the payload is the name. Not stored, and without a number of the channel's. */
        JOIN,
        /** A named member left; the payload is the name. Not stored, and without a number of the channel's. */
        LEAVE,
        /** A channel was created; the payload is its name. */
        ONLINE,
        /** A channel was removed; the payload is its name. */
        OFFLINE
    }

    private static final VarHandle FRAMES;

    static {
        try {
            FRAMES = MethodHandles.lookup().findVarHandle(Message.class, "frames", Frame.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** One encoder's bytes. Its fields are final, so a racy read of the list's head sees them whole. */
    private static final class Frame {
        final Encoder encoder;
        final byte[] bytes;
        final @Nullable Frame next;

        Frame(Encoder encoder, byte[] bytes, @Nullable Frame next) {
            this.encoder = encoder;
            this.bytes = bytes;
            this.next = next;
        }
    }

    // What the draft says is copied: messages live as long as a history, and so would their drafts.
    private final String channel;
    private final int epoch;
    private final int bytes;
    private final long seq;
    private final long id;
    private final long time;
    private final Kind kind;
    private final String payload;
    private final boolean json;
    private final String type;
    private final Map<String, String> attributes;

    /** A list, for few encoders ever see the same message; prepended to by compare-and-set. */
    private @Nullable Frame frames;

    Message(String channel, int epoch, long seq, long id, long time, Kind kind, Draft draft) {
        this.channel = channel;
        this.epoch = epoch;
        this.seq = seq;
        this.id = id;
        this.time = time;
        this.kind = kind;
        this.payload = draft.payload();
        this.json = draft.isJson();
        this.type = draft.type();
        this.attributes = draft.attributes();
        this.bytes = Math.toIntExact(draft.bytes());
    }

    @Override
    public String channel() {
        return channel;
    }

    /** The number that tells this life of the channel from an earlier one of the same name. */
    public int epoch() {
        return epoch;
    }

    /** The number within the channel and epoch: 1, 2, 3, …, below 2^53. */
    public long seq() {
        return seq;
    }

    /** The number across the hub: it grows from message to message over all channels, with holes; below 2^53. */
    public long id() {
        return id;
    }

    /** When it was published. For showing, never for ordering: clocks jump. */
    public Instant time() {
        return Instant.ofEpochMilli(time);
    }

    /** {@link #time()} in milliseconds since the Unix epoch. */
    public long timeMillis() {
        return time;
    }

    /** What kind of thing happened. */
    public Kind kind() {
        return kind;
    }

    /** The application's type, {@code message} by default; {@code join} and {@code leave} for presence. */
    public String type() {
        return switch (kind) {
            case MESSAGE, BROADCAST -> type;
            case JOIN -> "join";
            case LEAVE -> "leave";
            case ONLINE -> "online";
            case OFFLINE -> "offline";
        };
    }

    /** The payload: a text, or the text of a JSON value. */
    public String payload() {
        return payload;
    }

    /** Whether the payload is a JSON value. */
    public boolean isJson() {
        return json;
    }

    /** The attributes, in the order in which they were given. Unmodifiable. */
    public Map<String, String> attributes() {
        return attributes;
    }

    /** The cursor of a subscriber of this channel alone that has seen this message. */
    public Cursor cursor() {
        return Cursor.of(epoch, seq + 1);
    }

    long bytes() {
        return bytes;
    }

    /**
     * The message's bytes in one framing. They are made at the first call and shared from then on, at least while the channel's
     * subscribers are sent it; who comes late may have them made once more. Do not change the array.
     */
    public byte[] encoded(Encoder encoder) {
        Frame head = frames;
        byte[] made = null;
        while (true) {
            for (Frame f = head; f != null; f = f.next) {
                if (f.encoder == encoder) {
                    return f.bytes;
                }
            }
            if (made == null) {
                made = encoder.encode(this);
            }
            if (FRAMES.compareAndSet(this, head, new Frame(encoder, made, head))) {
                return made;
            }
            head = (Frame) FRAMES.getAcquire(this);
        }
    }

    /**
     * Forgets the bytes that were made of it, once those who follow have been sent it, as far as their sockets take it. Kept, they
     * would be nearly half of what a history takes; and it is what lives for long that the collector has to move.
     */
    void forget() {
        frames = null; // perhaps what another thread has just made: then it is made once more
    }

    @Override
    public String toString() {
        return channel + " " + epoch + "." + seq + " (" + type() + ")";
    }
}
