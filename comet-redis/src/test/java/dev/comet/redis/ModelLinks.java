package dev.comet.redis;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A node's links to a {@link ModelRedis}, over a network that delays, is cut and falls silent; in order in each direction, as TCP.
 * And the node's thread, which may be slow. <i>Owned by one run.</i>
 */
final class ModelLinks implements Links {
    private final Cluster world;
    private final long timeout;
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private long busyUntil;
    private boolean closed;
    private boolean dead;
    private boolean attempted;
    private Link.@Nullable Events events;
    private @Nullable Line line;

    /** How long it takes from here to there, at most; drawn anew now and then. */
    private long slowness;

    /** There is no way to Redis until then. */
    private long partedUntil;

    /** How often a link was lost, or may have been. */
    int losses;

    ModelLinks(Cluster world, Duration timeout) {
        this.world = world;
        this.timeout = timeout.toNanos();
        this.slowness = world.lot.of(50_000, 1_000_000, 20_000_000);
    }

    private Link.Events events() {
        Link.Events to = events;
        if (to == null) {
            throw new IllegalStateException("not started");
        }
        return to;
    }

    // ---- what the node asks for

    @Override
    public void start(Link.Events to, Duration atMost) {
        events = to;
        dial();
        world.await(() -> attempted || dead, atMost.toNanos());
    }

    @Override
    public void dial() {
        long now = world.now();
        if (closed || dead) {
            return;
        }
        boolean way = partedUntil <= now && world.isReachable();
        world.at(
                way || world.lot.oneIn(2) ? delay() : timeout,
                () -> execute(() -> {
                    attempted |= !way;
                    if (closed || dead) {
                        return;
                    }
                    if (way && world.isReachable()) {
                        Line begun = new Line(world.redis());
                        line = begun;
                        world.at(3 * delay(), () -> execute(begun::begin));
                    } else {
                        events().unreachable("refused");
                    }
                }));
    }

    @Override
    public void execute(Runnable task) {
        if (dead) {
            return;
        }
        if (closed) {
            task.run();
            return;
        }
        tasks.add(task);
        busyUntil = Math.max(busyUntil, world.now() + world.lot.between(0, 30_000));
        world.at(busyUntil - world.now(), this::turn);
    }

    private void turn() {
        Runnable task = tasks.poll();
        if (task != null && !dead) {
            world.onThread(task);
        }
    }

    @Override
    public void schedule(Runnable task, Duration delay) {
        world.at(delay.toNanos() + world.lot.between(0, 1_000_000), () -> {
            if (!closed) {
                execute(task);
            }
        });
    }

    @Override
    public long random() {
        return world.lot.next();
    }

    @Override
    public int database() {
        return 0;
    }

    @Override
    public void close() {
        Line last = line;
        if (last != null) {
            last.close();
        }
        world.at(
                world.lot.between(0, 5_000_000),
                () -> { // shut down behind it, as Lettuce is
                    while (!tasks.isEmpty()) {
                        turn();
                    }
                    closed = true;
                });
    }

    // ---- what the world does to it

    /** The node dies in this moment; Redis finds out when it does. */
    void die() {
        dead = true;
        Line last = line;
        if (last != null) {
            last.partFromRedis();
        }
    }

    boolean isDead() {
        return dead;
    }

    boolean isUp() {
        Line last = line;
        return last != null && last.up && !last.down;
    }

    /** What is sent is lost, in one direction from here on and in the other from there; the node learns of it at once, or by itself. */
    void cut(boolean silently) {
        Line last = line;
        if (last != null) {
            losses++;
            last.partFromRedis();
            if (!silently) {
                world.at(delay(), () -> execute(last::goDown));
            }
        }
    }

    /** Nothing gets through until then, and all of it afterwards. */
    void fallSilent(long nanos) {
        Line last = line;
        if (last != null) {
            last.toRedis = Math.max(last.toRedis, world.now() + nanos);
            last.fromRedis = Math.max(last.fromRedis, world.now() + nanos);
        }
    }

    void part(long nanos) {
        partedUntil = world.now() + nanos;
        cut(world.lot.oneIn(2));
    }

    void slowDown(long nanos) {
        slowness = nanos;
    }

    /** The channels whose announcements Redis has for it. */
    Set<String> subscribed() {
        Line last = line;
        Set<String> channels = new TreeSet<>();
        if (last != null) {
            last.subscribed.forEach(key -> channels.add(key.substring("{comet}0c".length())));
        }
        return channels;
    }

    /** The node's thread does nothing for so long. */
    void halt(long nanos) {
        busyUntil = Math.max(busyUntil, world.now() + nanos);
    }

    void heal() {
        partedUntil = 0;
        slowness = 100_000;
    }

    private long delay() {
        return world.lot.between(1_000, slowness);
    }

    /** A command that was not answered yet. */
    private static final class Pending {
        private final Link.Answer answer;

        Pending(Link.Answer answer) {
            this.answer = answer;
        }
    }

