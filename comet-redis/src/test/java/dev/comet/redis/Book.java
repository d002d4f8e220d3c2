package dev.comet.redis;

import dev.comet.Message;
import dev.comet.spi.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The oracle's account of what was published, and of what Redis made of it. <i>Owned by one run.</i> */
final class Book implements ModelRedis.Witness {

    /** How a publish stands. */
    enum Standing {
        UNDER_WAY,
        /** It was said where it is stored. */
        ACKNOWLEDGED,
        /** It was said that it is not. */
        REFUSED,
        /** It was said that it may be. */
        UNCERTAIN
    }

    /** A message as it was stored. */
    record Kept(long id, long time, int token) {}

    /** A life of a channel, on any Redis. */
    static final class Life {
        final List<Kept> messages = new ArrayList<>();

        /** On some Redis it does not go on. */
        boolean over;

        /** Somebody has removed it, or nobody wanted it. */
        boolean overInOrder;

        long next() {
            return messages.size() + 1L;
        }
    }

    /** One publish. */
    static final class Publication {
        final ModelLinks on;
        final boolean broadcast;
        final Set<String> stored = new HashSet<>();
        Standing standing = Standing.UNDER_WAY;

        Publication(ModelLinks on, boolean broadcast) {
            this.on = on;
            this.broadcast = broadcast;
        }
    }

    private final Cluster world;
    private final Map<String, Map<Integer, Life>> lives = new HashMap<>();
    private final List<Publication> publications = new ArrayList<>();
    private final Set<Long> ids = new HashSet<>();
    int acknowledged;

    Book(Cluster world) {
        this.world = world;
    }

    Life life(String channel, int epoch) {
        return lives.computeIfAbsent(channel, c -> new LinkedHashMap<>()).computeIfAbsent(epoch, e -> new Life());
    }

    /** Whether this life, or one after it, has. */
    boolean hasEndedInOrder(String channel, int epoch) {
        Life from = life(channel, epoch);
        return lives.get(channel).values().stream()
                .dropWhile(life -> life != from)
                .anyMatch(life -> life.overInOrder);
    }

    int publishes(ModelLinks on, boolean broadcast) {
        publications.add(new Publication(on, broadcast));
        return publications.size() - 1;
    }

    boolean isBroadcast(int token) {
        return publications.get(token).broadcast;
    }

    static int token(String payload) {
        return Integer.parseInt(payload.substring(0, payload.indexOf('.')));
    }

    // ---- what Redis does

    @Override
    public void stored(String channel, int epoch, long seq, long id, byte[] entry) {
        Life life = life(channel, epoch);
        Entry e = Wire.entry(entry);
        int token = token(e.draft().payload());
        world.note("redis stores", channel, epoch, seq, id, token);
        Publication p = publications.get(token);
        if (!p.stored.add(channel)) {
            throw world.violation("publish " + token + " is stored twice on " + channel);
        }
        if (p.standing == Standing.REFUSED) {
            throw world.violation("publish " + token + " is stored, and was refused");
        }
        if (!p.broadcast && p.stored.size() > 1) {
            throw world.violation("publish " + token + " is stored on " + p.stored);
        }
        if (!ids.add(id) && !world.isSplit()) {
            throw world.violation("id " + id + " is given twice");
        }
        if (seq != life.next()) {
            throw world.violation(channel + " gives seq " + seq + " after " + (life.next() - 1));
        }
        life.messages.add(new Kept(id, e.timeMillis(), token));
    }

    @Override
    public void over(String channel, int epoch, boolean inOrder) {
        world.note("life is over", channel, epoch, inOrder);
        Life life = life(channel, epoch);
        life.over = true;
        life.overInOrder |= inOrder;
    }

    // ---- what publishers are told

    void acknowledged(int token, Message m) {
        Publication p = publications.get(token);
        answered(token, p, Standing.ACKNOWLEDGED);
        acknowledged++;
        Kept kept = message(m.channel(), m.epoch(), m.seq());
        if (kept == null || kept.token() != token || kept.id() != m.id() || kept.time() != m.timeMillis()) {
            throw world.violation("publish " + token + " is said to be " + m + ", where there is " + kept);
        }
    }

    void answered(int token, Standing how) {
        answered(token, publications.get(token), how);
        if (how == Standing.REFUSED && !publications.get(token).stored.isEmpty()) {
            throw world.violation("publish " + token + " was refused, and is stored");
        }
    }

    private void answered(int token, Publication p, Standing how) {
        world.note("publisher is told", token, how);
        if (p.standing != Standing.UNDER_WAY) {
            throw world.violation("publish " + token + " is answered twice");
        }
        p.standing = how;
    }

    /** Everybody was told, unless he died with his node. */
    void checkAnswered() {
        for (int token = 0; token < publications.size(); token++) {
            Publication p = publications.get(token);
            if (p.standing == Standing.UNDER_WAY && !p.on.isDead()) {
                throw world.violation("publish " + token + " was never answered");
            }
        }
    }

    @Nullable
    Kept message(String channel, int epoch, long seq) {
        List<Kept> all = life(channel, epoch).messages;
        return seq >= 1 && seq <= all.size() ? all.get((int) seq - 1) : null;
    }
}
