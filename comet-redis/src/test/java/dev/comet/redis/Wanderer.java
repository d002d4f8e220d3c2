package dev.comet.redis;

import dev.comet.CloseReason;
import dev.comet.Cursor;
import dev.comet.Event;
import dev.comet.From;
import dev.comet.Gap;
import dev.comet.Message;
import dev.comet.RefusedException;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A client that goes from node to node, with the vector or with the single number, and the oracle's account of what it must be
 * told. What a node has handed over arrives later, or never. <i>Owned by one run.</i>
 */
final class Wanderer {

    /** Where it is in one channel, and by its own account, whatever cursors say. */
    private static final class Place {
        final String channel;
        boolean known;
        int epoch;
        long next;

        /** What comes after the last message that it was handed; 0 with none. A number says no more: neither where it began, nor
         * what gaps it was told. */
        long floor;

        /** It must be told of a reset or a gap before anything else. */
        boolean owed;

        Place(String channel) {
            this.channel = channel;
        }

        void pin(Spot spot) {
            if (!known || epoch != spot.epoch) {
                floor = 0;
            }
            known = true;
            owed = false;
            epoch = spot.epoch;
            next = spot.next;
        }

        /** A number may put it there: it is given nothing twice, and nothing is passed over. */
        boolean mayGoOnAt(long there) {
            return floor == 0 || (floor <= there && there <= next);
        }

        @Override
        public String toString() {
            return channel + (known ? " " + epoch + "." + next : " anywhere") + (owed ? " to be told" : "");
        }
    }

    /** What a cursor says of one channel. */
    private record Spot(int epoch, long next) {}

    /** What is on its way to it. */
    private record Frame(Event event, String cursor, long id) {}

    private final Cluster world;
    private final String name;
    private final boolean byNumber;
    private final boolean isMember;
    private final boolean followsMembers;
    private final boolean hasty;
    private final List<Place> places = new ArrayList<>();
    private final Map<String, Boolean> members = new HashMap<>();
    private final Queue<Frame> wire = new ArrayDeque<>();

    private Cluster.@Nullable Site at;
    private @Nullable Subscriber subscriber;
    private boolean coming;
    private boolean reading;
    private From first;
    private String cursor = "";
    private long id;

    Wanderer(Cluster world, int number, List<String> channels) {
        this.world = world;
        this.name = "w" + number;
        this.byNumber = world.lot.oneIn(2);
        this.isMember = world.lot.oneIn(2);
        this.followsMembers = world.lot.oneIn(3);
        this.hasty = world.lot.oneIn(3);
        this.first = world.lot.of(List.of(From.latest(), From.oldest(), From.last(2)));
        List<String> left = new ArrayList<>(channels);
        for (int n = 1 + world.lot.below(channels.size()); n > 0; n--) {
            places.add(new Place(left.remove(world.lot.below(left.size()))));
        }
    }

    boolean isMemberOf(String channel) {
        return isMember && subscriber != null && places.stream().anyMatch(p -> p.channel.equals(channel));
    }

    String name() {
        return name;
    }

    // ---- what it does

    void act() {
        Cluster.Site site = at;
        if (site != null && site.isDead()) {
            lose();
        } else if (subscriber == null) {
            if (!coming && world.mayWait()) {
                come();
            }
        } else if (!world.isSettling() && world.lot.oneIn(hasty ? 4 : 25)) {
            if (world.lot.oneIn(2)) {
                leave();
            } else {
                crash();
            }
        } else {
            receiveSome();
        }
    }

    private void come() {
        Cluster.Site site = world.lot.of(world.sites());
        if (site.isGone()) {
            return;
        }
        From from = from();
        SubscribeOptions options = SubscribeOptions.of(
                        places.stream().map(p -> p.channel).toList())
                .withFrom(from)
                .withMembers(followsMembers);
        if (isMember) {
            options = options.withMember(name);
        }
        coming = true;
        Subscriber[] come = new Subscriber[1];
        try {
            come[0] = site.hub().attach(options, () -> {
                world.at(world.lot.between(0, hasty ? 200_000 : 20_000_000), () -> {
                    if (come[0] != null && come[0] == subscriber) {
                        read();
                    }
                });
            });
        } catch (RefusedException e) {
            world.checkRefusal(e);
            return;
        } catch (Cluster.Died e) {
            return;
        } finally {
            coming = false;
        }
        at = site;
        subscriber = come[0];
        members.clear();
        world.visits++;
        String there = come[0].cursor().toString();
        world.note(name, "comes to", site.number, from, there, come[0].idCursor());
        Map<String, Spot> spots = spots(there);
        for (Place p : places) {
            Spot spot = spot(spots, p);
            p.owed = spot.epoch == 0;
            if (p.owed) {
                continue;
            }
            boolean right = !p.known
                    || (spot.epoch == p.epoch && spot.next == p.next)
                    || (byNumber
                            && isAfter(p, spot)
                            && (spot.epoch == p.epoch ? p.mayGoOnAt(spot.next) : mayPass(p, spot)));
            if (!right) {
                throw wrong(p, "is placed at " + spot);
            }
            p.pin(spot);
        }
        checkNumber(come[0].idCursor());
        read();
    }

