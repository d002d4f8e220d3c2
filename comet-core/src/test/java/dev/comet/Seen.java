package dev.comet;

import java.util.ArrayList;
import java.util.List;

/**
 * What a subscriber was handed, in short words: {@code a1} is seq 1 of channel a, {@code a:2-4} a gap, {@code a:reset-4} a
 * reset, {@code a+ann} a join, {@code a-ann} a leave. <i>Owned by who reads.</i>
 */
final class Seen implements Sink {
    final List<Event> events = new ArrayList<>();
    Subscriber.Read result = Subscriber.Read.MORE;

    private final int room;

    Seen() {
        this(Integer.MAX_VALUE);
    }

    /** Has room for so many events; at the last one it says that it wants no more. */
    Seen(int room) {
        this.room = room;
    }

    /** What one read of all there is hands over. */
    static List<String> of(Subscriber subscriber) {
        return read(subscriber, Integer.MAX_VALUE).words();
    }

    static Seen read(Subscriber subscriber, int room) {
        Seen seen = new Seen(room);
        seen.result = subscriber.read(seen);
        return seen;
    }

    @Override
    public boolean accept(Event event) {
        events.add(event);
        return events.size() < room;
    }

    List<String> words() {
        return events.stream().map(Seen::word).toList();
    }

    static String word(Event event) {
        if (event instanceof Message m) {
            return switch (m.kind()) {
                case MESSAGE, BROADCAST -> m.channel() + m.seq();
                case JOIN -> m.channel() + "+" + m.payload();
                case LEAVE -> m.channel() + "-" + m.payload();
                case ONLINE -> "online " + m.payload();
                case OFFLINE -> "offline " + m.payload();
            };
        }
        Gap gap = (Gap) event;
        return switch (gap.reason()) {
            case LAPPED -> gap.channel() + ":" + gap.from() + "-" + gap.to();
            case RESET -> gap.channel() + ":reset-" + gap.to();
            case PRESENCE -> gap.channel() + ":presence";
        };
    }
}
