package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who is woken: each subscriber that is there, by one task per slice, however many signals came. */
class FanoutTest {
    private static final SubscribeOptions A = SubscribeOptions.of("a");
    private static final Encoder MADE = m -> m.payload().getBytes(StandardCharsets.UTF_8);

    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();
    private final List<Integer> woken = new ArrayList<>();

    @Test
    void many_areWokenOnce_andNotByThePublisher() {
        attach(Fanout.FEW + 1);
        comet.publish("a", "x");
        assertThat(woken).isEmpty();
        time.runReady();
        assertThat(woken).hasSize(Fanout.FEW + 1).doesNotHaveDuplicates();
    }

    @Test
    void few_areWokenByThePublisher_andNobodyElse() {
        attach(Fanout.FEW);
        comet.publish("a", "x");
        assertThat(woken).hasSize(Fanout.FEW).doesNotHaveDuplicates();
        assertThat(time.pendingTasks()).isZero();
    }

    /** It is a publisher, and has other things to do: one round, whatever others publish meanwhile. */
    @Test
    void fewWhoAreSignalledMeanwhile_areWokenByTheExecutor() {
        comet.attach(A, () -> {
            woken.add(0);
            if (woken.size() < 5) {
                comet.publish("a", "again");
            }
        });
        comet.publish("a", "x");
        assertThat(woken).containsExactly(0);
        assertThat(time.pendingTasks()).isEqualTo(1);
        time.runReady();
        assertThat(woken).hasSize(5);
    }

    /** Few on each of many channels are many. */
    @Test
    void broadcast_nobodyIsWokenByThePublisher() {
        attach(1);
        comet.broadcast(Draft.text("x"));
        assertThat(woken).isEmpty();
        time.runReady();
        assertThat(woken).containsExactly(0);
    }

    @Test
    void signals_coalesce_intoOneRound() {
        attach(Fanout.FEW + 1);
        for (int i = 0; i < 100; i++) {
            comet.publish("a", "x");
        }
        assertThat(time.pendingTasks()).isEqualTo(1);
        time.runReady();
        assertThat(woken).hasSize(Fanout.FEW + 1).doesNotHaveDuplicates();
    }

    /** A signal that comes while a round is under way may be too late for those passed by: there is one round more. */
    @Test
    void signalledDuringARound_thereIsAnother() {
        comet.attach(A, () -> {
            woken.add(0);
            if (woken.size() == 1) {
                comet.publish("a", "again");
            }
        });
        comet.publish("a", "x");
        time.runReady();
        assertThat(woken).containsExactly(0, 0);
    }

    @Test
    void largeChannel_isWorkedOnInSlices() {
        attach(2 * Fanout.SLICE + 1);
        comet.publish("a", "x");
        assertThat(time.pendingTasks()).isEqualTo(3);
        time.runReady();
        assertThat(woken).hasSize(2 * Fanout.SLICE + 1).doesNotHaveDuplicates();
    }

    @Test
    void left_isWokenNoMore_andItsSlotIsUsedAgain() {
        List<Subscriber> all = attach(Fanout.SLICE);
        all.get(7).close(CloseReason.DONE);
        all.get(3).close(CloseReason.DONE);
        attachNumbered(1000);
        attachNumbered(1001);
        comet.publish("a", "x");
        assertThat(time.pendingTasks()).as("one slice has room for all").isEqualTo(1);
        time.runReady();
        assertThat(woken).hasSize(Fanout.SLICE).contains(1000, 1001).doesNotContain(7, 3);
        assertThat(woken.indexOf(1000)).as("in the lowest free slot").isEqualTo(3);
        assertThat(comet.channel("a").subscribers()).isEqualTo(Fanout.SLICE);
    }

    @Test
    void allLeft_nothingIsDone_andTheNextOneIsWokenAsEver() {
        attach(Fanout.SLICE + 1).forEach(s -> s.close(CloseReason.DONE));
        comet.publish("a", "x");
        assertThat(time.pendingTasks()).isZero();
        attachNumbered(5);
        comet.publish("a", "y");
        time.runReady();
        assertThat(woken).containsExactly(5);
    }

