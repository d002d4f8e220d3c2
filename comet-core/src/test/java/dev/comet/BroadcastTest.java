package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** One message for every channel that there is. */
class BroadcastTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet =
            Comet.builder().scheduler(time).listenerExecutor(time).build();

    @Test
    void reachesEveryChannel_asAMessageOfEach() {
        comet.publish("a", "x");
        Subscriber a = comet.attach(SubscribeOptions.of("a"), () -> {});
        Subscriber b = comet.attach(SubscribeOptions.of("b"), () -> {});
        assertThat(comet.broadcast(Draft.text("all").withType("alarm"))).isEqualTo(2);
        Seen seen = Seen.read(a, 10);
        assertThat(seen.words()).containsExactly("a2");
        Message m = (Message) seen.events.get(0);
        assertThat(m.kind()).isEqualTo(Message.Kind.BROADCAST);
        assertThat(m.type()).isEqualTo("alarm");
        assertThat(Seen.of(b)).containsExactly("b1");
        assertThat(comet.stats().published()).isEqualTo(3);
    }

    @Test
    void noChannels_nobody() {
        assertThat(comet.broadcast(Draft.text("x"))).isZero();
        assertThat(comet.channels()).isEmpty();
    }

    @Test
    void isReplayed_likeAnyMessage() {
        comet.channel("a");
        comet.broadcast(Draft.text("x"));
        assertThat(Seen.of(comet.attach(SubscribeOptions.of("a").withFrom(From.oldest()), () -> {})))
                .containsExactly("a1");
    }

    @Test
    void tooLarge_isRefused_forAll() {
        Comet small = Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .maxMessageBytes(2)
                .build();
        small.channel("a");
        assertRefused(Refusal.MESSAGE_TOO_LARGE, () -> small.broadcast(Draft.text("xxx")));
        assertThat(small.channel("a").nextSeq()).isEqualTo(1);
    }

    /** The race: a channel is removed between the look and the append. A broadcast is for those that are there. */
    @Test
    void channelRemovedMeanwhile_isNotCreatedAnew() {
        Log removing = new Log() {
            @Override
            public CompletionStage<Message> append(Channel channel, Message.Kind kind, Draft draft) {
                return CompletableFuture.completedFuture(appendAndWait(channel, kind, draft));
            }

            @Override
            public Message appendAndWait(Channel channel, Message.Kind kind, Draft draft) {
                if (channel.name().equals("b")) {
                    channel.remove();
                }
                return channel.feed.append(kind, draft);
            }
        };
        Comet hub = Comet.builder()
                .scheduler(time)
                .listenerExecutor(time)
                .log(removing)
                .build();
        hub.channel("a");
        hub.channel("b");
        assertThat(hub.broadcast(Draft.text("x"))).isEqualTo(1);
        assertThat(hub.find("b")).isEmpty();
        assertThat(hub.stats().published()).isEqualTo(1);
    }
}