    private final class Line implements Link, ModelRedis.Peer {
        private final ModelRedis redis;
        private final Set<Pending> pending = new LinkedHashSet<>();
        private final Set<String> subscribed = new HashSet<>(); // as Redis has it
        private long toRedis;
        private long fromRedis;
        private boolean parted; // Redis has lost it
        private boolean down;
        private boolean closing;
        private boolean up;

        Line(ModelRedis redis) {
            this.redis = redis;
            redis.peers.add(this);
        }

        void begin() {
            attempted = true;
            if (!down && !closing) {
                up = true;
                events().up(this);
            }
        }

        private void send(Runnable there) {
            toRedis = Math.max(toRedis, world.now() + delay());
            world.at(toRedis - world.now(), () -> {
                if (!parted) {
                    there.run();
                }
            });
        }

        private void answer(Runnable here) {
            fromRedis = Math.max(fromRedis, world.now() + delay());
            world.at(fromRedis - world.now(), () -> {
                if (!parted && !closing) {
                    execute(() -> {
                        if (!closing && !down) {
                            here.run();
                        }
                    });
                }
            });
        }

        /** Whether nothing can be asked any more; then whoever asks is told. */
        private boolean isOver(Answer to) {
            boolean over = down || closing;
            if (over) {
                execute(() -> to.answered(List.of(), new IOException("closed")));
            }
            return over;
        }

        /** A command that is lost with this link, if it is not answered in time. */
        private Pending begin(Answer to) {
            Pending one = new Pending(to);
            pending.add(one);
            world.at(timeout, () -> {
                if (pending.contains(one)) {
                    fail(one, new IOException("timed out"));
                    close();
                }
            });
            return one;
        }

        @Override
        public void run(Script script, List<String> keys, List<byte[]> arguments, Answer to) {
            if (isOver(to)) {
                return;
            }
            Pending one = begin(to);
            send(() -> redis.run(
                    this,
                    world.wall(),
                    script,
                    keys,
                    arguments,
                    values -> answer(() -> {
                        if (pending.remove(one)) {
                            to.answered(values, null);
                        }
                    }),
                    e -> answer(() -> {
                        if (String.valueOf(e.getMessage()).equals("READONLY")) {
                            fail(one, e);
                            close();
                        } else {
                            fail(one, reason(e));
                        }
                    })));
        }

        /** In turn with commands, as Redis has it; how many there are is drawn. */
        @Override
        public void awaitReplicas(int least, Duration atMost, Answer to) {
            if (isOver(to)) {
                return;
            }
            Pending one = begin(to);
            long have = world.lot.below(least + 2);
            long taken = have < least ? atMost.toNanos() : world.lot.between(0, atMost.toNanos() / 10);
            toRedis = Math.max(toRedis, world.now()) + taken;
            send(() -> answer(() -> {
                if (pending.remove(one)) {
                    to.answered(List.of(have), null);
                }
            }));
        }

        private static Throwable reason(ModelRedis.Refused e) {
            return switch (String.valueOf(e.getMessage())) {
                case "OOM" -> new RefusedException(Refusal.HISTORY_FULL, "no memory");
                case "TOOMANY" -> new RefusedException(Refusal.TOO_MANY_CHANNELS, "too many");
                default -> e;
            };
        }

        private void fail(Pending one, Throwable why) {
            if (pending.remove(one)) {
                execute(() -> one.answer.answered(List.of(), why));
            }
        }

        @Override
        public void ping() {
            Pending pong = new Pending((values, e) -> {});
            if (down || closing) {
                return;
            }
            pending.add(pong);
            world.at(timeout, () -> {
                if (pending.remove(pong)) {
                    close();
                }
            });
            send(() -> answer(() -> pending.remove(pong)));
        }

        @Override
        public void subscribe(String key) {
            send(() -> subscribed.add(key));
        }

        @Override
        public void unsubscribe(String key) {
            send(() -> subscribed.remove(key));
        }

        @Override
        public boolean isSubscribed(String key) {
            return subscribed.contains(key) && !parted;
        }

        @Override
        public void announce(String key, byte[] text) {
            answer(() -> events().announced(this, key, text));
        }

        /** What is on its way there may still get there, for a while. */
        @Override
        public void close() {
            if (closing) {
                return;
            }
            closing = true;
            losses++;
            world.at(world.lot.between(0, 500_000_000), this::partFromRedis);
            boolean downFirst = world.lot.oneIn(2);
            if (downFirst) {
                execute(this::goDown);
            }
            failAll();
            if (!downFirst) {
                execute(this::goDown);
            }
        }

        private void failAll() {
            for (Pending one : List.copyOf(pending)) {
                fail(one, new IOException("closed"));
            }
        }

        void partFromRedis() {
            parted = true;
            redis.peers.remove(this);
        }

        void goDown() {
            if (!down) {
                down = true;
                closing = true;
                failAll();
                events().down(this);
            }
        }

        @Override
        public String toString() {
            return "the link";
        }
    }

    /** All lines to this Redis break. */
    void lose(ModelRedis redis) {
        Line last = line;
        if (last != null && last.redis == redis) {
            cut(world.lot.oneIn(4));
        }
    }
}