    private From from() {
        if (cursor.isEmpty() || (byNumber && id == 0)) { // who has seen nothing by number begins anew
            places.forEach(p -> p.known = false);
            return byNumber && id == 0 && !cursor.isEmpty() ? From.oldest() : first;
        }
        return byNumber ? From.afterId(id) : From.cursor(Cursor.parse(cursor), From.oldest());
    }

    /**
     * A number does not say whose it is: a life that has ended in order takes with it what nobody has come for; and a node that does not
     * know yet that Redis was replaced goes on in the life before. And who has seen all of a life has missed nothing.
     */
    private boolean mayPass(Place p, Spot spot) {
        return world.book.hasEndedInOrder(p.channel, p.epoch)
                || p.next == world.book.life(p.channel, p.epoch).next()
                || world.mayReset(p.channel, spot.epoch);
    }

    private boolean isAfter(Place p, Spot spot) {
        Book.Kept last = world.book.message(p.channel, spot.epoch, spot.next - 1);
        Book.Kept next = world.book.message(p.channel, spot.epoch, spot.next);
        return (last == null || last.id() <= id) && (next == null || next.id() > id);
    }

    private void leave() {
        Subscriber s = subscriber;
        if (s != null && !reading) {
            receiveAll();
            cursor = s.cursor().toString();
            id = s.idCursor();
            world.note(name, "leaves", cursor, id);
            checkCursor(cursor);
            checkNumber(id);
            depart(s, CloseReason.DONE);
        }
    }

    /** Goes for good; false while it is still coming. */
    boolean retires() {
        leave();
        return !coming;
    }

    /** What is on its way is lost, and the node takes its time to notice. */
    private void crash() {
        Subscriber s = subscriber;
        if (s != null && !reading) {
            world.note(name, "is lost", cursor, id);
            wire.clear();
            subscriber = null;
            at = null;
            world.at(world.lot.between(0, 1_000_000_000L), () -> s.close(CloseReason.DISCONNECTED));
        }
    }

    /** Its node is dead. */
    private void lose() {
        world.note(name, "loses its node", cursor, id);
        wire.clear();
        subscriber = null;
        at = null;
    }

    private void depart(Subscriber s, CloseReason reason) {
        subscriber = null;
        at = null;
        s.close(reason);
    }

    private void read() {
        Subscriber s = subscriber;
        Cluster.Site site = at;
        if (s == null || site == null || site.isDead() || reading) {
            return;
        }
        reading = true;
        int[] room = {world.lot.of(1, 3, 100)};
        Subscriber.Read how = s.read(event -> {
            wire.add(new Frame(event, s.cursor().toString(), s.idCursor()));
            return --room[0] > 0;
        });
        reading = false;
        if (how == Subscriber.Read.CLOSED) {
            receiveAll();
            cursor = s.cursor().toString();
            id = s.idCursor();
            world.note(name, "is closed", s.ending(), cursor, id);
            checkCursor(cursor);
            checkNumber(id);
            depart(s, s.ending().orElse(CloseReason.CLOSED));
        } else {
            if (how == Subscriber.Read.MORE) {
                world.at(world.lot.between(0, 2_000_000), this::read);
            }
            if (hasty) {
                receiveAll();
            }
            if (wire.isEmpty()) { // a heartbeat says where it is
                cursor = s.cursor().toString();
                id = s.idCursor();
                checkCursor(cursor);
                checkNumber(id);
            }
        }
    }

    // ---- what it is told

    private void receiveSome() {
        for (int n = world.lot.below(5); n > 0 && !wire.isEmpty(); n--) {
            receive(wire.remove());
        }
    }

    private void receiveAll() {
        while (!wire.isEmpty()) {
            receive(wire.remove());
        }
    }

    private void receive(Frame frame) {
        world.note(name, "is told", frame.event, frame.cursor, frame.id);
        cursor = frame.cursor;
        id = frame.id;
        Map<String, Spot> spots = spots(cursor);
        if (frame.event instanceof Gap gap) {
            accept(gap, spots);
        } else if (frame.event instanceof Message m) {
            accept(m);
        }
        checkCursor(cursor);
        checkNumber(id);
    }

    private void accept(Message m) {
        switch (m.kind()) {
            case JOIN, LEAVE -> {
                members.put(m.channel() + "/" + m.payload(), m.kind() == Message.Kind.JOIN);
                return;
            }
            default -> world.delivered++;
        }
        Place p = place(m.channel());
        if (!p.known || p.owed || m.epoch() != p.epoch || m.seq() != p.next) {
            throw wrong(p, "is handed " + m.epoch() + "." + m.seq());
        }
        Book.Kept kept = world.book.message(m.channel(), m.epoch(), m.seq());
        if (kept == null || kept.id() != m.id() || kept.token() != Book.token(m.payload())) {
            throw wrong(p, "is handed " + m + ", where there is " + kept);
        }
        p.next++;
        p.floor = p.next;
    }

