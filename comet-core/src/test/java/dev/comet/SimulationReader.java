package dev.comet;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The oracle's account of one subscriber: what it must be handed next on each of its channels, from where it asked to begin
 * until it ends. <i>Owned by one run.</i>
 */
final class SimulationReader {

    /** What a subscriber must be told, or handed, first. */
    private enum Owed {
        /** The message at its place. */
        NEXT,
        /** That its past is unknown. */
        RESET,
        /** The first message with a greater id, or that it is gone. */
        AFTER_ID,
        /** The message with a number, or that it is gone. */
        SEQ
    }

    /** A place in one channel. */
    private static final class Place {
        final String name;
        /** Null: where something came in between, the first event says which it is. */
        @Nullable
        SimulationLife life;

        /** The seq that is wanted next; from low to high until that is known. */
        long low;

        long high;
        Owed owed = Owed.NEXT;
        long number;
        boolean touched;

        // Before it was attached.
        int epochBefore;
        long nextBefore;
        long oldestBefore;

        Place(String name) {
            this.name = name;
        }

        void pin(long next) {
            owed = Owed.NEXT;
            low = next;
            high = next;
            touched = true;
        }
    }

    private final Simulation world;
    private final int number;
    private final From from;
    private @Nullable SimulationBookmark bookmark;
    private final Place[] places;
    private final long overtakenBefore;
    private final long lastIdBefore;
    private long lastId;

    /** By channel and member: whether it is there; only what it was told. */
    private final Map<String, Boolean> members = new HashMap<>();

    /** By channel: whether there is one; only what it was told. */
    private final Map<String, Boolean> online = new HashMap<>();

    private boolean inside;
    private boolean over;

    /**
     * Before it is attached.
     *
     * @param bookmark what the cursor says, for one that comes with a cursor that was given out, or forged; null with another,
     *     where it is not known what it says
     */
    SimulationReader(Simulation world, List<String> names, From from, @Nullable SimulationBookmark bookmark) {
        this.world = world;
        this.number = world.nextReader();
        this.from = from;
        this.bookmark = bookmark;
        this.places = new Place[names.size()];
        for (int i = 0; i < places.length; i++) {
            Place p = new Place(names.get(i));
            places[i] = p;
            Channel channel = world.find(p.name);
            if (channel != null) {
                SimulationLife life = world.messages().life(channel).sync();
                p.epochBefore = life.epoch;
                p.nextBefore = life.next();
                p.oldestBefore = life.oldestReplayed();
            }
        }
        this.overtakenBefore = world.threads().overtaken();
        this.lastIdBefore = world.hub().lastId();
    }

    // ---- where it begins

    /** It comes with another cursor than was said: it is known only now. */
    void comesWith(@Nullable SimulationBookmark instead) {
        bookmark = instead;
    }

    /** It has been attached to these lives. */
    void attached(List<Channel> channels) {
        boolean matches = bookmark == null || bookmark.namesChannels() || channels.size() == 1;
        for (Channel channel : channels) {
            matches |= bookmark != null && bookmark.hasEpoch(channel.epoch());
        }
        for (Place p : places) {
            Channel channel = channels.stream()
                    .filter(c -> c.name().equals(p.name))
                    .findFirst()
                    .orElseThrow(() -> world.violation("it does not follow " + p.name));
            begin(p, world.messages().life(channel).sync(), matches);
        }
    }

    /** It has been attached, and nobody says to which lives: to those that there are, if nothing came in between. */
    void attached() {
        if (world.threads().overtaken() != overtakenBefore) {
            return;
        }
        for (Place p : places) {
            Channel channel = world.find(p.name);
            if (channel != null) {
                begin(p, world.messages().life(channel).sync(), true);
            }
        }
    }

