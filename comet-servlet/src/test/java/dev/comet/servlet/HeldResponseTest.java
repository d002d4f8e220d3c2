package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.From;
import dev.comet.Message;
import dev.comet.Scheduler;
import dev.comet.SubscribeOptions;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Lease;
import dev.comet.servlet.dialect.Token;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A held response between a hub and a container that the test plays: how a drainer shares its thread, and how it is ended. */
@Timeout(60)
class HeldResponseTest {
    private static final int SHARE = 16;
    private static final Duration STALL = Duration.ofSeconds(30);

    private final Tasks tasks = new Tasks();
    private final Comet comet =
            Comet.builder().scheduler(tasks).historyMessages(10_000).build();
    private final Holds holds =
            new Holds(comet, CometConfig.builder().stallLimit(STALL).build());
    private final Output output = new Output();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private Runnable completing = () -> {};

    @AfterEach
    void close() {
        tasks.how = How.LATER;
        comet.drain(Duration.ZERO);
        tasks.runAll();
        comet.close();
    }

    // ---- a client that is fast, and a long backlog

    @Test
    void drain_leavesAfterItsShare_andOthersHaveTheirTurn() {
        HeldResponse held = held(100);
        List<Integer> seenByOthers = new ArrayList<>();

        held.onWritePossible();
        assertThat(output.written).isEqualTo(numbers(1, SHARE));
        assertThat(tasks.queue).hasSize(1);

        while (!tasks.queue.isEmpty()) { // as a pool's thread with a queue would: what comes later runs later
            tasks.execute(() -> seenByOthers.add(output.written.size()));
            tasks.runOne();
            tasks.runOne();
        }
        assertThat(output.written).isEqualTo(numbers(1, 100));
        assertThat(seenByOthers).containsExactly(32, 48, 64, 80, 96, 100);
        assertThat(output.flushed).isEqualTo(100);
        assertThat(calls).isEmpty();

        publish(1);
        tasks.runAll();
        assertThat(output.written).isEqualTo(numbers(1, 101));
    }

    /** Each wake would else add a task, and a client that lags behind would fill the queue. */
    @Test
    void signals_whileHandedOver_neitherDrainNorAddTasks() {
        HeldResponse held = held(100);
        held.onWritePossible();

        for (int i = 0; i < 5; i++) {
            held.run();
            held.onWritePossible();
        }
        assertThat(output.written).hasSize(SHARE);
        assertThat(tasks.queue).hasSize(1);

        tasks.runAll();
        assertThat(output.written).isEqualTo(numbers(1, 100));
    }

    @Test
    void sharesOfExactLength_endIdleAndFlushed() {
        HeldResponse held = held(2 * SHARE);
        held.onWritePossible();
        tasks.runAll();
        assertThat(output.written).hasSize(2 * SHARE);
        assertThat(output.flushed).isEqualTo(2 * SHARE);

        publish(1);
        tasks.runAll();
        assertThat(output.flushed).isEqualTo(2 * SHARE + 1);
    }

    // ---- no task comes

    @Test
    void refused_drainsOn() {
        HeldResponse held = held(100);
        tasks.how = How.REFUSED;

        held.onWritePossible();
        assertThat(output.written).isEqualTo(numbers(1, 100));
        assertThat(output.flushed).isEqualTo(100);
        assertThat(tasks.refused).isEqualTo(6);

        tasks.how = How.LATER;
        publish(1);
        tasks.runAll();
        assertThat(output.flushed).isEqualTo(101);
        assertThat(calls).isEmpty();
    }

    /** A pool may take a task and throw nevertheless: then there is a drainer, and a turn that comes too late. */
    @Test
    void refusedAndRunNevertheless_oneDrains() {
        HeldResponse held = held(40);
        tasks.how = How.TAKEN_AND_REFUSED;
        held.onWritePossible();
        assertThat(output.flushed).isEqualTo(40);

        tasks.how = How.LATER;
        assertThat(tasks.queue).hasSize(2);
        tasks.runAll();
        assertThat(output.written).isEqualTo(numbers(1, 40));
        assertThat(calls).isEmpty();
    }

