package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring: what it keeps, what it forgets, and that it finds what it keeps. */
class RingTest {
    private static final long BYTES = 10;

    @Test
    void empty_holdsNothing_andWaitsForSeq1() {
        Ring ring = new Ring(4, 1000, HistoryBudget.unlimited());
        assertThat(ring.next()).isEqualTo(1);
        assertThat(ring.oldest()).isEqualTo(1);
        assertThat(ring.get(0)).isNull();
        assertThat(ring.get(1)).isNull();
        assertThat(ring.after(0)).isEqualTo(1);
        assertThat(ring.evictedId()).isZero();
    }

    @Test
    void full_theOldestGoes() {
        Ring ring = new Ring(3, Long.MAX_VALUE, HistoryBudget.unlimited());
        fill(ring, 5);
        assertThat(held(ring)).containsExactly(3L, 4L, 5L);
        assertThat(ring.get(2)).isNull();
        assertThat(ring.evictedId()).isEqualTo(idOf(2));
        assertThat(ring.bytes()).isEqualTo(3 * BYTES);
    }

    @Test
    void capacityOfOne_holdsTheNewest() {
        Ring ring = new Ring(1, Long.MAX_VALUE, HistoryBudget.unlimited());
        fill(ring, 20);
        assertThat(held(ring)).containsExactly(20L);
    }

    @Test
    void tooManyBytes_asManyOfTheOldestGoAsMustGo() {
        Ring ring = new Ring(100, 4 * BYTES, HistoryBudget.unlimited());
        fill(ring, 4);
        assertThat(held(ring)).containsExactly(1L, 2L, 3L, 4L);
        ring.append(message(5, 2 * BYTES, 0));
        assertThat(held(ring)).containsExactly(3L, 4L, 5L);
        assertThat(ring.bytes()).isEqualTo(4 * BYTES);
    }

    @Test
    void largerThanTheLimit_staysAlone_untilTheNext() {
        Ring ring = new Ring(100, 3 * BYTES, HistoryBudget.unlimited());
        fill(ring, 3);
        ring.append(message(4, 1000, 0));
        assertThat(held(ring)).containsExactly(4L);
        assertThat(ring.bytes()).isEqualTo(1000);
        ring.append(message(5, BYTES, 0));
        assertThat(held(ring)).containsExactly(5L);
        assertThat(ring.bytes()).isEqualTo(BYTES);
    }

    @Test
    void tooOld_goes_whatIsExactlyAsOldAsTheLimitStays() {
        Ring ring = new Ring(100, Long.MAX_VALUE, HistoryBudget.unlimited());
        for (int seq = 1; seq <= 5; seq++) {
            ring.append(message(seq, BYTES, seq * 100L));
        }
        ring.evictBefore(300);
        assertThat(held(ring)).containsExactly(3L, 4L, 5L);
        ring.evictBefore(10_000);
        assertThat(held(ring)).isEmpty();
        assertThat(ring.next()).isEqualTo(6);
        assertThat(ring.oldest()).isEqualTo(6);
        assertThat(ring.bytes()).isZero();
    }

