package dev.comet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client that is known by a session, and polls without a cursor: its position moves when an answer has been written.
 * <i>Owned by one run.</i>
 */
final class SimulationSession implements SimulationActor, SimulationWire.End {
    private final Simulation world;
    private final SimulationLot lot;
    private final String id;
    private final List<String> names;
    private @Nullable Session session;
    private @Nullable SimulationWire poll;
    private boolean retired;

    /** Where the next poll begins; null where that depends on what came in between. */
    private @Nullable SimulationBookmark position;

    private int polling;
    private int begun;
    private boolean certain;

    /** Whether the session was over before its poll had begun. */
    private boolean late;

    private boolean closed;
    private long aliveAt;
    private @Nullable SimulationWire committed;

    /** The lives that it keeps from going as idle. */
    private List<SimulationLife> kept = List.of();

    SimulationSession(Simulation world, int number) {
        this.world = world;
        this.lot = world.lot();
        this.id = "s" + number;
        this.names = world.someNames(lot.oneIn(2) ? 1 : 4);
    }

    @Override
    public String toString() {
        return "session " + id;
    }

    @Override
    public void act() {
        Session open = session;
        if (retired) {
            return;
        }
        if (open != null && world.sessions().find(id).filter(s -> s == open).isEmpty()) {
            expired();
            return;
        }
        SimulationLimits.Ask ask = world.limits().toFollow(SubscribeOptions.of(names));
        try {
            if (open == null) {
                open();
            } else if (lot.oneIn(25)) {
                world.note(this, "closes its session", 0, 0);
                closed = true;
                open.close();
            } else if (lot.oneIn(4)) {
                open.touch();
                alive();
            } else if (poll == null || lot.oneIn(10)) {
                poll(open);
            } else if (lot.oneIn(12)) {
                poll.breaks();
            }
        } catch (RefusedException e) {
            world.checkRefusal(e, ask);
        }
    }

    private void expired() {
        long away = world.threads().now() - aliveAt;
        if (!closed && ((poll != null && !late) || away < world.sessionTimeout())) {
            throw world.violation("session " + id + " has gone " + away + " ns after it was seen");
        }
        session = null;
        position = null;
    }

    private static boolean isExpired(Subscriber subscriber) {
        return subscriber.ending().filter(CloseReason.EXPIRED::equals).isPresent();
    }

    private static boolean isReplaced(Subscriber subscriber) {
        return subscriber.ending().filter(CloseReason.REPLACED::equals).isPresent();
    }

    private void open() {
        if (polling > 0) {
            return;
        }
        polling++;
        try {
            world.note(this, "opens a session", 0, 0);
            From from = From.last(lot.of(0, 0, 3));
            SimulationReader begin = new SimulationReader(world, names, from, null);
            closed = false;
            session = world.sessions()
                    .open(id, SubscribeOptions.of(names).withFrom(from).withSource("session"));
            begin.attached();
            position = begin.place();
            kept = List.of();
            alive();
            poll = null; // what the last session has open has no say in this one
        } finally {
            polling--;
        }
    }

    private void poll(Session of) {
        polling++;
        int mine = ++begun;
        try {
            SimulationReader reader = new SimulationReader(world, names, From.cursor(Cursor.of(7, 7)), null);
            SimulationWire fresh = new SimulationWire(
                    world,
                    this,
                    new SimulationWire.Manner(
                            true,
                            true,
                            1 + lot.below(6),
                            2,
                            lot.between(0, 200_000_000L),
                            lot.between(1_000_000_000L, 12_000_000_000L),
                            5_000_000_000L),
                    reader);
            world.note(this, "polls", 0, 0);
            Subscriber subscriber =
                    of.poll(SubscribeOptions.of(names).withSource("session").withSession(), fresh::wake);
            certain = polling == 1 && mine == begun;
            position = certain ? position : null;
            reader.comesWith(position); // as it is now: a commit that came in between counts
            reader.attached(subscriber.channels());
            kept = certain ? lives(subscriber.channels()) : List.of();
            if (!isReplaced(subscriber)) { // by one that began within this one, and is the session's poll
                poll = fresh;
                late = isExpired(subscriber);
                if (!late) {
                    alive();
                }
            }
            fresh.start(subscriber);
        } finally {
            polling--;
        }
    }

    private List<SimulationLife> lives(List<Channel> channels) {
        return channels.stream().map(world.messages()::life).toList();
    }

    /** It has been seen, if it was not too late for that. */
    private void alive() {
        if (world.sessions().find(id).filter(s -> s == session).isPresent()) {
            aliveAt = world.threads().now();
        }
    }

    @Override
    public void written(SimulationWire from, Subscriber subscriber) {
        Session of = session;
        if (of == null) {
            return;
        }
        Cursor reached = subscriber.cursor();
        SimulationBookmark mark = from.reader.bookmark(reached.toString(), 0);
        of.commit(subscriber, reached);
        if (poll != from) {
            return; // of an earlier one, which counts no more
        }
        CloseReason ending = subscriber.ending().orElse(CloseReason.DONE);
        if (ending != CloseReason.EXPIRED && ending != CloseReason.REPLACED) { // the other's commit counts then
            alive();
            committed = from;
        }
        if (!certain
                || polling > 1
                || (polling == 1 && subscriber.ending().isPresent() && ending != CloseReason.REPLACED)) {
            position = null; // another poll is half way, and nobody can say whether this came before it or after
        } else if (ending != CloseReason.REPLACED) {
            position = mark;
        }
    }

    @Override
    public void received(SimulationWire from, SimulationWire.Frame frame) {
        // What counts is what was written.
    }

    @Override
    public void completed(SimulationWire wire) {
        Subscriber subscriber = wire.subscriber();
        if (poll == wire && subscriber != null) {
            poll = null;
            if (!isExpired(subscriber)) {
                if (committed != wire
                        && !isReplaced(subscriber)) { // else its time runs from the commit, or from the other's
                    alive();
                }
            } else if (!late && !closed && session != null) {
                throw world.violation("session " + id + " has gone while it polled");
            }
        }
    }

    @Override
    public void retire() {
        retired = true;
    }

    @Override
    public void check() {
        Session of = session;
        if (of == null || world.sessions().find(id).filter(s -> s == of).isEmpty()) {
            return;
        }
        for (SimulationLife life : kept) {
            if (life.channel.isRemoved() && !life.removed) {
                throw world.violation(life + " has gone as idle, and session " + id + " follows it");
            }
        }
    }
}
