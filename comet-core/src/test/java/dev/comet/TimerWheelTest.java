package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wheel alone, without a thread: what it hands out, and when. */
class TimerWheelTest {
    private static final long TICK = 1L << TimerWheel.TICK_SHIFT;
    private static final long YEAR = 365L * 24 * 3600 * 1_000_000_000;
    private static final Runnable NOTHING = Thread::yield;

    private final AtomicInteger wakes = new AtomicInteger();
    private final TimerWheel wheel = new TimerWheel(0, wakes::incrementAndGet);

    @ParameterizedTest
    @ValueSource(
            longs = {
                1,
                2,
                TICK - 1,
                TICK,
                TICK + 1,
                63 * TICK,
                64 * TICK - 1,
                64 * TICK,
                64 * TICK + 1,
                4096 * TICK + 7,
                YEAR,
                2 * YEAR + 3,
                100 * YEAR
            })
    void timer_isHandedOutLessThanATickAfterItsDeadline_andNotBefore(long delay) {
        for (long start : new long[] {0, 1, TICK - 1, TICK, 63 * TICK + 5, YEAR - 1}) {
            var here = new TimerWheel(0, NOTHING);
            here.add(NOTHING, start, delay);

            assertThat(drain(here, start + delay - 1))
                    .as("before %d + %d", start, delay)
                    .isEmpty();
            assertThat(drain(here, start + delay + TICK - 1))
                    .as("after %d + %d", start, delay)
                    .hasSize(1);
        }
    }

    @Test
    void timerWithoutDelay_isDueAtOnce() {
        long now = 5 * TICK + 5;
        wheel.add(NOTHING, now, 0);
        wheel.add(NOTHING, now, -1);
        wheel.add(NOTHING, now, Long.MIN_VALUE);

        assertThat(wheel.nextDelay(now)).isLessThanOrEqualTo(0);
        assertThat(drain(wheel, now)).hasSize(3);
    }

    @Test
    void timersOfDifferentTicks_areHandedOutInTheirOrder() {
        List<Long> fired = new ArrayList<>();
        List<Long> delays = new ArrayList<>();
        for (long tick = 1; tick <= 10_000; tick++) {
            delays.add(tick * TICK);
        }
        List<Long> shuffled = new ArrayList<>(delays);
        Collections.shuffle(shuffled, new Random(1));
        shuffled.forEach(delay -> wheel.add(() -> fired.add(delay), 0, delay));

        drain(wheel, YEAR).forEach(Runnable::run);

        assertThat(fired).isEqualTo(delays);
    }

    @Test
    void emptyWheel_hasNothingToDo() {
        assertThat(wheel.nextDelay(0)).isEqualTo(Long.MAX_VALUE);

        List<Scheduler.Timer> timers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            timers.add(wheel.add(NOTHING, i * TICK, 1L << i));
        }
        timers.forEach(timer -> assertThat(timer.cancel()).isTrue());

