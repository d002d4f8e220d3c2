package dev.comet.servlet.dialect.icomet;

import dev.comet.From;
import dev.comet.Subscriber;

/**
 * What a subscriber asks for: protocol page, "Front endpoints". <i>Immutable.</i>
 *
 * @param seq of the message that it wants next; 0: it does not know
 * @param noop the number of its next heartbeat
 */
record Wanted(String cname, long seq, int noop) {

    static Wanted of(Query query) {
        return new Wanted(query.cname(), Math.max(0, query.number("seq")), query.noop());
    }

    /** Whether it wants no history, but to be told the next seq. */
    boolean fromNow() {
        return seq == 0;
    }

    From from() {
        return fromNow() ? From.latest() : From.seq(seq);
    }

    /** A heartbeat, that many after the first. */
    byte[] noop(int more) {
        return Json.message("noop", cname, noop + more, "");
    }

    byte[] close(Subscriber at) {
        return Json.message("close", cname, at.nextSeq(), "");
    }
}
