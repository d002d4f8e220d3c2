package dev.comet.redis;

import dev.comet.ChannelOptions;
import dev.comet.spi.Entry;
import dev.comet.spi.Follower;
import dev.comet.spi.Following;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One channel that is followed. <i>Owned by the links' thread, but for its methods as a {@link Following}.</i>
 *
 * <p>It is live while each announcement continues what it has. Else it is behind, passes over announcements, and asks Redis for
 * what it lacks as soon as there is a link: the answer has all of that.
 *
 * <table>
 * <caption>What becomes of it</caption>
 * <tr><th></th><th>an answer</th><th>a hole, or the link is lost</th><th>no such channel, or refused</th><th>closed</th></tr>
 * <tr><td>UNBORN</td><td>LIVE</td><td>–</td><td>OVER</td><td>OVER</td></tr>
 * <tr><td>LIVE</td><td>LIVE</td><td>BEHIND</td><td>LIVE</td><td>OVER</td></tr>
 * <tr><td>BEHIND</td><td>LIVE</td><td>BEHIND</td><td>BEHIND, asks again later</td><td>OVER</td></tr>
 * <tr><td>OVER</td><td>–</td><td>–</td><td>–</td><td>–</td></tr>
 * </table>
 */
final class Followed implements Following {

    /** What an answer may have, in bytes: much less than Redis lets wait for a connection that is subscribed. */
    static final int PAGE = 256 << 10;

    private enum State {
        /** Nothing was told yet. */
        UNBORN,
        LIVE,
        BEHIND,
        OVER
    }

    private enum Asking {
        NOT,
        /** When it is its turn. */
        BOOKED,
        UNDER_WAY,
        /** It is under way, and somebody wants to know what has come since it was begun. */
        AGAIN
    }

    /** Who waits until a message has been told. */
    private record Told(int epoch, long seq, CompletableFuture<Void> done) {}

    final String channel;

    private final Node node;
    private final ChannelOptions options;
    private final int most;
    private final Follower follower;

    private final List<Told> told = new ArrayList<>(0);
    private State state = State.UNBORN;
    private Asking asking = Asking.NOT;
    private Opening how = Opening.FIND_OR_CREATE;
    private CompletableFuture<Boolean> nextAnswer = new CompletableFuture<>();
    private boolean retries;
    private @Nullable Link subscribed; // there
    private int epoch; // 0: none yet
    private long next = 1;

    Followed(Node node, String channel, ChannelOptions options, int most, Follower follower) {
        this.node = node;
        this.channel = channel;
        this.options = options;
        this.most = most;
        this.follower = follower;
    }

    @Override
    public CompletionStage<Boolean> open(Opening opening) {
        CompletableFuture<Boolean> opened = new CompletableFuture<>();
        node.execute(() -> {
            if (state == State.OVER) {
                opened.complete(false);
                return;
            }
            if (node.link() == null) {
                opened.completeExceptionally(Node.noLink());
                return;
            }
            how = opening;
            node.add(this);
            CompletionStage<Boolean> unused = nextAnswer.whenComplete((is, e) -> {
                if (e == null) {
                    opened.complete(is);
                } else {
                    opened.completeExceptionally(e);
                }
            });
            ask();
        });
        return opened;
    }

    // ---- ask

    /** Asks for what it lacks; one question at a time, for its answer may come in pages. */
    void ask() {
        if (asking == Asking.UNDER_WAY) {
            asking = Asking.AGAIN;
        } else if (asking == Asking.NOT && state != State.OVER) {
            asking = Asking.BOOKED;
            CompletionStage<Boolean> unused = node.opens.take(this::begin);
        }
    }

    private CompletionStage<Boolean> begin() {
        asking = Asking.UNDER_WAY;
        CompletableFuture<Boolean> answer = nextAnswer;
        nextAnswer = new CompletableFuture<>();
        CompletionStage<Boolean> over = answer.whenComplete((is, e) -> over(e != null));
        Link up = node.link();
        if (state == State.OVER) {
            answer.complete(false);
        } else if (up == null) {
            answer.completeExceptionally(Node.noLink());
        } else {
            if (subscribed != up) {
                subscribed = up;
                node.subscribe(up, channel); // before it asks: nothing is lost between
            }
            askFor(up, null, answer);
        }
        return over;
    }

