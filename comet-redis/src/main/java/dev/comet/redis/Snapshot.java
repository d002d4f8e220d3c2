package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.spi.Entry;
import dev.comet.spi.Life;
import java.util.List;
import java.util.stream.Stream;

/**
 * What Redis answers to one who opens a channel: what he lacks, or the first of it. <i>Immutable.</i>
 *
 * @param next the seq of the channel's next message
 * @param id the last that was given to any message
 * @param cleared the seq that the next message had when the history was cleared; 0 when it never was
 * @param first the seq of the first of the entries; of the next message, when he lacks none
 */
record Snapshot(
        int epoch,
        ChannelOptions options,
        long next,
        long goneId,
        long id,
        long cleared,
        long first,
        List<List<Entry>> pages) {

    static Snapshot of(List<Object> answer) {
        return new Snapshot(
                (int) Wire.number(answer.get(0)),
                Wire.options(Wire.text(answer.get(1))),
                Wire.number(answer.get(2)),
                Wire.number(answer.get(3)),
                Wire.number(answer.get(4)),
                Wire.number(answer.get(5)),
                Wire.number(answer.get(6)),
                List.of(answer.subList(7, answer.size()).stream()
                        .map(entry -> Wire.entry((byte[]) entry))
                        .toList()));
    }

    /** Where its entries end: the seq of the first that is not among them. */
    long end() {
        return first + pages.stream().mapToLong(List::size).sum();
    }

    boolean isComplete() {
        return end() == next;
    }

    /** This, and an answer that was asked for from {@link #end} on; only that one where what lies between is gone meanwhile. */
    Snapshot and(Snapshot more) {
        if (more.epoch != epoch || more.first != end()) {
            return more;
        }
        List<List<Entry>> all =
                Stream.concat(pages.stream(), more.pages.stream()).toList();
        return new Snapshot(epoch, more.options, more.next, more.goneId, more.id, more.cleared, first, all);
    }

    List<Entry> entries() {
        return pages.stream().flatMap(List::stream).toList();
    }

    Life life() {
        return new Life(epoch, options, next, goneId, entries());
    }
}