    /** A scheduler may run a task inside execute(): a long backlog is not to be a deep stack. */
    @Test
    void ranAtOnce_drainsOnOnTheSameStack() {
        HeldResponse held = held(10_000);
        tasks.how = How.AT_ONCE;

        held.onWritePossible();

        assertThat(output.written).isEqualTo(numbers(1, 10_000));
        assertThat(output.deepest).isEqualTo(output.firstDepth);
    }

    /** The scheduler that belongs to a hub drops what comes after it was closed: the last words are the drainer's own then. */
    @Test
    void hubClosed_drainsOnToTheLastWords() throws InterruptedException {
        HeldResponse held = held(100);
        Thread closer = new Thread(comet::close, "closer");
        output.atWrite(SHARE, () -> {
            closer.start();
            while (!comet.isClosed()) {
                Thread.onSpinWait();
            }
            tasks.how = How.DROPPED;
        });

        held.onWritePossible();
        closer.join();

        assertThat(output.written).hasSize(SHARE + 1).endsWith("end SHUTDOWN");
        assertThat(output.flushed).isEqualTo(SHARE + 1);
        assertThat(calls).containsExactly("complete");
        assertThat(holds.count()).isZero();
    }

    // ---- the end, while it is handed over

    /** The container recycles its objects once the callback has returned; the task may come a long time after that. */
    @Test
    void callback_whileHandedOver_completesBeforeItReturns() {
        HeldResponse held = held(100);
        held.onWritePossible();

        held.onError(new IOException("the client left"));
        assertThat(calls).containsExactly("complete");
        assertThat(holds.count()).isZero();

        output.recycled = true;
        tasks.runAll();
        assertThat(output.written).hasSize(SHARE);
        assertThat(calls).containsExactly("complete");
        assertThat(holds.count()).isZero();
    }

    @Test
    void endAsked_whileHandedOver_isWrittenInItsTurn() {
        HeldResponse held = held(100);
        held.onWritePossible();

        comet.drain(Duration.ZERO);
        assertThat(output.written).hasSize(SHARE);
        tasks.runAll();

        assertThat(output.written).hasSize(SHARE + 1).endsWith("end SHUTDOWN");
        assertThat(calls).containsExactly("complete");
    }

    /** The hub's threads are stopped, and with them goes the task: the endpoint's end is then the response's. */
    @Test
    void endpointClosed_whileHandedOverToNobody_completesOnce() {
        held(100).onWritePossible();
        tasks.queue.clear();

        holds.close(Duration.ZERO);

        assertThat(calls).containsExactly("complete");
        assertThat(holds.count()).isZero();
        assertThat(comet.stats().subscribers()).isZero();
    }

    @Test
    void endpointClosed_whileHandedOver_leavesNothingToTheTask() {
        held(100).onWritePossible();

        holds.close(Duration.ZERO);
        output.recycled = true;
        tasks.runAll();

        assertThat(output.written).hasSize(SHARE);
        assertThat(calls).containsExactly("complete");
    }

    /** The application closes its hub and leaves the endpoint mounted: what watches over the socket is gone with the timers. */
    @Test
    void hubClosed_whileTheSocketTakesNothing_completes() {
        output.ready = false;
        held(1).onWritePossible();

        comet.close();

        assertThat(calls).containsExactly("complete");
        assertThat(holds.count()).isZero();
    }

    // ---- a callback returns when nobody touches the exchange any more

    @Test
    void callback_duringAWrite_returnsAfterTheCompletion() throws InterruptedException {
        HeldResponse held = held(1);
        Gate gate = new Gate();
        output.atWrite(1, gate);
        Thread drainer = new Thread(held::onWritePossible, "drainer");
        drainer.start();
        gate.reached.await();

        callsBack(held, gate, drainer);

        assertThat(calls).containsExactly("complete", "callback returns");
    }