    private void askFor(Link up, @Nullable Snapshot before, CompletableFuture<Boolean> answer) {
        Opening opening = state == State.UNBORN && before == null ? how : Opening.FIND_OR_CREATE;
        int of = before == null ? epoch : before.epoch();
        long from = before == null ? next : before.end();
        node.open(up, channel, options, most, opening, of, from, answer, values -> {
            if (up != node.link()) {
                answer.completeExceptionally(Node.noLink()); // it is asked for anew on the next link
            } else if (state == State.OVER || values.isEmpty()) {
                answer.complete(false);
            } else {
                Snapshot page = Snapshot.of(values);
                Snapshot now = before == null ? page : before.and(page);
                if (now.isComplete()) {
                    answered(now);
                    answer.complete(true);
                } else {
                    askFor(up, now, answer);
                }
            }
        });
    }

    private void answered(Snapshot now) {
        if (now.epoch() == epoch) {
            continued(now);
        } else {
            if (epoch != 0) {
                node.mayHaveLostMembers(); // whoever has ended the life before
            }
            follower.began(now.life());
            epoch = now.epoch();
        }
        next = now.next();
        if (state == State.BEHIND) {
            node.behind--;
            follower.missedMembers();
        }
        state = State.LIVE;
        node.sees(now.id());
        tellAll(); // what they have published came before this answer
    }

    private void continued(Snapshot now) {
        boolean clearedMeanwhile =
                now.cleared() >= next; // where it is next, perhaps it has heard: then nothing is here to forget
        if (now.first() > next || clearedMeanwhile) {
            follower.gone(now.first(), now.goneId());
        }
        for (Entry entry : now.entries()) {
            if (entry.seq() >= next) {
                follower.applied(entry, node.reached());
            }
        }
    }

    private void over(boolean failed) {
        boolean again = asking == Asking.AGAIN;
        asking = Asking.NOT;
        if (state == State.UNBORN) { // there is none, or the hub has no room
            leave();
        } else if (failed && state == State.BEHIND) {
            tellAll();
            retryLater();
        }
        if (again) {
            ask();
        }
    }

    /** Redis takes no writes now, or somebody has written what this version cannot read: it may be better later. */
    private void retryLater() {
        if (!retries && node.link() != null) {
            retries = true;
            node.later(() -> {
                retries = false;
                if (state == State.BEHIND) {
                    ask();
                }
            });
        }
    }

    // ---- what comes from Redis

    void announced(Wire.Announcement a) {
        if (state != State.LIVE) {
            return;
        }
        if (a.isMember()) { // of the name, whatever its life
            a.tell(follower);
        } else if (a.epoch() != epoch) {
            if (a.what() == 'm') { // another life; or the last words of one before, which costs a look
                miss();
            }
        } else if (a.what() == 'r') {
            follower.ended();
        } else if (a.what() == 'c') {
            next = Math.max(next, a.seq());
            follower.gone(next, a.id());
        } else if (a.seq() == next) {
            Entry entry = a.entry(); // first: what cannot be read is not passed over
            next++;
            follower.applied(entry, node.behind == 0 ? a.id() : node.reached());
            tell();
        } else if (a.seq() > next) {
            miss();
        }
    }

    /** Something was missed, and is asked for. */
    void miss() {
        fallBehind();
        ask();
    }

    /** Until what was missed is here, nobody is told of a number beyond it. */
    void fallBehind() {
        if (state == State.LIVE) {
            state = State.BEHIND;
            node.behind++;
        }
    }

    // ---- who waits for a message to be told

    boolean has(int of, long seq) {
        return state == State.OVER || (of == epoch && seq < next);
    }

    CompletableFuture<Void> whenItHas(int of, long seq) {
        Told one = new Told(of, seq, new CompletableFuture<>());
        told.add(one);
        return one.done;
    }

    /** Publishers do not wait for a link: what they have published is stored, and comes here when there is one. */
    void tellAll() {
        List<Told> all = List.copyOf(told);
        told.clear();
        all.forEach(t -> t.done.complete(null));
    }

    private void tell() {
        if (!told.isEmpty()) {
            List<Told> ready = told.stream().filter(t -> has(t.epoch, t.seq)).toList();
            told.removeAll(ready);
            ready.forEach(t -> t.done.complete(null));
        }
    }

    boolean isIdle() {
        return told.isEmpty() && asking == Asking.NOT && !retries;
    }

    @Override
    public void close() {
        node.execute(this::leave);
    }

    private void leave() {
        if (state == State.OVER) {
            return;
        }
        if (state == State.BEHIND) {
            node.behind--;
        }
        state = State.OVER;
        nextAnswer.complete(false); // nobody asks any more
        tellAll();
        node.remove(this);
    }
}
