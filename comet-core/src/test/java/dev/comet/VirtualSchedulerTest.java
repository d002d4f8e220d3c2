package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The simulation's own contract: reproducible, in order, and no more lenient than production. */
class VirtualSchedulerTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<String> log = new ArrayList<>();

    @Test
    void sameSeed_sameOrder_anotherSeed_another() {
        assertThat(history(7)).isEqualTo(history(7));
        Set<List<String>> histories = new HashSet<>();
        for (long seed = 0; seed < 100; seed++) {
            histories.add(history(seed));
        }
        assertThat(histories).hasSizeGreaterThan(90);
    }

    /** java.util.Random draws nearly the same first number from neighbouring seeds, and tests count their seeds up. */
    @Test
    void neighbouringSeeds_beginDifferently() {
        int second = 0;
        for (long seed = 0; seed < 1000; seed++) {
            var here = new VirtualScheduler(seed);
            List<String> order = new ArrayList<>();
            here.execute(() -> order.add("first"));
            here.execute(() -> order.add("second"));
            here.step();
            second += order.contains("second") ? 1 : 0;
        }
        assertThat(second).isBetween(400, 600);
    }

    @Test
    void withoutSeed_firstInFirstOut() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            String name = "task " + i;
            String child = "child of " + i;
            scheduler.execute(() -> {
                log.add(name);
                scheduler.execute(() -> log.add(child));
            });
            expected.add(name);
        }
        for (int i = 0; i < 1000; i++) {
            expected.add("child of " + i);
        }

        scheduler.runReady();

        assertThat(log).isEqualTo(expected);
        assertThat(scheduler.pendingTasks()).isZero();
    }

    @Test
    void withSeed_everyTaskRunsOnce() {
        var here = new VirtualScheduler(3);
        for (int i = 0; i < 100; i++) {
            String name = "task " + i;
            here.execute(() -> log.add(name));
        }
        here.runReady();

        assertThat(log).hasSize(100).doesNotHaveDuplicates();
    }

    @Test
    void execute_runsNothingByItself_andStepRunsOne() {
        scheduler.execute(() -> log.add("a"));
        scheduler.execute(() -> log.add("b"));
        assertThat(log).isEmpty();
        assertThat(scheduler.pendingTasks()).isEqualTo(2);

        assertThat(scheduler.step()).isTrue();
        assertThat(log).containsExactly("a");
        assertThat(scheduler.step()).isTrue();
        assertThat(scheduler.step()).isFalse();
    }

    @Test
    void timersFireInTheOrderOfTheirDeadlines_andWhatTheyCauseRunsBetweenThem() {
        scheduler.schedule(
                () -> log.add("three at " + scheduler.now()),
                Duration.ofSeconds(3).toNanos());
        scheduler.schedule(
                () -> {
                    log.add("one at " + scheduler.now());
                    scheduler.execute(() -> log.add("caused at " + scheduler.now()));
                    scheduler.schedule(
                            () -> log.add("two at " + scheduler.now()),
                            Duration.ofSeconds(1).toNanos());
                },
                Duration.ofSeconds(1).toNanos());

        scheduler.advance(Duration.ofSeconds(10));

        assertThat(log).containsExactly("one at PT1S", "caused at PT1S", "two at PT2S", "three at PT3S");
        assertThat(scheduler.now()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void timer_doesNotFireANanosecondEarly() {
        scheduler.schedule(() -> log.add("fired"), 1000);

        scheduler.advance(Duration.ofNanos(999));
        assertThat(log).isEmpty();
        assertThat(scheduler.pendingTimers()).isEqualTo(1);

        scheduler.advance(Duration.ofNanos(1));
        assertThat(log).containsExactly("fired");
        assertThat(scheduler.pendingTimers()).isZero();
    }

    @Test
    void timerWithoutDelay_runsAmongTheReadyTasks_notInsideSchedule() {
        scheduler.schedule(() -> log.add("soon"), -1);
        assertThat(log).isEmpty();

        scheduler.runReady();
        assertThat(log).containsExactly("soon");
    }

    @Test
    void cancel_preventsOnce_andNotWhenTheTimerIsDueAlready() {
        Scheduler.Timer timer = scheduler.schedule(() -> log.add("cancelled"), 10);
        Scheduler.Timer[] late = new Scheduler.Timer[1];
        scheduler.schedule(() -> log.add("cancel due one: " + late[0].cancel()), 20);
        late[0] = scheduler.schedule(() -> log.add("due"), 20);

        assertThat(timer.cancel()).isTrue();
        assertThat(timer.cancel()).isFalse();
        assertThat(scheduler.pendingTimers()).isEqualTo(2);
        scheduler.advance(Duration.ofNanos(20));

        assertThat(log).containsExactly("cancel due one: false", "due");
    }

    /** A simulation arms and cancels a timeout per request: millions, none of which comes due. */
    @Test
    void cancelledTimers_doNotPileUp() {
        List<Scheduler.Timer> kept = new ArrayList<>();
        List<WeakReference<Scheduler.Timer>> cancelled = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            Scheduler.Timer timer = scheduler.schedule(() -> log.add("fired"), 1_000_000 + i);
            if (i % 1000 == 0) {
                kept.add(timer);
            } else {
                timer.cancel();
                cancelled.add(new WeakReference<>(timer));
            }
        }
        for (int i = 0;
                i < 100
                        && cancelled.stream()
                                        .filter(timer -> !timer.refersTo(null))
                                        .count()
                                > 2000;
                i++) {
            System.gc();
        }
        assertThat(cancelled.stream().filter(timer -> !timer.refersTo(null))).hasSizeLessThanOrEqualTo(2000);

        assertThat(scheduler.pendingTimers()).isEqualTo(kept.size());
        scheduler.advance(Duration.ofSeconds(1));
        assertThat(log).hasSize(kept.size());
    }

    @Test
    void nanoTime_wrapsAroundAfterAMinute_andDifferencesDoNotNotice() {
        long start = scheduler.nanoTime();
        scheduler.advance(Duration.ofMinutes(2));

        assertThat(scheduler.nanoTime()).isLessThan(start);
        assertThat(scheduler.nanoTime() - start).isEqualTo(Duration.ofMinutes(2).toNanos());
    }

    @Test
    void wallClock_followsTime_andCanBeSetBack() {
        long start = scheduler.currentTimeMillis();
        scheduler.advance(Duration.ofSeconds(5));
        assertThat(scheduler.currentTimeMillis() - start).isEqualTo(5000);

        scheduler.shiftWallClock(Duration.ofHours(-1));
        assertThat(scheduler.currentTimeMillis() - start).isEqualTo(5000 - 3_600_000);
    }

    @Test
    void livelock_failsTheTest() {
        scheduler.execute(new Runnable() {
            @Override
            public void run() {
                scheduler.execute(this);
            }
        });

        assertThatThrownBy(scheduler::runReady)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Livelock");
    }

    @Test
    void failureOfATask_reachesTheTest_andTheOthersCanStillRun() {
        scheduler.execute(() -> {
            throw new IllegalStateException("boom");
        });
        scheduler.execute(() -> log.add("after"));

        assertThatIllegalStateException().isThrownBy(scheduler::runReady).withMessage("boom");
        scheduler.runReady();
        assertThat(log).containsExactly("after");
    }

    @Test
    void taskThatRunsTasks_isRefused() {
        scheduler.execute(() -> log.add("inner"));
        var here = new VirtualScheduler();
        here.execute(() -> {
            here.execute(() -> log.add("nested"));
            here.runReady();
        });

        assertThatIllegalStateException().isThrownBy(here::runReady);
        assertThat(log).isEmpty();
    }

    @Test
    void timeDoesNotGoBack() {
        assertThatIllegalArgumentException().isThrownBy(() -> scheduler.advance(Duration.ofNanos(-1)));
    }

    /** A little world of tasks and timers that write down in which order they ran. */
    private static List<String> history(long seed) {
        var here = new VirtualScheduler(seed);
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String name = "timer " + i;
            here.schedule(
                    () -> {
                        order.add(name + " at " + here.now());
                        for (int child = 0; child < 3; child++) {
                            String childName = name + "." + child;
                            here.execute(() -> order.add(childName));
                        }
                    },
                    i / 5 * 1000L);
        }
        here.advance(Duration.ofSeconds(1));
        return order;
    }
}
