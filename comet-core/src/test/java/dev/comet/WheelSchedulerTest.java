package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.ResourceBundle;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real threads and real time. No test waits for a time to pass; each waits for the thing itself. */
@Timeout(60)
class WheelSchedulerTest {
    private static final long TICK = 1L << TimerWheel.TICK_SHIFT;
    private static final Duration LONG = Duration.ofSeconds(10);

    private final RecordingLog log = new RecordingLog();
    private final WheelScheduler scheduler = new WheelScheduler(4, log);

    @AfterEach
    void everyThreadEnds() throws InterruptedException {
        scheduler.close();
        assertThat(scheduler.awaitTermination(LONG)).isTrue();
    }

    @Test
    void timersNeverComeEarly_andNoneIsLost() throws InterruptedException {
        int count = 20_000;
        var random = new SplittableRandom(1);
        var done = new CountDownLatch(count);
        var early = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            long delay = random.nextLong(-TICK, 20 * TICK);
            long start = System.nanoTime();
            scheduler.schedule(
                    () -> {
                        if (System.nanoTime() - start < delay) {
                            early.incrementAndGet();
                        }
                        done.countDown();
                    },
                    delay);
        }
        await(done);
        assertThat(early).hasValue(0);
    }

    /** The timer thread sleeps for as long as the first timer allows; one that is due sooner must wake it. */
    @Test
    void timerThatIsDueSooner_wakesTheTimerThread() throws InterruptedException {
        scheduler.schedule(() -> {}, Duration.ofDays(1).toNanos());
        for (int i = 0; i < 20; i++) {
            var done = new CountDownLatch(1);
            scheduler.schedule(done::countDown, 0);
            await(done);
        }
    }

    @Test
    void timerTask_runsOnThePool_notInsideScheduleNorOnTheTimerThread() throws InterruptedException {
        var ranOn = new AtomicReference<String>();
        var done = new CountDownLatch(1);
        scheduler.schedule(
                () -> {
                    ranOn.set(Thread.currentThread().getName());
                    done.countDown();
                },
                0);
        await(done);
        assertThat(ranOn.get()).matches("comet-\\d+");
    }

    /**
     * Each timer is cancelled at about the moment it fires, by two threads at once, while the timer thread advances:
     * either it runs or exactly one cancel says that it prevented that.
     */
    @Test
    void cancelAgainstFiring_hasOneWinner() throws InterruptedException {
        int count = 100_000;
        var outcomes = new AtomicIntegerArray(count); // how often it ran, or was said not to run
        var ran = new AtomicInteger();
        var settled = new CountDownLatch(count);
        List<Thread> cancellers = new ArrayList<>();
        Queue<Runnable> toCancel = new ConcurrentLinkedQueue<>();
        for (int thread = 0; thread < 2; thread++) {
            cancellers.add(new Thread(() -> {
                while (ran.get() == 0) { // on a busy machine they would cancel all before the timer thread has its turn
                    Thread.onSpinWait();
                }
                while (settled.getCount() > 0) {
                    Runnable cancel = toCancel.poll();
                    if (cancel != null) {
                        cancel.run();
                    }
                }
            }));
        }
        cancellers.forEach(thread -> thread.setDaemon(true));
        cancellers.forEach(Thread::start);
        var random = new SplittableRandom(2);
        for (int i = 0; i < count; i++) {
            int index = i;
            Scheduler.Timer timer = scheduler.schedule(
                    () -> {
                        ran.incrementAndGet();
                        outcomes.incrementAndGet(index);
                        settled.countDown();
                    },
                    random.nextLong(0, TICK / 8));
            Runnable cancel = () -> {
                if (timer.cancel()) {
                    outcomes.incrementAndGet(index);
                    settled.countDown();
                }
            };
            toCancel.add(cancel);
            toCancel.add(cancel);
        }
        await(settled);
        for (Thread canceller : cancellers) {
            canceller.join();
        }
        // Whatever might still come, comes before this one.
        var last = new CountDownLatch(1);
        scheduler.schedule(last::countDown, 3 * TICK);
        await(last);
        scheduler.close();
        assertThat(scheduler.awaitTermination(LONG)).isTrue();

        for (int i = 0; i < count; i++) {
            assertThat(outcomes.get(i)).as("timer %d", i).isEqualTo(1);
        }
        assertThat(ran.get()).as("both ends of the race were seen").isStrictlyBetween(0, count);
    }

    @Test
    void timerThatThrows_costsNeitherTheOthersOfItsBatchNorTheThread() throws InterruptedException {
        int count = 10 * TimerWheel.BATCH;
        var done = new CountDownLatch(count);
        var failure = new AssertionError("boom");
        for (int i = 0; i < count; i++) {
            if (i % 100 == 0) {
                scheduler.schedule(
                        () -> {
                            throw failure;
                        },
                        TICK);
            }
            scheduler.schedule(done::countDown, TICK);
        }
        await(done);
        scheduler.close();
        assertThat(scheduler.awaitTermination(LONG)).isTrue();

        assertThat(log.failures).hasSize((count + 99) / 100).allMatch(logged -> logged == failure);
    }

    @Test
    void taskThatThrows_isLoggedOnce_andTheThreadGoesOn() throws InterruptedException {
        var one = new WheelScheduler(1, log);
        List<Thread> ranOn = new ArrayList<>();
        var done = new CountDownLatch(1);
        one.execute(() -> ranOn.add(Thread.currentThread()));
        one.execute(() -> {
            throw new IllegalStateException("boom");
        });
        one.execute(() -> {
            ranOn.add(Thread.currentThread());
            done.countDown();
        });
        await(done);
        one.close();

        assertThat(ranOn.get(1)).isSameAs(ranOn.get(0));
        assertThat(log.failures).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(log.texts)
                .singleElement()
                .asString()
                .contains("WheelSchedulerTest")
                .contains("failed");
    }

    @Test
    void logThatThrows_doesNotKillTheThread() throws InterruptedException {
        log.broken = true;
        var one = new WheelScheduler(1, log);
        var done = new CountDownLatch(1);
        one.execute(() -> {
            throw new IllegalStateException("boom");
        });
        one.execute(done::countDown);
        await(done);
        one.close();
    }

    @Test
    void taskThatLeavesItsThreadInterrupted_harmsNobody() throws InterruptedException {
        var one = new WheelScheduler(1, log);
        var interrupted = new AtomicReference<@Nullable Boolean>();
        var done = new CountDownLatch(1);
        one.execute(() -> Thread.currentThread().interrupt());
        one.execute(() -> {
            interrupted.set(Thread.currentThread().isInterrupted());
            done.countDown();
        });
        await(done);
        one.close();

        assertThat(interrupted.get()).isFalse();
    }

    /** Why the pool is one queue: a work-stealing one never gets to the timer (see WheelScheduler). */
    @Test
    void tasksThatKeepReschedulingThemselves_doNotStarveATimer() throws InterruptedException {
        var done = new CountDownLatch(1);
        for (int i = 0; i < 16; i++) {
            scheduler.execute(new Runnable() {
                @Override
                public void run() {
                    if (done.getCount() > 0) {
                        scheduler.execute(this);
                    }
                }
            });
        }
        scheduler.schedule(done::countDown, TICK);
        await(done);
    }

    @Test
    void close_leavesNoThread() throws InterruptedException {
        var group = new ThreadGroup("close_leavesNoThread");
        WheelScheduler here = startedIn(group, () -> {});
        assertThat(threadsOf(group))
                .allMatch(Thread::isDaemon)
                .extracting(Thread::getName)
                .containsExactlyInAnyOrder("comet-timer", "comet-1", "comet-2", "comet-3");
        here.schedule(() -> {}, Duration.ofDays(1).toNanos());
        assertThat(here.awaitTermination(Duration.ZERO)).isFalse();

        here.close();
        here.close();

        assertThat(here.awaitTermination(LONG)).isTrue();
        assertThat(threadsOf(group)).isEmpty();
    }

    @Test
    void close_runsWhatWasQueued_dropsWhatIsPending_andIgnoresWhatComesLater() throws InterruptedException {
        var two = new WheelScheduler(2, log);
        Queue<String> events = new ConcurrentLinkedQueue<>();
        var closed = new CountDownLatch(1);
        two.execute(() -> await(closed));
        two.execute(() -> await(closed));
        two.execute(() ->
                events.add("queued; interrupted: " + Thread.currentThread().isInterrupted()));
        Scheduler.Timer pending = two.schedule(() -> events.add("pending"), TICK);
        two.close();
        two.execute(() -> events.add("late task"));
        Scheduler.Timer late = two.schedule(() -> events.add("late timer"), 0);
        closed.countDown();
        assertThat(two.awaitTermination(LONG)).isTrue();

        assertThat(events).containsExactly("queued; interrupted: false");
        assertThat(List.of(pending.cancel(), late.cancel())).containsOnly(false);
    }

    @Test
    void close_mayBeCalledByATask() throws InterruptedException {
        var one = new WheelScheduler(1, log);
        one.execute(one::close);

        assertThat(one.awaitTermination(LONG)).isTrue();
    }

    /** What an undeployed webapp must not leave behind: its class loader, what is in inheritable thread locals. */
    @Test
    void threads_inheritNothingFromTheirCreator() throws Exception {
        var inheritable = new InheritableThreadLocal<@Nullable String>();
        var group = new ThreadGroup("threads_inheritNothingFromTheirCreator");
        try (var webapp = new URLClassLoader(new URL[0])) {
            WheelScheduler here = startedIn(group, () -> {
                Thread.currentThread().setContextClassLoader(webapp);
                inheritable.set("the creator's");
            });
            var seen = new AtomicReference<@Nullable String>("not run");
            var done = new CountDownLatch(1);
            here.execute(() -> {
                seen.set(inheritable.get());
                done.countDown();
            });
            await(done);

            assertThat(seen.get()).isNull();
            assertThat(threadsOf(group))
                    .hasSize(4)
                    .allMatch(thread -> thread.getContextClassLoader() == WheelScheduler.class.getClassLoader());
            here.close();
        }
    }

    @Test
    void idleTimerThread_spendsNoTime_evenWhenAStrangerInterruptedIt() throws InterruptedException {
        var group = new ThreadGroup("idle");
        WheelScheduler here = startedIn(group, () -> {});
        Thread timerThread = threadsOf(group).stream()
                .filter(thread -> thread.getName().equals("comet-timer"))
                .findFirst()
                .orElseThrow();
        timerThread.interrupt();
        awaitTrue(() -> !timerThread.isInterrupted() && timerThread.getState() == Thread.State.TIMED_WAITING);
        here.close();
    }

    @Test
    void poolWithoutThreads_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WheelScheduler(0, log))
                .withMessageContaining("0");
    }

    @Test
    void clocks_areTheSystems() {
        long before = System.nanoTime();
        long now = scheduler.nanoTime();
        assertThat(now - before).isNotNegative();
        assertThat(System.nanoTime() - now).isNotNegative();
        assertThat(scheduler.currentTimeMillis() - System.currentTimeMillis()).isBetween(-60_000L, 60_000L);
        assertThatCode(() -> new WheelScheduler().close()).doesNotThrowAnyException();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).as("in time").isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitTrue(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).isLessThan(LONG.toNanos());
            Thread.onSpinWait();
        }
    }

    /** A scheduler of three threads whose creator, a thread in that group, was prepared so. */
    private WheelScheduler startedIn(ThreadGroup group, Runnable prepare) throws InterruptedException {
        var created = new AtomicReference<@Nullable WheelScheduler>();
        var creator = new Thread(group, () -> {
            prepare.run();
            created.set(new WheelScheduler(3, log));
        });
        creator.start();
        creator.join();
        return Objects.requireNonNull(created.get());
    }

    private static List<Thread> threadsOf(ThreadGroup group) {
        Thread[] threads = new Thread[100];
        int count = group.enumerate(threads);
        return Arrays.asList(threads).subList(0, count);
    }

    private static final class RecordingLog implements System.Logger {
        final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        final Queue<String> texts = new ConcurrentLinkedQueue<>();
        volatile boolean broken;

        @Override
        public String getName() {
            return "recording";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String text, Throwable failure) {
            if (broken) {
                throw new IllegalStateException("The log is broken");
            }
            assertThat(level).isEqualTo(Level.ERROR);
            texts.add(text);
            failures.add(failure);
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String format, Object... parameters) {
            throw new AssertionError("A failure is logged with its stack trace: " + format);
        }
    }
}