    /** Not the drainer: a timer's thread that ends a client that has stalled. */
    @Test
    void callback_duringACompletion_returnsAfterIt() throws InterruptedException {
        output.ready = false;
        HeldResponse held = held(1);
        held.onWritePossible();
        Gate gate = new Gate();
        completing = gate;
        tasks.now += STALL.toNanos();
        Thread timer = new Thread(tasks.timer, "timer");
        timer.start();
        gate.reached.await();

        callsBack(held, gate, timer);

        assertThat(calls).containsExactly("complete", "callback returns");
    }

    /** Undertow calls onError inside write(), and some containers onComplete inside complete(). */
    @Test
    void callback_onOurOwnStack_doesNotWaitForItself() {
        HeldResponse held = held(1);
        output.atWrite(1, () -> {
            held.onError(new IOException("the client left"));
            calls.add("callback returns");
        });
        completing = () -> held.onError(new IOException("it is over"));

        long began = System.nanoTime();
        held.onWritePossible();

        assertThat(calls).containsExactly("callback returns", "complete");
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("it waits a second or more")
                .isLessThan(Duration.ofSeconds(1));
    }

    private void callsBack(HeldResponse held, Gate gate, Thread other) throws InterruptedException {
        Thread callback = new Thread(
                () -> {
                    held.onError(new IOException("the client left"));
                    calls.add("callback returns");
                },
                "callback");
        callback.start();
        while (callback.getState() != Thread.State.TIMED_WAITING && callback.isAlive()) {
            Thread.onSpinWait();
        }
        gate.open.countDown();
        callback.join();
        other.join();
    }

    /** Where a thread is stopped until the test lets it go on. */
    private static final class Gate implements Runnable {
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch open = new CountDownLatch(1);