    /** The round sees who leaves and who comes while it is under way, and wakes nobody else twice. */
    @Test
    void leavingDuringARound_othersAreStillWoken() {
        List<Subscriber> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            all.add(comet.attach(A, () -> {
                woken.add(number);
                if (number == 1) {
                    all.get(0).close(CloseReason.DONE);
                    all.get(1).close(CloseReason.DONE);
                    all.get(3).close(CloseReason.DONE);
                }
            }));
        }
        comet.publish("a", "x");
        time.runReady();
        assertThat(woken).containsExactly(0, 1, 2, 4);
    }

    @Test
    void aWakeThatThrows_costsNobodyElseAnything() {
        comet.attach(A, () -> {
            throw new IllegalStateException("a transport's mistake");
        });
        comet.attach(A, () -> FanoutTest.<RuntimeException>sneak(new java.io.IOException("not even declared")));
        attach(1);
        comet.publish("a", "x");
        comet.publish("a", "y");
        time.runReady();
        comet.publish("a", "z");
        time.runReady();
        assertThat(woken).containsExactly(0, 0, 0);
    }

    /** Random comings and goings: at each publish exactly those who are there are woken. */
    @Test
    void churn_exactlyThosePresentAreWoken() {
        Random random = new Random(42);
        List<Subscriber> present = new ArrayList<>();
        List<Integer> numbers = new ArrayList<>();
        for (int step = 0; step < 3000; step++) {
            if (random.nextInt(100) < (step / 500 % 2 == 0 ? 75 : 25)) {
                present.add(attachNumbered(step));
                numbers.add(step);
            } else if (!present.isEmpty()) {
                int i = random.nextInt(present.size());
                present.remove(i).close(CloseReason.DONE);
                numbers.remove(i);
            }
            if (step % 50 == 0) {
                woken.clear();
                comet.publish("a", "x");
                time.runReady();
                Collections.sort(woken);
                assertThat(woken).isEqualTo(numbers);
                assertThat(comet.stats().subscribers()).isEqualTo(numbers.size());
            }
        }
    }

    /** What is kept lives as long as the history: so the bytes that were made for those who were woken are not. */
    @Test
    void few_whatWasMadeForThem_isForgottenOnceAllAreWoken() {
        List<byte[]> sent = attachEncoding(Fanout.FEW);
        Message m = comet.publish("a", "x");
        assertThat(sent).hasSize(Fanout.FEW).allSatisfy(bytes -> assertThat(bytes)
                .isSameAs(sent.get(0)));
        assertThat(m.encoded(MADE)).isNotSameAs(sent.get(0)).isSameAs(m.encoded(MADE));
    }

    /** They are sent it by others, perhaps when the publisher has long returned; by the next message they have been. */
    @Test
    void many_whatWasMadeForThem_isSharedUntilTheNextMessage() {
        List<byte[]> sent = attachEncoding(Fanout.FEW + 1);
        Message m = comet.publish("a", "x");
        time.runReady();
        assertThat(sent).hasSize(Fanout.FEW + 1).allSatisfy(bytes -> assertThat(bytes)
                .isSameAs(m.encoded(MADE)));
        comet.publish("a", "y");
        assertThat(m.encoded(MADE)).isNotSameAs(sent.get(0)).isSameAs(m.encoded(MADE));
    }

    /** One who is behind, and for whom the bytes are made again, gets all and in order like the others. */
    @Test
    void late_getsWhatWasForgotten() {
        Subscriber late = comet.attach(A, () -> {});
        attachEncoding(1);
        for (int i = 0; i < 3; i++) {
            comet.publish("a", "x" + i);
        }
        List<String> read = new ArrayList<>();
        late.read(event -> read.add(new String(((Message) event).encoded(MADE), StandardCharsets.UTF_8)));
        assertThat(read).containsExactly("x0", "x1", "x2");
    }

    private List<byte[]> attachEncoding(int n) {
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            Subscriber[] self = new Subscriber[1];
            self[0] = comet.attach(A, () -> self[0].read(event -> sent.add(((Message) event).encoded(MADE))));
        }
        return sent;
    }

    private List<Subscriber> attach(int n) {
        List<Subscriber> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(attachNumbered(i));
        }
        return all;
    }

    private Subscriber attachNumbered(int number) {
        return comet.attach(A, () -> woken.add(number));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Throwable> void sneak(Throwable e) throws E {
        throw (E) e;
    }
}
