package dev.comet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.spi.SharedLog;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The contract with the least log that can be shared, which answers on a thread of its own; and hubs of it that lag. */
class SharedLogTest extends SharedLogContract {
    private final ModelLog.Store store = new ModelLog.Store();

    @Override
    protected SharedLog log() {
        return store.node();
    }

    @Override
    protected void forgetEverything() {
        store.forget();
    }

    @Test
    void cursorAheadOfTheHub_waitsUntilItHasCaughtUp_byVectorAndByNumber() throws Exception {
        for (boolean byNumber : new boolean[] {false, true}) {
            String channel = "a" + byNumber;
            Comet one = hub();
            ModelLog slow = store.node();
            Comet two = Comet.builder().log(slow).build();
            two.channel(channel);
            Reader reader = follow(one, From.latest(), channel);
            Semaphore goOn = slow.lag();
            one.publish(channel, "1");
            assertThat(reader.next(1)).hasSize(1);
            From ahead = reader.leave(byNumber);
            FutureTask<Reader> coming = new FutureTask<>(() -> follow(two, ahead, channel));
            Thread thread = new Thread(coming);
            thread.start();
            while (thread.getState() != Thread.State.WAITING) {
                assertThat(coming.isDone()).isFalse();
                Thread.onSpinWait();
            }
            goOn.release();
            Reader there = coming.get(10, TimeUnit.SECONDS);
            one.publish(channel, "2");
            assertThat(there.next(1)).containsExactly(channel + "2=2");
            two.close();
        }
    }
}
