package dev.comet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client over HTTP: it polls or streams, quickly or slowly, crashes, vanishes, and comes back with the cursor of the last frame
 * that it got, an older one, none, or one that it made up. <i>Owned by one run.</i>
 */
final class SimulationClient implements SimulationActor, SimulationWire.End {
    private static final int KEPT = 4;

    /** What it comes back with. */
    private enum By {
        VECTOR,
        ID,
        /** Of one channel, on a wire that carries no epoch. */
        SEQ
    }

    private final Simulation world;
    private final SimulationLot lot;
    private final int number;
    private final By by;
    private final String address;
    private final @Nullable String member;
    private final boolean members;
    private final boolean news;
    private final boolean slow;
    private List<String> names;

    private final Deque<SimulationBookmark> received = new ArrayDeque<>();
    private @Nullable SimulationWire wire;
    private boolean busy;
    private boolean retired;

    SimulationClient(Simulation world, int number) {
        this.world = world;
        this.number = number;
        this.lot = world.lot();
        this.news = lot.oneIn(12);
        this.by = lot.oneIn(6) ? By.SEQ : lot.oneIn(3) ? By.ID : By.VECTOR;
        this.names = news ? List.of() : world.someNames(by == By.SEQ || lot.oneIn(2) ? 1 : 5);
        this.address = "10.0.0." + number / 3;
        this.member = !news && lot.oneIn(3) ? "m" + lot.below(4) : null;
        this.members = !news && lot.oneIn(3);
        this.slow = lot.oneIn(4);
    }

    @Override
    public String toString() {
        return "client " + number;
    }

    @Override
    public void act() {
        SimulationWire open = wire;
        if (busy || retired) {
            return;
        }
        if (open == null) {
            connect();
        } else if (lot.oneIn(8)) {
            leave(open);
        }
    }

    private void leave(SimulationWire open) {
        wire = null;
        int how = lot.below(3);
        world.note(this, "leaves", how, 0);
        if (how == 0) {
            open.breaks();
        } else {
            open.vanishes(how == 1 ? lot.below(3) : Integer.MAX_VALUE - 1);
        }
    }

    // ---- coming, and coming back

    private void connect() {
        busy = true;
        try {
            if (!news && by != By.SEQ && lot.oneIn(20)) {
                names = world.someNames(5);
                received.removeIf(b -> !b.namesChannels() && names.size() > 1 && lot.oneIn(2));
            }
            begin();
        } finally {
            busy = false;
        }
    }

    private void begin() {
        SimulationBookmark mark = received.peekLast();
        int how = lot.below(20);
        From otherwise = From.last(lot.of(0, 0, 1, 3, Integer.MAX_VALUE));
        if (news) {
            open(From.latest(), null);
        } else if (mark == null || how == 0) {
            open(otherwise, null);
        } else if (how == 1) {
            garbage(mark);
        } else if (how == 2) {
            mark = new SimulationBookmark(forged(), lot.next() >>> 11);
            open(From.cursor(Cursor.parse(mark.text), otherwise), mark);
        } else if (how == 3 && by == By.ID) {
            open(From.afterId(Math.max(0, mark.id + lot.between(-30, 30))), null);
        } else {
            comeBack(how == 4 ? received.getFirst() : mark, otherwise);
        }
    }

    private void comeBack(SimulationBookmark mark, From otherwise) {
        switch (by) {
            case VECTOR -> open(From.cursor(Cursor.parse(mark.text), otherwise), mark);
            case ID -> open(From.afterId(mark.id), null);
            case SEQ -> open(From.seq(mark.seq(0)), null);
        }
    }

    /** A text that may be anything: refused, or taken for what it happens to say. */
    private void garbage(SimulationBookmark mark) {
        StringBuilder text = new StringBuilder(mark.text);
        int changes = 1 + lot.below(3);
        for (int i = 0; i < changes && !text.isEmpty(); i++) {
            int at = lot.below(text.length());
            switch (lot.below(3)) {
                case 0 -> text.setCharAt(at, (char) ('!' + lot.below(94)));
                case 1 -> text.setLength(at);
                default -> text.insert(at, "0A_.-".charAt(lot.below(5)));
            }
        }
        Cursor cursor;
        try {
            cursor = Cursor.parse(text.toString());
        } catch (RefusedException e) {
            if (e.refusal() != Refusal.BAD_CURSOR) {
                throw world.violation(text + ": refused as " + e.refusal());
            }
            return;
        }
        open(From.cursor(cursor), null);
    }