    /** The array begins with eight slots: at each doubling all that is held must be found again, wherever it begins. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 7, 8, 9})
    void grows_withoutLosingAnything(int evictedBefore) {
        Ring ring = new Ring(1000, Long.MAX_VALUE, HistoryBudget.unlimited());
        fill(ring, evictedBefore);
        ring.clear();
        for (int n = 1; n <= 100; n++) {
            ring.append(message(ring.next(), BYTES, 0));
            assertThat(held(ring)).hasSize(n).first().isEqualTo(evictedBefore + 1L);
        }
    }

    @Test
    void cleared_theSeqGoesOn() {
        Ring ring = new Ring(10, Long.MAX_VALUE, HistoryBudget.unlimited());
        fill(ring, 4);
        ring.clear();
        assertThat(held(ring)).isEmpty();
        assertThat(ring.oldest()).isEqualTo(5);
        assertThat(ring.evictedId()).isEqualTo(idOf(4));
        ring.append(message(5, BYTES, 0));
        assertThat(held(ring)).containsExactly(5L);
    }

    @Test
    void after_findsTheFirstGreaterId_alsoBetweenTwo() {
        Ring ring = new Ring(10, Long.MAX_VALUE, HistoryBudget.unlimited());
        fill(ring, 15); // holds 6 to 15
        assertThat(ring.after(0)).isEqualTo(6);
        assertThat(ring.after(idOf(5))).isEqualTo(6);
        for (int seq = 6; seq <= 15; seq++) {
            assertThat(ring.after(idOf(seq) - 1)).isEqualTo(seq);
            assertThat(ring.after(idOf(seq))).isEqualTo(seq + 1L);
            assertThat(ring.after(idOf(seq) + 1)).isEqualTo(seq + 1L);
        }
        assertThat(ring.after(Long.MAX_VALUE)).isEqualTo(16);
    }

    /** Random appends of random sizes, ages and clears, against a list that is obviously right. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void likeAList_whateverHappens(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            int capacity = 1 + random.nextInt(40);
            long maxBytes = 1L + random.nextInt(400);
            Ring ring = new Ring(capacity, maxBytes, HistoryBudget.unlimited());
            Deque<Message> model = new ArrayDeque<>();
            long time = 0;
            long evictedId = 0;
            for (int step = 0; step < 300; step++) {
                int dice = random.nextInt(100);
                if (dice < 90) {
                    time += random.nextInt(3);
                    Message m = message(ring.next(), random.nextInt(40), time);
                    ring.append(m);
                    while (model.size() >= capacity || (!model.isEmpty() && bytes(model) + m.bytes() > maxBytes)) {
                        evictedId = model.removeFirst().id();
                    }
                    model.addLast(m);
                } else if (dice < 98) {
                    long before = time - random.nextInt(40);
                    ring.evictBefore(before);
                    while (!model.isEmpty() && model.getFirst().timeMillis() < before) {
                        evictedId = model.removeFirst().id();
                    }
                } else {
                    ring.clear();
                    evictedId = model.isEmpty() ? evictedId : model.getLast().id();
                    model.clear();
                }
                assertSame(ring, model, evictedId);
                assertAfter(ring, model, random.nextInt((int) idOf(ring.next()) + 5));
            }
        }
    }

    private static void assertSame(Ring ring, Deque<Message> model, long evictedId) {
        assertThat(ring.next() - ring.oldest()).isEqualTo(model.size());
        assertThat(ring.bytes()).isEqualTo(bytes(model));
        assertThat(ring.evictedId()).isEqualTo(evictedId);
        for (Message m : model) {
            if (ring.get(m.seq()) != m) {
                throw new AssertionError("seq " + m.seq() + " is " + ring.get(m.seq()));
            }
        }
        assertThat(ring.get(ring.oldest() - 1)).isNull();
        assertThat(ring.get(ring.next())).isNull();
    }

    private static void assertAfter(Ring ring, Deque<Message> model, long id) {
        long expected = model.stream()
                .filter(m -> m.id() > id)
                .mapToLong(Message::seq)
                .findFirst()
                .orElse(ring.next());
        assertThat(ring.after(id)).isEqualTo(expected);
    }

    private static long bytes(Deque<Message> messages) {
        return messages.stream().mapToLong(Message::bytes).sum();
    }

    private static void fill(Ring ring, int messages) {
        for (int i = 0; i < messages; i++) {
            ring.append(message(ring.next(), BYTES, 0));
        }
    }

    private static List<Long> held(Ring ring) {
        List<Long> held = new ArrayList<>();
        for (long seq = ring.oldest(); seq < ring.next(); seq++) {
            Message m = ring.get(seq);
            assertThat(m).as("seq %s", seq).isNotNull();
            held.add(m.seq());
        }
        return held;
    }

    /** Ids have holes: other channels draw from the same counter. */
    private static long idOf(long seq) {
        return 10L * seq;
    }

    private static Message message(long seq, long bytes, long time) {
        return new Message("a", 1, seq, idOf(seq), time, Message.Kind.MESSAGE, Draft.text("x".repeat((int) bytes)));
    }
}