    private void begin(Place p, SimulationLife life, boolean matches) {
        if (p.touched) {
            return;
        }
        boolean alone = world.threads().overtaken() == overtakenBefore;
        boolean same = p.epochBefore == life.epoch;
        long next = life.next();
        long oldest = life.oldestReplayed();
        long leastNext = alone ? next : same ? p.nextBefore : 1;
        long leastOldest = alone ? oldest : same ? p.oldestBefore : 1;
        if (alone && oldest < next && life.isTooOld(oldest)) {
            throw world.violation(life + " replays " + oldest + ", which is too old");
        }
        p.life = life;
        if (from instanceof From.Last last) {
            p.low = Math.max(leastOldest, leastNext - last.n());
            p.high = Math.max(oldest, next - last.n());
        } else if (from instanceof From.After after) {
            p.number = after.id();
            if (after.id() > world.hub().lastId()) {
                owe(p, Owed.RESET, leastOldest, oldest);
            } else if (after.id() <= lastIdBefore) {
                owe(p, Owed.AFTER_ID, 1, next);
            } else {
                p.life = null;
            }
        } else if (from instanceof From.Seq wanted) {
            p.number = wanted.seq();
            if (wanted.seq() > next) {
                owe(p, Owed.RESET, leastNext, next);
            } else if (wanted.seq() <= leastNext) {
                owe(p, Owed.SEQ, 1, next);
            } else {
                p.life = null;
            }
        } else if (from instanceof From.At at) {
            beginAt(p, life, at, matches, leastNext, leastOldest);
        }
    }

    private void beginAt(Place p, SimulationLife life, From.At at, boolean matches, long leastNext, long leastOldest) {
        long next = life.next();
        long oldest = life.oldestReplayed();
        if (bookmark == null) {
            p.life = null;
            return;
        }
        int entry = matches ? bookmark.entry(p.name, life.epoch, places.length == 1) : 0;
        if (entry < 0) {
            p.low = Math.max(leastOldest, leastNext - at.otherwise().n());
            p.high = Math.max(oldest, next - at.otherwise().n());
        } else if (!matches || bookmark.epoch(entry) != life.epoch || bookmark.seq(entry) > next) {
            owe(p, Owed.RESET, leastOldest, oldest);
        } else if (bookmark.seq(entry) <= leastNext) {
            p.low = bookmark.seq(entry);
            p.high = p.low;
        } else {
            p.life = null;
        }
    }

    private static void owe(Place p, Owed owed, long low, long high) {
        p.owed = owed;
        p.low = low;
        p.high = high;
    }

    // ---- what it is handed

    /** It begins to read: nobody else does. */
    void enter() {
        if (inside) {
            throw world.violation("two drainers");
        }
        if (over) {
            throw world.violation("it is over, and is read");
        }
        inside = true;
    }

    void leave() {
        inside = false;
    }

    /** It has been told of its end. */
    void end() {
        if (over) {
            throw world.violation("told of its end twice");
        }
        over = true;
    }

    boolean isOver() {
        return over;
    }

    boolean isInside() {
        return inside;
    }

    void accept(Event event) {
        if (event instanceof Message m) {
            world.messages().delivered++;
            world.note(this, "is handed", m.seq(), Simulation.number(m));
            if (m.id() <= lastId) {
                throw world.violation(m + " comes after a message with id " + lastId);
            }
            lastId = m.id();
            switch (m.kind()) {
                case MESSAGE, BROADCAST -> accept(m);
                case JOIN, LEAVE -> acceptMember(m);
                case ONLINE, OFFLINE -> acceptNews(m);
            }
        } else if (event instanceof Gap gap) {
            world.note(this, gap.reason().name(), gap.from(), gap.to());
            accept(gap);
        }
    }

    private void accept(Message m) {
        Place p = place(m.channel());
        SimulationLife life = p.life;
        if (life == null) {
            life = world.messages().lifeOf(m);
            p.life = life;
        } else if (m.epoch() != life.epoch) {
            throw wrong(p, m + " is of another life");
        } else {
            life.sync();
            boolean right =
                    switch (p.owed) {
                        case NEXT -> p.low <= m.seq() && m.seq() <= p.high;
                        case RESET -> false;
                        case AFTER_ID -> life.isFirstAfter(p.number, m.seq());
                        case SEQ -> m.seq() == p.number;
                    };
            if (!right) {
                throw wrong(p, "handed " + m);
            }
        }
        life.check(m);
        p.pin(m.seq() + 1);
    }