        @Override
        public void run() {
            reached.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // ---- a lease: the end of its token

    private static final Duration WARNING = Duration.ofSeconds(30);
    private static final long START = 1_795_258_876_123L;

    private long clockSet;
    private final Bearers bearers = new Bearers(
            Map.of("k1", new byte[32]),
            Duration.ZERO,
            Duration.ofSeconds(30),
            1,
            () -> Instant.ofEpochMilli(tasks.currentTimeMillis() + clockSet));

    private Token token(int seconds) {
        String text = bearers.mint(
                "ann", bearers.random(), Duration.ofSeconds(seconds), List.of(), List.of(), List.of(), false);
        return bearers.identify(
                        Ask.get("/").with("Authorization", "Bearer " + text).request())
                .token()
                .orElseThrow();
    }

    private Lease leased(int seconds) {
        HeldResponse held = new HeldResponse(holds, new Numbers());
        SubscribeOptions follows = SubscribeOptions.of("c");
        Subscriber subscriber = comet.attach(follows, held);
        Lease lease = bearers.open(token(seconds), "id", follows, subscriber, WARNING);
        held.start(subscriber, lease, context(), output);
        response = held;
        held.onWritePossible();
        return lease;
    }

    private HeldResponse response;

    /** Lets time pass, from one firing of the response's timer to the next. */
    private int pass(int seconds) {
        long end = tasks.now + Duration.ofSeconds(seconds).toNanos();
        int ticks = 0;
        while (calls.isEmpty() && tasks.timerAt - end <= 0) {
            tasks.now = tasks.timerAt;
            tasks.timer.run();
            tasks.runAll();
            ticks++;
        }
        tasks.now = end;
        return ticks;
    }

    @Test
    void lease_isWarnedOfOnce_andEnds() {
        leased(100);
        pass(69);
        assertThat(output.written).isEmpty();
        pass(1);
        assertThat(output.written).containsExactly("expiring " + (START + 100_000));
        pass(29);
        assertThat(output.written).hasSize(1);
        pass(1);
        assertThat(output.written).containsExactly("expiring " + (START + 100_000), "end EXPIRED");
        assertThat(calls).containsExactly("complete");
        assertThat(bearers.leased()).isZero();
    }

    @Test
    void lease_isRenewed_andEachTokenIsWarnedOf() {
        Lease lease = leased(100);
        pass(80);
        lease.renew(token(100)); // from now on
        pass(69);
        assertThat(output.written).hasSize(1);
        pass(1);
        assertThat(output.written).containsExactly("expiring " + (START + 100_000), "expiring " + (START + 180_000));
        pass(30);
        assertThat(output.written).endsWith("end EXPIRED");
    }

    /** Both are good, so the response may go on as long as with the first; the timer need not be told. */
    @Test
    void lease_renewedByATokenThatEndsBefore_staysAsItIs() {
        Lease lease = leased(100);
        Token before = lease.token();
        lease.renew(token(10));
        assertThat(lease.token()).isSameAs(before);
        pass(99);
        assertThat(calls).isEmpty();
        pass(1);
        assertThat(calls).containsExactly("complete");
    }

    @Test
    void lease_renewedWhileTheSocketTakesNothing_isNotWarnedOfAnyMore() {
        Lease lease = leased(40);
        output.ready = false;
        publish(1);
        tasks.runAll(); // finds out that it is not
        pass(10);
        lease.renew(token(200));
        output.ready = true;
        response.onWritePossible();
        assertThat(output.written).containsExactly("1");
        pass(169);
        assertThat(output.written).containsExactly("1");
        pass(1);
        assertThat(output.written).hasSize(2);
    }

    /** What it had to say is said when the socket takes something again, in order; its end does not wait for ever. */
    @Test
    void lease_overWhileTheSocketTakesNothing_endsAtTheStallLimit_withoutSpinning() {
        leased(40);
        pass(35);
        output.ready = false;
        publish(1);
        tasks.runAll();
        int ticks = pass(60);
        assertThat(calls).containsExactly("complete");
        assertThat(output.written).containsExactly("expiring " + (START + 40_000));
        assertThat(ticks).isLessThan(10);
    }

    @Test
    void lease_revoked_endsAtOnce() {
        leased(100);
        publish(1);
        tasks.runAll();
        bearers.revokeSubject("bob");
        assertThat(calls).isEmpty();
        bearers.revokeSubject("ann");
        tasks.runAll();
        assertThat(output.written).containsExactly("1", "end EXPIRED");
        assertThat(bearers.leased()).isZero();
    }

    @Test
    void lease_revoked_andThenRenewed_endsAllTheSame() {
        Lease lease = leased(100);
        Token later = token(200);
        bearers.revokeToken(bearers.random(), START + 1_000_000); // somebody else's
        lease.renew(later);
        assertThat(calls).isEmpty();
        bearers.revokeKey("k1");
        tasks.runAll();
        assertThat(output.written).containsExactly("end EXPIRED");
    }

    /** The clock on the wall was put right by an hour: the response is not held for an hour more. */
    @Test
    void lease_ends_whenTheClockIsSet_withinAStallLimit() {
        leased(1800);
        pass(5);
        clockSet = Duration.ofHours(1).toMillis();
        pass((int) STALL.toSeconds());
        assertThat(output.written).endsWith("end EXPIRED");
    }

    // ---- the two sides

    private HeldResponse held(int backlog) {
        publish(backlog);
        HeldResponse held = new HeldResponse(holds, new Numbers());
        Subscriber subscriber = comet.attach(SubscribeOptions.of("c").withFrom(From.last(backlog)), held);
        held.start(subscriber, null, context(), output);
        tasks.runAll();
        return held;
    }

    private void publish(int messages) {
        for (int i = 0; i < messages; i++) {
            comet.publish("c", "");
        }
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toList();
    }

    private AsyncContext context() {
        return (AsyncContext) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {AsyncContext.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("complete")) {
                        completing.run();
                        calls.add("complete");
                    } else if (method.getName().equals("getResponse")) {
                        return Proxy.newProxyInstance( // to be told how long it is
                                getClass().getClassLoader(), new Class<?>[] {ServletResponse.class}, (r, m, a) -> null);
                    } else if (!method.getName().equals("addListener")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    return null;
                });
    }