    private void accept(Gap gap, Map<String, Spot> spots) {
        if (gap.reason() == Gap.Reason.PRESENCE) {
            members.keySet().removeIf(key -> key.startsWith(gap.channel() + "/"));
            return;
        }
        Place p = place(gap.channel());
        Spot spot = spot(spots, p);
        if (spot.epoch == 0 || spot.next != gap.to() + 1) {
            throw wrong(p, "is told " + gap + " at " + spot);
        }
        if (gap.reason() == Gap.Reason.RESET) {
            world.resets++;
            if (p.known && !world.mayReset(p.channel, p.epoch)) {
                throw wrong(p, "is told " + gap + ", and its life goes on");
            }
        } else {
            world.gaps++;
            boolean right = gap.from() > 0
                    ? p.known
                            && !p.owed
                            && gap.from() == p.next
                            && gap.to() >= gap.from()
                            && spot.epoch == p.epoch
                            && world.isGone(p.channel, p.epoch, gap.to())
                    : byNumber
                            && (!p.known
                                    || p.floor == 0
                                    || (spot.epoch == p.epoch
                                            ? gap.to() + 1 >= p.floor && world.isGone(p.channel, p.epoch, gap.to())
                                            : world.mayReset(p.channel, p.epoch)));
            if (!right) {
                throw wrong(p, "is told " + gap);
            }
        }
        p.pin(spot);
    }

    private Place place(String channel) {
        return places.stream()
                .filter(p -> p.channel.equals(channel))
                .findFirst()
                .orElseThrow(() -> world.violation(name + " does not follow " + channel));
    }

    private Cluster.Violation wrong(Place p, String what) {
        return world.violation(name + (byNumber ? " by number " : " by vector ") + what + "; it is at " + p
                + ", Redis at " + world.now(p.channel));
    }

    // ---- cursors

    private void checkCursor(String text) {
        Map<String, Spot> spots = spots(text);
        for (Place p : places) {
            Spot spot = spot(spots, p);
            if (spot.epoch == 0) {
                p.owed = true;
            } else if (p.known && !p.owed && (spot.epoch != p.epoch || spot.next != p.next)) {
                throw wrong(p, "has a cursor that says " + spot);
            }
        }
    }

    /** Everything that it was not handed has a greater one. */
    private void checkNumber(long number) {
        for (Place p : places) {
            Book.Kept unseen = p.known && !p.owed ? world.book.message(p.channel, p.epoch, p.next) : null;
            if (unseen != null && unseen.id() <= number) {
                throw wrong(p, "has the number " + number + ", which passes over " + unseen);
            }
        }
    }

    private Spot spot(Map<String, Spot> spots, Place p) {
        Spot spot = spots.get(places.size() == 1 ? "" : p.channel);
        if (spot == null) {
            throw wrong(p, "has a cursor that says nothing");
        }
        return spot;
    }

    /** As docs/native.md has it; by channel, or of the only one by nothing. */
    private Map<String, Spot> spots(String text) {
        if (text.indexOf('.') > 0) {
            int dot = text.indexOf('.');
            return Map.of(
                    "",
                    new Spot(
                            Integer.parseUnsignedInt(text.substring(0, dot), 16),
                            Long.parseLong(text.substring(dot + 1))));
        }
        Map<String, Spot> spots = new HashMap<>();
        ByteBuffer in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        in.get();
        while (in.hasRemaining()) {
            int hash = in.getInt();
            int epoch = in.getInt();
            long seq = 0;
            int shift = 0;
            byte b;
            do {
                b = in.get();
                seq |= (b & 0x7FL) << shift;
                shift += 7;
            } while (b < 0);
            Spot spot = new Spot(epoch, seq);
            places.stream().filter(p -> hash(p.channel) == hash).forEach(p -> spots.put(p.channel, spot));
        }
        return spots;
    }

    private static int hash(String channel) {
        int h = 0x811c9dc5;
        for (byte b : Wire.bytes(channel)) {
            h = (h ^ (b & 0xff)) * 0x01000193;
        }
        return h;
    }

    // ---- at rest

    void checkUpToDate() {
        if (subscriber == null) {
            throw world.violation(name + " has come nowhere");
        }
        receiveAll();
        for (Place p : places) {
            ModelRedis.Stored there = world.now(p.channel);
            if (!p.known || p.owed || there == null || there.epoch != p.epoch || there.seq + 1 != p.next) {
                throw wrong(p, "waits");
            }
        }
    }

    /** What it was told of members is so. */
    void checkMembers(String channel, Set<String> there) {
        members.forEach((key, is) -> {
            String member = key.substring(key.indexOf('/') + 1);
            if (key.startsWith(channel + "/") && is != there.contains(member)) {
                throw world.violation(
                        name + " believes that " + key + (is ? " is there" : " has gone") + ", and there are " + there);
            }
        });
    }
}