    private void accept(Gap gap) {
        switch (gap.reason()) {
            case RESET -> world.messages().resets++;
            case LAPPED, PRESENCE -> {
                world.messages().gaps++;
                world.messages().lost += gap.lost();
            }
        }
        if (gap.reason() == Gap.Reason.PRESENCE) {
            members.keySet().removeIf(key -> key.startsWith(gap.channel() + "/"));
            online.clear();
            return;
        }
        Place p = place(gap.channel());
        SimulationLife life = p.life;
        long on = gap.to() + 1;
        if (life != null) {
            life.sync();
            boolean reset = gap.reason() == Gap.Reason.RESET;
            boolean right = on <= life.next()
                    && switch (p.owed) {
                        case NEXT ->
                            !reset && p.low <= gap.from() && gap.from() <= p.high && isLapped(life, gap.from(), on);
                        case RESET -> reset && gap.from() == 0 && p.low <= on && on <= p.high;
                        case AFTER_ID ->
                            !reset
                                    && (gap.from() == 0
                                            ? life.id(gap.to()) > p.number && on <= life.oldest()
                                            : life.isFirstAfter(p.number, gap.from())
                                                    && isLapped(life, gap.from(), on));
                        case SEQ ->
                            !reset && gap.from() == p.number && gap.to() >= gap.from() && on <= life.oldestReplayed();
                    };
            if (!right) {
                throw wrong(p, "told " + gap + ", the ring holds from " + life.oldest());
            }
        }
        p.pin(on);
    }

    /** What is told as gone is gone, all of it and no more. */
    private static boolean isLapped(SimulationLife life, long from, long on) {
        return from < on && on == life.oldest();
    }

    private void acceptMember(Message m) {
        boolean joins = m.kind() == Message.Kind.JOIN;
        Boolean before = members.put(m.channel() + "/" + m.payload(), joins);
        if (before != null && before == joins && m.attributes().isEmpty()) {
            throw world.violation(m + ": " + m.payload() + (joins ? " joins, and was there" : " leaves, and was gone"));
        }
    }

    private void acceptNews(Message m) {
        boolean begins = m.kind() == Message.Kind.ONLINE;
        Boolean before = online.put(m.payload(), begins);
        if (before != null && before == begins) {
            throw world.violation(m + ": told twice of " + m.payload());
        }
    }

    @Override
    public String toString() {
        return "reader " + number;
    }

    private Place place(String name) {
        for (Place p : places) {
            if (p.name.equals(name)) {
                return p;
            }
        }
        throw world.violation("an event of " + name + ", which it does not follow");
    }

    private Simulation.Violation wrong(Place p, String what) {
        return world.violation(this + ": " + what + "; it wants " + p.owed + " of " + p.life + " " + p.low
                + (p.low == p.high ? "" : " to " + p.high)
                + (p.owed == Owed.AFTER_ID || p.owed == Owed.SEQ ? " (" + p.number + ")" : ""));
    }

    // ---- where it can go on

    /** Checks the cursor that it is given, and the number. */
    SimulationBookmark bookmark(String text, long id) {
        SimulationBookmark b = new SimulationBookmark(text, id);
        if (!Cursor.parse(text).toString().equals(text)) {
            throw world.violation("cursor " + text + " is not itself when it comes back");
        }
        for (Place p : places) {
            SimulationLife life = p.life;
            if (life != null) {
                life.sync();
                check(p, life, b);
                checkNumber(p, life, id);
            }
        }
        return b;
    }

    /** The place that it is to have, made by the oracle alone; null while that is not known. */
    @Nullable
    SimulationBookmark place() {
        int n = places.length;
        int[] hashes = new int[n];
        int[] epochs = new int[n];
        long[] seqs = new long[n];
        for (int i = 0; i < n; i++) {
            Place p = places[i];
            if (p.life == null || p.owed != Owed.NEXT || p.low != p.high) {
                return null;
            }
            hashes[i] = Cursor.hash(p.name);
            epochs[i] = p.life.epoch;
            seqs[i] = p.low;
        }
        Cursor cursor = n == 1 ? Cursor.of(epochs[0], seqs[0]) : Cursor.of(hashes, epochs, seqs);
        return new SimulationBookmark(cursor.toString(), 0);
    }