    /** One write a message: its seq. */
    private static final class Numbers implements Framing {
        @Override
        public List<Header> headers() {
            return List.of();
        }

        @Override
        public boolean event(Event event, Subscriber at, Frames out) {
            out.add(event instanceof Message m ? Long.toString(m.seq()) : event.toString());
            return false;
        }

        @Override
        public void expiring(long endMillis, Frames out) {
            out.add("expiring " + endMillis);
        }

        @Override
        public Duration holdFor() {
            return Duration.ofHours(1);
        }

        @Override
        public CloseReason expiry() {
            return CloseReason.DONE;
        }

        @Override
        public void end(CloseReason reason, Subscriber at, Frames out) {
            out.clear();
            out.add("end " + reason);
        }
    }

    /** The socket of a client that takes everything at once. */
    private static final class Output extends ServletOutputStream {
        final List<String> written = new ArrayList<>();
        int flushed;
        int firstDepth;
        int deepest;
        volatile boolean ready = true;
        volatile boolean recycled;
        private int at;
        private Runnable then = () -> {};

        /** Has something happen inside the nth write. */
        void atWrite(int n, Runnable what) {
            at = n;
            then = what;
        }

        @Override
        public boolean isReady() {
            touched();
            return ready;
        }

        @Override
        public void setWriteListener(WriteListener listener) {}

        @Override
        public void write(byte[] bytes, int from, int length) {
            touched();
            written.add(new String(bytes, from, length, StandardCharsets.UTF_8));
            int depth = StackWalker.getInstance().walk(frames -> (int) frames.count());
            firstDepth = firstDepth == 0 ? depth : firstDepth;
            deepest = Math.max(deepest, depth);
            if (written.size() == at) {
                then.run();
            }
        }

        @Override
        public void write(int b) {
            throw new UnsupportedOperationException("one byte at a time: " + b);
        }

        @Override
        public void flush() {
            touched();
            flushed = written.size();
        }

        private void touched() {
            if (recycled) {
                throw new AssertionError("it is another request's by now");
            }
        }
    }

    private enum How {
        LATER,
        AT_ONCE,
        REFUSED,
        TAKEN_AND_REFUSED,
        DROPPED
    }

    /** A queue that the test works off, and one timer. */
    private static final class Tasks implements Scheduler {
        final Deque<Runnable> queue = new ArrayDeque<>();
        volatile How how = How.LATER;
        long now;
        volatile Runnable timer = () -> {};
        long timerAt;
        int refused;

        @Override
        public void execute(Runnable task) {
            switch (how) {
                case LATER -> queue.add(task);
                case AT_ONCE -> task.run();
                case REFUSED -> {
                    refused++;
                    throw new RejectedExecutionException("the pool is full");
                }
                case TAKEN_AND_REFUSED -> {
                    queue.add(task);
                    throw new RejectedExecutionException("the pool says so");
                }
                case DROPPED -> {}
            }
        }

        void runOne() {
            Runnable task = queue.poll();
            if (task != null) {
                task.run();
            }
        }

        void runAll() {
            while (!queue.isEmpty()) {
                runOne();
            }
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public long currentTimeMillis() {
            return 1_795_258_876_123L + now / 1_000_000;
        }

        @Override
        public Timer schedule(Runnable task, long delayNanos) {
            if (task.getClass().getName().startsWith(HeldResponse.class.getName())) {
                timer = task;
                timerAt = now + delayNanos;
            }
            return () -> true;
        }
    }
}