    /** The cursor that somebody would make who knows how: of lives that are or were, with numbers that may never have been. */
    private String forged() {
        List<SimulationLife> lives = new ArrayList<>();
        for (String name : world.someNames(5)) {
            List<SimulationLife> all = world.messages().livesOf(name);
            if (!all.isEmpty()) {
                lives.add(lot.of(all));
            }
        }
        int n = lives.size();
        int[] hashes = new int[n];
        int[] epochs = new int[n];
        long[] seqs = new long[n];
        for (int i = 0; i < n; i++) {
            SimulationLife life = lives.get(i);
            hashes[i] = Cursor.hash(life.name);
            epochs[i] = lot.oneIn(6) ? (int) lot.next() : life.epoch;
            long seq = lot.oneIn(4) ? lot.next() >>> (11 + lot.below(53)) : life.next() + lot.between(-5, 2);
            seqs[i] = Math.max(1, Math.min(seq, Cursor.MAX_SEQ));
        }
        boolean single = n == 0 || (n == 1 && lot.oneIn(2));
        return (single ? Cursor.of(n == 0 ? 7 : epochs[0], n == 0 ? 7 : seqs[0]) : Cursor.of(hashes, epochs, seqs))
                .toString();
    }

    private void open(From from, @Nullable SimulationBookmark mark) {
        SimulationReader reader = new SimulationReader(world, names, from, mark);
        boolean poll = by == By.SEQ || lot.oneIn(2);
        SimulationWire fresh = new SimulationWire(
                world,
                this,
                new SimulationWire.Manner(
                        poll,
                        !poll || lot.oneIn(2),
                        1 + lot.below(lot.oneIn(3) ? 40 : 5),
                        slow ? 1 : 4,
                        slow ? lot.between(1_000_000, 4_000_000_000L) : lot.between(0, 50_000_000),
                        lot.between(2_000_000_000L, 20_000_000_000L),
                        lot.between(500_000_000L, 5_000_000_000L)),
                reader);
        SubscribeOptions options = (news ? SubscribeOptions.ofChannelEvents() : SubscribeOptions.of(names))
                .withFrom(from)
                .withSource("http")
                .withAddress(address)
                .withMembers(members);
        if (member != null) {
            options = options.withMember(member);
        }
        if (!news && lot.oneIn(10)) {
            options = options.withExistingOnly();
        }
        world.note(this, "connects", names.size(), mark == null ? 0 : mark.id);
        world.note(reader, "is its reader", 0, 0);
        SimulationLimits.Ask ask = world.limits().toFollow(options);
        Subscriber subscriber;
        try {
            subscriber = world.hub().attach(options, fresh::wake);
        } catch (RefusedException e) {
            if (member != null) {
                world.presence().tried(names, member);
            }
            world.checkRefusal(e, ask);
            return;
        }
        world.limits().granted(ask);
        reader.attached(subscriber.channels());
        if (member != null) {
            world.presence().joined(subscriber.channels(), member);
        }
        wire = fresh;
        fresh.start(subscriber);
    }

    // ---- what it gets

    @Override
    public void received(SimulationWire from, SimulationWire.Frame frame) {
        if (wire != from) {
            return;
        }
        received.add(frame.bookmark());
        if (received.size() > KEPT) {
            received.removeFirst();
        }
        if (frame.last()) {
            hasEnded();
        }
    }

    private void hasEnded() {
        wire = null;
        world.threads().later(lot.between(0, lot.oneIn(5) ? 20_000_000_000L : 300_000_000L), () -> {
            if (wire == null) {
                act();
            }
        });
    }

    @Override
    public void written(SimulationWire from, Subscriber subscriber) {
        // The place that counts is the one that the client comes back with.
    }

    @Override
    public void completed(SimulationWire from) {
        Subscriber subscriber = from.subscriber();
        if (member != null && subscriber != null) {
            world.presence().left(subscriber.channels(), member);
        }
        world.threads().later(5_000_000_000L, () -> {
            if (wire == from) { // nothing came of what was still under way
                hasEnded();
            }
        });
    }

    @Override
    public void retire() {
        retired = true;
        SimulationWire open = wire;
        wire = null;
        if (open != null) {
            open.vanishes(2);
        }
    }

    @Override
    public void check() {
        // Its wire is checked with all others: those too that it has left.
    }
}