    private void check(Place p, SimulationLife life, SimulationBookmark b) {
        int entry = b.exactEntry(p.name, life.epoch);
        boolean resets = b.exactEntry(p.name, 0) >= 0; // no life has epoch 0
        long seq = entry < 0 ? 0 : b.seq(entry);
        boolean right =
                switch (p.owed) {
                    case NEXT -> p.low <= seq && seq <= p.high;
                    case RESET -> entry < 0 && resets;
                    case AFTER_ID -> entry < 0 ? resets : life.isFirstAfter(p.number, seq);
                    case SEQ -> entry < 0 ? resets : seq == p.number;
                };
        if (!right) {
            throw wrong(p, "its cursor says " + (entry < 0 ? "nothing" : String.valueOf(seq)));
        }
        if (entry >= 0) {
            boolean touched = p.touched;
            p.pin(seq);
            p.touched = touched;
        }
    }

    /** Everything up to the number has been handed over, or told, or was before its beginning. */
    private void checkNumber(Place p, SimulationLife life, long id) {
        if (p.owed != Owed.NEXT || p.low != p.high) {
            return;
        }
        if (life.id(p.low) <= id) {
            throw wrong(p, "its number " + id + " passes over id " + life.id(p.low));
        }
        boolean later = false;
        for (SimulationLife other : world.messages().livesOf(p.name)) {
            if (later && other.sync().id(1) <= id) {
                throw wrong(p, "its number " + id + " passes over the first of " + other);
            }
            later |= other == life;
        }
    }

    /** Nothing is under way, and it could be written to: then it has everything, and knows of every end. */
    void checkUpToDate() {
        for (Place p : places) {
            SimulationLife life = p.life;
            if (life == null) {
                continue;
            }
            life.sync();
            if (life.channel.isRemoved()) {
                throw wrong(p, "it was not told that the channel is gone");
            }
            boolean all =
                    switch (p.owed) {
                        case NEXT -> p.low <= life.next() && life.next() <= p.high;
                        case RESET -> false;
                        case AFTER_ID -> life.id(life.next() - 1) <= p.number;
                        case SEQ -> p.number == life.next();
                    };
            if (!all) {
                throw wrong(p, "it waits, and next is " + life.next());
            }
        }
        online.forEach((name, there) -> {
            if (there != (world.find(name) != null)) {
                throw world.violation("it believes that " + name + (there ? " is there" : " is gone"));
            }
        });
        members.forEach((key, there) -> {
            int slash = key.indexOf('/');
            Channel channel = world.find(key.substring(0, slash));
            if (channel != null && there != channel.members().contains(key.substring(slash + 1))) {
                throw world.violation("it believes that " + key + (there ? " is a member" : " has left"));
            }
        });
    }

    /**
     * It was told that a channel of it was closed: then it has all of that channel. Of several that are closed, the first one:
     * where it is with the others its cursor says, for which it is told of a reset.
     */
    void checkRead() {
        Place behind = null;
        for (Place p : places) {
            SimulationLife life = p.life;
            if (life == null || (life.sync().channel.isRemoved() && p.owed == Owed.NEXT && life.next() <= p.high)) {
                return;
            }
            if (life.channel.isRemoved()) {
                behind = p;
            }
        }
        if (behind != null) {
            throw wrong(behind, "it is closed, and has not read all");
        }
    }

    /** Nothing that it follows has gone for being idle. */
    void checkKeptAlive() {
        for (Place p : places) {
            SimulationLife life = p.life;
            if (life != null && life.channel.isRemoved() && !life.removed) {
                throw wrong(p, life + " has gone as idle, and had a subscriber");
            }
        }
    }
}