        assertThat(wheel.nextDelay(YEAR)).isEqualTo(Long.MAX_VALUE);
    }

    /** The promise of the bitmaps: nobody comes round to look, but once per level to sort what is there more finely. */
    @Test
    void timerInTenYears_needsSevenVisitsAtMost() {
        wheel.add(NOTHING, 12_345, 10 * YEAR);
        long now = 12_345;
        int visits = 0;
        for (long delay = wheel.nextDelay(now); delay != Long.MAX_VALUE; delay = wheel.nextDelay(now)) {
            assertThat(delay).isPositive();
            now += delay;
            drain(wheel, now);
            visits++;
        }
        assertThat(visits).isBetween(1, 7);
        assertThat(now).isBetween(10 * YEAR + 12_345, 10 * YEAR + 12_345 + TICK);
    }

    @Test
    void wheelThatNobodyAdvanced_doesNotPutAShortTimerFarAway() {
        long now = 100 * YEAR + 1;
        wheel.add(NOTHING, now, 3 * TICK);

        assertThat(wheel.nextDelay(now)).as("no visit in between").isGreaterThan(2 * TICK);
    }

    @Test
    void timerBeyondTheRangeOfTheClock_neverFires() {
        wheel.add(NOTHING, 0, Long.MAX_VALUE);
        wheel.add(NOTHING, YEAR, Long.MAX_VALUE);
        wheel.add(NOTHING, 291 * YEAR, Long.MAX_VALUE);

        for (long now : new long[] {0, YEAR, 292 * YEAR}) {
            assertThat(drain(wheel, now)).as("at %d", now).isEmpty();
        }
    }

    @Test
    void clockThatWrapsAround_isNoticedByNoTimer() {
        long start = Long.MAX_VALUE - 10 * TICK;
        var here = new TimerWheel(start, NOTHING);
        here.add(NOTHING, start, 5 * TICK);
        here.add(NOTHING, start, 20 * TICK);
        here.add(NOTHING, start + 15 * TICK, 5 * TICK);

        assertThat(drain(here, start + 4 * TICK)).isEmpty();
        assertThat(drain(here, start + 5 * TICK)).hasSize(1);
        assertThat(here.nextDelay(start + 5 * TICK)).isEqualTo(15 * TICK);
        assertThat(drain(here, start + 20 * TICK - 1)).isEmpty();
        assertThat(drain(here, start + 20 * TICK)).hasSize(2);
    }

    @Test
    void clockThatIsReadBeforeTheWheelWasMade_countsAsItsBeginning() {
        wheel.add(NOTHING, -5, TICK);

        assertThat(drain(wheel, -YEAR)).isEmpty();
        assertThat(drain(wheel, TICK)).hasSize(1);
    }

    /** The lock is held for a batch, not for a crowd: neither for firing one nor for sorting it into a lower level. */
    @Test
    void crowd_isSortedAndHandedOutInSteps() {
        int crowd = 100_000;
        for (int i = 0; i < crowd; i++) {
            wheel.add(NOTHING, 0, 5000 * TICK); // level 2, then 1, then 0
        }
        int handedOut = 0;
        int steps = 0;
        while (wheel.nextDelay(5000 * TICK) <= 0) {
            List<Runnable> due = wheel.advance(5000 * TICK);
            assertThat(due).hasSizeLessThanOrEqualTo(TimerWheel.BATCH);
            handedOut += due.size();
            steps++;
        }
        assertThat(handedOut).isEqualTo(crowd);
        assertThat(steps).isBetween(3 * crowd / TimerWheel.BATCH, 3 * crowd / TimerWheel.BATCH + 4);
    }

    @Test
    void timerThatIsBeingSorted_canBeCancelled() {
        List<Scheduler.Timer> timers = new ArrayList<>();
        for (int i = 0; i < 2 * TimerWheel.BATCH; i++) {
            timers.add(wheel.add(NOTHING, 0, 70 * TICK));
        }
        assertThat(wheel.advance(64 * TICK)).as("half of them are sorted now").isEmpty();

        timers.forEach(timer -> assertThat(timer.cancel()).isTrue());

        assertThat(wheel.nextDelay(64 * TICK)).isEqualTo(Long.MAX_VALUE);
        assertThat(drain(wheel, YEAR)).isEmpty();
    }

    @Test
    void cancel_answersTrueOnce_andOnlyBeforeTheTaskIsHandedOut() {
        Scheduler.Timer early = wheel.add(NOTHING, 0, TICK);
        Scheduler.Timer late = wheel.add(NOTHING, 0, TICK);

        assertThat(early.cancel()).isTrue();
        assertThat(early.cancel()).isFalse();
        assertThat(drain(wheel, TICK)).hasSize(1);
        assertThat(late.cancel()).isFalse();
    }

    @Test
    void cancel_leavesTheOthersOfItsBucketAlone() {
        Scheduler.Timer first = wheel.add(NOTHING, 0, TICK);
        Scheduler.Timer middle = wheel.add(NOTHING, 0, TICK);
        Scheduler.Timer last = wheel.add(NOTHING, 0, TICK);

        middle.cancel();
        assertThat(wheel.nextDelay(0)).isEqualTo(TICK);
        last.cancel();
        assertThat(wheel.nextDelay(0)).isEqualTo(TICK);

        assertThat(drain(wheel, TICK)).hasSize(1);
        assertThat(first.cancel()).isFalse();
    }

    @Test
    void driverIsWoken_byATimerThatIsDueBeforeItWouldComeBack_only() {
        wheel.add(NOTHING, 0, 10 * TICK);
        assertThat(wakes).as("nobody has asked yet").hasValue(0);

        wheel.nextDelay(0);
        wheel.add(NOTHING, 0, 10 * TICK);
        wheel.add(NOTHING, 0, YEAR);
        assertThat(wakes).as("not earlier").hasValue(0);

        wheel.add(NOTHING, 0, 9 * TICK);
        assertThat(wakes).as("earlier").hasValue(1);

        wheel.add(NOTHING, 0, 9 * TICK);
        assertThat(wakes).as("woken already").hasValue(1);

        wheel.add(NOTHING, 0, 0);
        assertThat(wakes).as("at once").hasValue(2);
    }

    @Test
    void closedWheel_hasDroppedItsTimers_andTakesNone() {
        Scheduler.Timer near = wheel.add(NOTHING, 0, 1);
        Scheduler.Timer far = wheel.add(NOTHING, 0, YEAR);
        wheel.close();
        Scheduler.Timer late = wheel.add(NOTHING, 0, 1);

        assertThat(wheel.nextDelay(0)).isEqualTo(Long.MAX_VALUE);
        assertThat(drain(wheel, 2 * YEAR)).isEmpty();
        assertThat(List.of(near.cancel(), far.cancel(), late.cancel())).containsOnly(false);
    }

    /** A held response hangs on the task of its timeout: who keeps the handle, or the wheel, must not keep that. */
    @Test
    void handleOfATimerThatIsOver_doesNotHoldItsTask() {
        List<Scheduler.Timer> handles = new ArrayList<>();
        List<WeakReference<Object>> held = new ArrayList<>();
        for (long delay : new long[] {1, 5, YEAR, YEAR, 2 * YEAR}) {
            Object response = new Object();
            held.add(new WeakReference<>(response));
            handles.add(wheel.add(() -> assertThat(response).isNotNull(), 0, delay));
        }

        handles.get(1).cancel();
        handles.get(2).cancel();
        assertThat(drain(wheel, TICK)).hasSize(1);
        awaitCleared(held.subList(0, 3));
        assertThat(held.get(3).get()).as("pending").isNotNull();

        wheel.close();
        awaitCleared(held);
        assertThat(handles).hasSize(5);
    }

    /**
     * Against a model that knows nothing of ticks and buckets: what has been handed out was due, what is due by more
     * than a tick has been handed out, each once, in order, none that was cancelled; whatever is added and cancelled in
     * between, in jumps from a nanosecond to months, from any origin, also while the wheel is in the midst of a bucket,
     * also with a clock that was read long ago.
     */
    @Test
    void anyHistory_agreesWithTheModel() {
        for (long seed = 0; seed < 3000; seed++) {
            new History(seed).play();
        }
    }

    /** The thread that drives the wheel sleeps for as long as it was told: no timer needs it before, or it is woken. */
    @Test
    void driverThatSleepsAsLongAsItIsTold_oversleepsNoTimer() {
        for (long seed = 0; seed < 1000; seed++) {
            new Sleeper(seed).play();
        }
    }

    /**
     * The race: threads add and cancel while another advances, and all of them relink the same few buckets. An update
     * that is not under the lock tears a ring, so that a timer is lost or comes twice, or cancel and advance both claim
     * it. Time is virtual, and goes as fast as the driver can.
     */
    @Test
    void threadsThatAddAndCancelWhileAnotherAdvances_loseNoTimer() throws Exception {
        int threads = 3;
        int timersEach = 300_000;
        var clock = new AtomicLong();
        var busy = new AtomicInteger(threads);
        var outcomes = new AtomicIntegerArray(threads * timersEach); // how often it ran, or was said not to run
        var recent = new AtomicReferenceArray<Runnable>(16); // the cancelling of timers, some of them over
        for (int i = 0; i < recent.length(); i++) {
            recent.set(i, NOTHING);
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int first = thread * timersEach;
                all.add(pool.submit(() -> {
                    var random = new Random(first);
                    for (int index = first; index < first + timersEach; index++) {
                        int mine = index;
                        long delay = random.nextInt(random.nextInt(8) == 0 ? 100 : 3) * TICK;
                        Scheduler.Timer timer = wheel.add(() -> outcomes.incrementAndGet(mine), clock.get(), delay);
                        Runnable cancel = () -> {
                            if (timer.cancel()) {
                                outcomes.incrementAndGet(mine);
                            }
                        };
                        recent.getAndSet(random.nextInt(recent.length()), cancel)
                                .run();
                    }
                    return busy.decrementAndGet();
                }));
            }
            while (busy.get() > 0) {
                wheel.advance(clock.addAndGet(TICK)).forEach(Runnable::run);
                for (Future<?> each : all) {
                    if (each.isDone()) {
                        each.get();
                    }
                }
            }
            drain(wheel, clock.get() + YEAR).forEach(Runnable::run);
        } finally {
            pool.shutdownNow();
        }
        assertThat(wheel.nextDelay(clock.get())).isEqualTo(Long.MAX_VALUE);
        for (int i = 0; i < outcomes.length(); i++) {
            assertThat(outcomes.get(i)).as("timer %d", i).isEqualTo(1);
        }
    }

    private static List<Runnable> drain(TimerWheel wheel, long now) {
        List<Runnable> due = new ArrayList<>(wheel.advance(now));
        for (int steps = 0; wheel.nextDelay(now) <= 0; steps++) {
            assertThat(steps).as("steps, and still something to do").isLessThan(100_000);
            due.addAll(wheel.advance(now));
        }
        return due;
    }

    @SuppressWarnings("ReferenceEquality")
    private static void awaitCleared(List<WeakReference<Object>> references) {
        for (int i = 0; i < 100 && references.stream().anyMatch(reference -> !reference.refersTo(null)); i++) {
            System.gc();
        }
        assertThat(references).allMatch(reference -> reference.refersTo(null));
    }

    /** From a nanosecond to 2^bits, all magnitudes alike. */
    private static long anyDuration(Random random, int bits) {
        long magnitude = 1L << random.nextInt(bits);
        return magnitude + (random.nextLong() & (magnitude - 1));
    }

    private static final class Task implements Runnable {
        final long deadline;
        final boolean belated; // may have been due before it was added
        Scheduler.Timer timer = () -> false;

        Task(long deadline, boolean belated) {
            this.deadline = deadline;
            this.belated = belated;
        }

        @Override
        public void run() {}
    }

    private static final class History {
        private final long seed;
        private final Random random;
        private final long origin;
        private final TimerWheel wheel;
        private final TreeMap<Long, Set<Task>> pending = new TreeMap<>();
        private final List<Task> all = new ArrayList<>();
        private long elapsed;
        private long lastFired;

        History(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.origin = switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> Long.MAX_VALUE - anyDuration(random, 56);
                case 2 -> -anyDuration(random, 56);
                default -> random.nextLong();
            };
            this.wheel = new TimerWheel(origin, NOTHING);
        }

        void play() {
            int bits = 20 + random.nextInt(37); // 2^56 ns: two years
            for (int i = 0; i < 300; i++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> add(anyDuration(random, bits));
                    case 3 -> add(-random.nextInt(2));
                    case 4 -> addMany(bits);
                    case 5 -> cancel();
                    case 6 -> advanceOnce(anyDuration(random, bits - 2));
                    default -> advance(random.nextInt(3) == 0 ? 0 : anyDuration(random, bits - 2));
                }
            }
            advance(1L << 60);
            assertThat(pending).as("seed %d", seed).isEmpty();
        }

        private void add(long delay) {
            // Between reading the clock and entering the lock, a thread may lose any amount of time.
            long lost = random.nextInt(4) == 0 ? Math.min(elapsed, anyDuration(random, 40)) : 0;
            Task task = new Task(elapsed - lost + Math.max(0, delay), lost > 0);
            task.timer = wheel.add(task, origin + elapsed - lost, delay);
            all.add(task);
            pending.computeIfAbsent(task.deadline, any -> Collections.newSetFromMap(new IdentityHashMap<>()))
                    .add(task);
        }

        private void addMany(int bits) {
            long delay = anyDuration(random, bits);
            int count = random.nextInt(10) == 0 ? 400 : 3;
            for (int i = 0; i < count; i++) {
                add(delay);
            }
        }

        private void cancel() {
            for (int i = 0; i < 10 && !all.isEmpty(); i++) {
                Task task = all.get(random.nextInt(all.size()));
                assertThat(task.timer.cancel()).as("seed %d", seed).isEqualTo(forget(task));
            }
        }

        /** One step, after which the wheel may be in the midst of something. */
        private void advanceOnce(long by) {
            elapsed += by;
            fired(wheel.advance(origin + elapsed));
        }

        private void advance(long by) {
            elapsed += by;
            fired(drain(wheel, origin + elapsed));

            Map.Entry<Long, Set<Task>> first = pending.firstEntry();
            long next = wheel.nextDelay(origin + elapsed);
            if (first == null) {
                assertThat(next).as("seed %d", seed).isEqualTo(Long.MAX_VALUE);
                return;
            }
            assertThat(first.getKey())
                    .as("seed %d: due but not handed out", seed)
                    .isGreaterThan(elapsed - TICK);
            assertThat(next)
                    .as("seed %d: would come back too late", seed)
                    .isBetween(1L, first.getKey() - elapsed + TICK - 1);
        }

        private void fired(List<Runnable> due) {
            for (Runnable each : due) {
                Task task = (Task) each;
                assertThat(forget(task))
                        .as("seed %d: handed out again, or after cancel", seed)
                        .isTrue();
                assertThat(task.deadline).as("seed %d: early", seed).isLessThanOrEqualTo(elapsed);
                if (!task.belated) {
                    assertThat(task.deadline).as("seed %d: order", seed).isGreaterThan(lastFired - 2 * TICK);
                    lastFired = task.deadline;
                }
            }
        }

        private boolean forget(Task task) {
            Set<Task> same = pending.getOrDefault(task.deadline, Set.of());
            if (!same.contains(task)) {
                return false;
            }
            same.remove(task);
            if (same.isEmpty()) {
                pending.remove(task.deadline);
            }
            return true;
        }
    }

    private static final class Sleeper {
        private final long seed;
        private final Random random;
        private final TimerWheel wheel = new TimerWheel(0, this::wake);
        private final PriorityQueue<Long> events = new PriorityQueue<>(); // when something happens that adds or cancels
        private final List<Task> pending = new ArrayList<>();
        private long now;
        private long wakeAt = Long.MAX_VALUE;
        private int visits;
        private int added;

        Sleeper(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void play() {
            for (int i = 0; i < 100; i++) {
                events.add(anyDuration(random, 40));
            }
            visit();
            while (!events.isEmpty() || wakeAt != Long.MAX_VALUE) {
                long event = events.isEmpty() ? Long.MAX_VALUE : events.peek();
                now = Math.min(event, wakeAt);
                if (event < wakeAt) {
                    events.remove();
                    addOrCancel();
                } else {
                    visit();
                }
            }
            assertThat(pending).as("seed %d: overslept for ever", seed).isEmpty();
            assertThat(visits).as("seed %d: visits for %d timers", seed, added).isLessThanOrEqualTo(1 + 8 * added);
        }

        private void wake() {
            wakeAt = now;
        }

        private void addOrCancel() {
            if (random.nextInt(4) == 0 && !pending.isEmpty()) {
                Task task = pending.remove(random.nextInt(pending.size()));
                assertThat(task.timer.cancel()).isTrue();
                return;
            }
            long delay = anyDuration(random, 40);
            Task task = new Task(now + delay, false);
            pending.add(task); // first: wake() is called inside
            task.timer = wheel.add(task, now, delay);
            added++;
        }

        private void visit() {
            visits++;
            for (Runnable task : drain(wheel, now)) {
                assertThat(((Task) task).deadline).as("seed %d", seed).isBetween(now - TICK + 1, now);
                assertThat(pending.remove(task)).isTrue();
            }
            long delay = wheel.nextDelay(now);
            wakeAt = delay == Long.MAX_VALUE ? Long.MAX_VALUE : now + delay;
        }
    }
}
