package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.spi.Entry;
import dev.comet.spi.Life;
import java.util.List;

/** What Redis answers to one who opens a channel: what he lacks. <i>Immutable.</i> */
record Snapshot(int epoch, ChannelOptions options, long next, long goneId, long id, List<Entry> entries) {

    static Snapshot of(List<Object> answer) {
        List<Entry> entries = answer.subList(5, answer.size()).stream()
                .map(entry -> Wire.entry((byte[]) entry))
                .toList();
        return new Snapshot(
                (int) Node.number(answer.get(0)),
                Wire.options(Wire.text(answer.get(1))),
                Node.number(answer.get(2)),
                Node.number(answer.get(3)),
                Node.number(answer.get(4)),
                entries);
    }

    /** The seq of the first that he is given; of the next message, when there is none. */
    long first() {
        return next - entries.size();
    }

    Life life() {
        return new Life(epoch, options, next, goneId, entries);
    }
}
