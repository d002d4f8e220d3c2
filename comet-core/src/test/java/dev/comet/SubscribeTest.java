package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pull side: where a subscriber begins, what it is handed, and how it ends. */
class SubscribeTest {
    private final VirtualScheduler time = new VirtualScheduler();
    private final Comet comet = hub().build();

    private Comet.Builder hub() {
        return Comet.builder().scheduler(time).listenerExecutor(time);
    }

    private Subscriber attach(From from, String... channels) {
        return attach(comet, from, channels);
    }

    private static Subscriber attach(Comet hub, From from, String... channels) {
        return hub.attach(SubscribeOptions.of(channels).withFrom(from), () -> {});
    }

    private void publish(String... channels) {
        for (String channel : channels) {
            comet.publish(channel, "x");
        }
    }

    // ---- where it begins

    @Test
    void latest_whatIsPublishedFromNowOn() {
        publish("a", "a");
        Subscriber s = attach(From.latest(), "a");
        assertThat(Seen.of(s)).isEmpty();
        publish("a");
        assertThat(Seen.of(s)).containsExactly("a3");
        assertThat(Seen.of(s)).isEmpty();
    }

    @Test
    void oldest_allThatHistoryHolds() {
        Comet hub = hub().historyMessages(3).build();
        IntStream.range(0, 5).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(attach(hub, From.oldest(), "a"))).containsExactly("a3", "a4", "a5");
    }

    @Test
    void lastN_soManyOfEachChannel_orWhatThereIs() {
        publish("a", "b", "a", "a");
        assertThat(Seen.of(attach(From.last(2), "a", "b"))).containsExactly("b1", "a2", "a3");
        assertThat(Seen.of(attach(From.last(0), "a", "b"))).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> From.last(-1)).withMessageContaining("-1");
    }

    @Test
    void cursor_goesOnExactlyThere() {
        publish("a", "a", "a");
        Subscriber s = attach(From.oldest(), "a");
        Seen seen = Seen.read(s, 2);
        assertThat(seen.words()).containsExactly("a1", "a2");
        assertThat(seen.result).isEqualTo(Subscriber.Read.MORE);
        assertThat(Seen.of(attach(From.cursor(s.cursor()), "a"))).containsExactly("a3");
        assertThat(s.cursor()).isEqualTo(((Message) seen.events.get(1)).cursor());
    }

    @Test
    void cursorOfTheNextMessage_isNotAReset() {
        publish("a");
        Subscriber s = attach(From.cursor(attach(From.latest(), "a").cursor()), "a");
        assertThat(Seen.of(s)).isEmpty();
        publish("a");
        assertThat(Seen.of(s)).containsExactly("a2");
    }

    @Test
    void cursorDuringTheSink_isThePlaceAfterTheEventInHand() {
        publish("a", "b", "a", "b");
        Subscriber s = attach(From.oldest(), "a", "b");
        s.read(event -> {
            List<String> rest = Seen.of(attach(From.cursor(s.cursor()), "a", "b"));
            assertThat(rest).hasSize((int) (4 - indexOf((Message) event)));
            return true;
        });
    }

    private static long indexOf(Message m) {
        return m.channel().equals("a") ? 2 * m.seq() - 1 : 2 * m.seq();
    }

    @Test
    void afterId_overAllChannels() {
        publish("a", "b");
        long id = comet.publish("a", "x").id();
        publish("b", "a", "c");
        assertThat(Seen.of(attach(From.afterId(id), "a", "b", "c"))).containsExactly("b2", "a3", "c1");
        assertThat(Seen.of(attach(From.afterId(comet.lastId()), "a", "b", "c"))).isEmpty();
        assertThat(Seen.of(attach(From.afterId(0), "a"))).containsExactly("a1", "a2", "a3");
        assertThatIllegalArgumentException().isThrownBy(() -> From.afterId(-1)).withMessageContaining("-1");
    }

    @Test
    void afterId_ofALaterTimeThanOurs_isAReset() {
        publish("a", "a");
        Subscriber s = attach(From.afterId(comet.lastId() + 1), "a");
        assertThat(s.idCursor()).isZero();
        assertThat(Seen.of(s)).containsExactly("a:reset-0", "a1", "a2");
        assertThat(s.idCursor()).isEqualTo(comet.lastId());
    }

    @Test
    void afterId_ofWhatHistoryHasLost_isTold() {
        Comet hub = hub().historyMessages(2).liveWindow(1).build();
        long id = hub.publish("a", "x").id();
        IntStream.range(0, 2).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(attach(hub, From.afterId(id), "a")))
                .as("nothing lost yet")
                .containsExactly("a2", "a3");
        hub.publish("a", "x");
        assertThat(Seen.of(attach(hub, From.afterId(id), "a"))).containsExactly("a:0-2", "a3", "a4");
    }

    @Test
    void idCursor_whoHasReadNothing_missesNothingByIt() {
        publish("a");
        Subscriber s = attach(From.latest(), "a", "b");
        publish("b");
        assertThat(Seen.of(attach(From.afterId(s.idCursor()), "a", "b"))).containsExactly("b1");
    }

    @Test
    void idCursor_afterAnEmptyPass_isTheHubsNumber() {
        publish("a", "other", "other");
        Subscriber s = attach(From.oldest(), "a", "b");
        Seen.of(s);
        assertThat(s.idCursor()).isEqualTo(comet.lastId());
        Subscriber one = attach(From.oldest(), "a");
        assertThat(one.idCursor()).as("it has something to read").isZero();
        Seen.of(one);
        assertThat(one.idCursor()).isEqualTo(comet.lastId());
    }

    @Test
    void cursorOtherwise_mustBeAPlaceOfItsOwn() {
        Cursor cursor = Cursor.of(1, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> From.cursor(cursor, From.afterId(5)));
        assertThatIllegalArgumentException().isThrownBy(() -> From.cursor(cursor, From.cursor(cursor)));
    }

    // ---- what is lost is told

    @Test
    void lapped_isToldExactly_fromTo() {
        Comet hub = hub().historyMessages(3).liveWindow(1).build();
        Subscriber s = attach(hub, From.latest(), "a");
        IntStream.range(0, 4).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(s)).containsExactly("a:1-1", "a2", "a3", "a4");
        IntStream.range(0, 10).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(s)).containsExactly("a:5-11", "a12", "a13", "a14");
        assertThat(hub.stats().lost()).isEqualTo(8);
    }

    @Test
    void lapped_amongSeveral_isToldBeforeTheNextMessageOfThatChannel() {
        Comet hub = hub().historyMessages(2).liveWindow(1).build();
        Subscriber s = attach(hub, From.latest(), "a", "b");
        hub.publish("b", "x");
        IntStream.range(0, 4).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(s)).containsExactly("a:1-2", "b1", "a3", "a4");
    }

    @Test
    void lappedBetweenTwoReadsOfOnePass_isTold() {
        Comet hub = hub().historyMessages(2).liveWindow(1).build();
        Subscriber s = attach(hub, From.latest(), "a", "b");
        hub.publish("a", "x");
        hub.publish("a", "x");
        hub.publish("b", "x");
        assertThat(Seen.read(s, 1).words()).containsExactly("a1");
        IntStream.range(0, 3).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(s)).containsExactly("a:2-3", "b1", "a4", "a5");
    }

    /** A poll whose wire has no gaps ends before one that comes after its messages: whoever comes back is told, once. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "a b"})
    void gapThatTheSinkLeaves_isNotCounted_andStillThereAtTheNextRead(String channels) {
        Comet hub = hub().historyMessages(2).liveWindow(1).build();
        Subscriber s = attach(hub, From.latest(), channels.split(" "));
        hub.publish("a", "x");
        hub.publish("a", "x");
        List<Event> taken = new ArrayList<>();
        Subscriber.Read end = s.read(new Sink() {
            @Override
            public boolean accept(Event event) {
                IntStream.range(0, 4).forEach(i -> hub.publish("a", "x")); // 2 to 4 go
                return taken.add(event);
            }

            @Override
            public boolean takesGaps() {
                return taken.isEmpty();
            }
        });
        assertThat(end).isEqualTo(Subscriber.Read.MORE);
        assertThat(taken).hasSize(1);
        assertThat(hub.stats().lost()).isZero();
        assertThat(Seen.of(s)).containsExactly("a:2-4", "a5", "a6");
        assertThat(hub.stats().lost()).isEqualTo(3);
    }

    /**
     * The race: a message comes, and its wake, while the sink wants no more; a transport whose socket is full ignores such a
     * wake, for it will read anyway. Then that read must find the message, and not only what was there at the first one.
     */
    @Test
    void publishedWhileTheSinkWantedNoMore_isFoundByTheNextRead() {
        Subscriber s = attach(From.latest(), "a", "b");
        publish("a", "b");
        assertThat(Seen.read(s, 1).words()).containsExactly("a1");
        publish("b", "a");
        assertThat(Seen.of(s)).containsExactly("b1", "b2", "a2");
    }

    @Test
    void removedWhileTheSinkWantedNoMore_theNextReadFindsTheEnd() {
        Subscriber s = attach(From.latest(), "a", "b");
        publish("a");
        assertThat(Seen.read(s, 1).words()).containsExactly("a1");
        publish("b");
        comet.remove("a");
        Seen seen = Seen.read(s, 10);
        assertThat(seen.words()).containsExactly("b1");
        assertThat(seen.result).isEqualTo(Subscriber.Read.CLOSED);
    }

    @Test
    void anEarlierLife_isAReset_andGoesOnAtTheOldest() {
        Cursor old = comet.publish("a", "x").cursor();
        comet.remove("a");
        publish("a", "a");
        Subscriber s = attach(From.cursor(old), "a");
        assertThat(Seen.of(s)).containsExactly("a:reset-0", "a1", "a2");
        publish("a");
        assertThat(Seen.of(s)).containsExactly("a3");
        assertThat(comet.stats().resets()).isEqualTo(1);
    }

    @Test
    void reset_saysWhatOfThisLifeIsGone() {
        Comet hub = hub().historyMessages(1).liveWindow(1).build();
        IntStream.range(0, 5).forEach(i -> hub.publish("a", "x"));
        assertThat(Seen.of(attach(hub, From.cursor(Cursor.of(0, 1)), "a"))).containsExactly("a:reset-4", "a5");
    }

    @Test
    void aNumberThatTheChannelHasNotReached_isAReset() {
        publish("a");
        int epoch = comet.channel("a").epoch();
        assertThat(Seen.of(attach(From.cursor(Cursor.of(epoch, 3)), "a"))).containsExactly("a:reset-0", "a1");
    }

    /** A client that leaves before it was told must be told when it comes back. */
    @Test
    void reset_whoLeavesBeforeItWasTold_isToldAgain() {
        Cursor old = comet.publish("a", "x").cursor();
        comet.remove("a");
        publish("a", "a");
        Subscriber untold = attach(From.cursor(old), "a");
        Subscriber again = attach(From.cursor(Cursor.parse(untold.cursor().toString())), "a");
        assertThat(Seen.read(again, 1).words()).containsExactly("a:reset-0");
        assertThat(Seen.of(attach(From.cursor(again.cursor()), "a"))).containsExactly("a1", "a2");
    }

    @Test
    void reset_ofSeveral_whoLeavesBeforeItWasTold_isToldAgain() {
        publish("a", "b");
        Cursor old = attach(From.latest(), "a", "b").cursor();
        comet.remove("a");
        comet.remove("b");
        publish("a", "b");
        Subscriber half = attach(From.cursor(old), "a", "b");
        Seen seen = Seen.read(half, 1);
        assertThat(seen.words()).hasSize(1).first().asString().contains(":reset-0");
        String told = seen.events.get(0).channel();
        String untold = told.equals("a") ? "b" : "a";
        assertThat(Seen.of(attach(From.cursor(half.cursor()), "a", "b")))
                .containsExactlyInAnyOrder(untold + ":reset-0", "a1", "b1");
    }

    // ---- several channels

    @Test
    void several_comeInTheOrderOfTheirIds() {
        Subscriber s = attach(From.latest(), "a", "b", "c");
        publish("c", "a", "b", "b", "a", "c");
        assertThat(Seen.of(s)).containsExactly("c1", "a1", "b1", "b2", "a2", "c2");
    }

    /** What comes during a pass has a pass of its own, and a signal of its own. */
    @Test
    void publishedDuringAPass_comesWithTheNext() {
        Subscriber s = attach(From.latest(), "a", "b");
        publish("a");
        Seen seen = new Seen();
        assertThat(s.read(event -> {
                    publish("b");
                    return seen.accept(event);
                }))
                .isEqualTo(Subscriber.Read.EMPTY);
        assertThat(seen.words()).containsExactly("a1");
        assertThat(Seen.of(s)).containsExactly("b1");
    }

    @Test
    void namedTwice_isFollowedOnce() {
        Subscriber s = attach(From.latest(), "a", "b", "a");
        publish("a");
        assertThat(Seen.of(s)).containsExactly("a1");
        assertThat(comet.channel("a").subscribers()).isEqualTo(1);
    }

    @Test
    void vectorCursor_goesOnInAllOfThem_whateverTheOrder() {
        publish("a", "b", "c");
        Cursor cursor = attach(From.latest(), "a", "b", "c").cursor();
        publish("b", "a", "c", "b");
        assertThat(Seen.of(attach(From.cursor(cursor), "c", "a", "b"))).containsExactly("b2", "a2", "c2", "b3");
        assertThat(Seen.of(attach(From.cursor(cursor), "b"))).containsExactly("b2", "b3");
    }

    @Test
    void channelsThatACursorDoesNotName_startAtFrom() {
        publish("a", "b", "c");
        Cursor ab = attach(From.latest(), "a", "b").cursor();
        publish("a", "b", "c");
        assertThat(Seen.of(attach(From.cursor(ab), "a", "b", "c"))).containsExactly("a2", "b2");
        assertThat(Seen.of(attach(From.cursor(ab, From.oldest()), "a", "b", "c")))
                .containsExactly("c1", "a2", "b2", "c2");
        assertThat(Seen.of(attach(From.cursor(ab, From.last(1)), "a", "c"))).containsExactly("a2", "c2");
    }

    @Test
    void aVectorCursorThatNamesNoneOfThem_isNoReset() {
        publish("a", "b", "c", "d");
        Cursor ab = attach(From.latest(), "a", "b").cursor();
        assertThat(Seen.of(attach(From.cursor(ab), "c", "d"))).isEmpty();
        assertThat(Seen.of(attach(From.cursor(ab, From.oldest()), "c", "d"))).containsExactly("c1", "d1");
        assertThat(Seen.of(attach(From.cursor(ab), "c"))).isEmpty();
    }

    @Test
    void aSingleCursorForSeveral_speaksOfTheChannelWithItsEpoch() {
        publish("a", "a", "b", "b");
        Cursor a2 = Cursor.of(comet.channel("a").epoch(), 2);
        assertThat(Seen.of(attach(From.cursor(a2), "a", "b"))).containsExactly("a2");
        assertThat(Seen.of(attach(From.cursor(a2, From.oldest()), "b", "a"))).containsExactly("a2", "b1", "b2");
    }

    @Test
    void aSingleCursorForSeveral_whoseLifeIsOver_isAResetOfAll() {
        publish("a", "b");
        Cursor old = attach(From.latest(), "a").cursor();
        comet.remove("a");
        publish("a");
        assertThat(Seen.of(attach(From.cursor(old), "a", "b")))
                .containsExactlyInAnyOrder("a:reset-0", "b:reset-0", "b1", "a1");
    }

    @Test
    void aCursorOfOne_shownForAnotherOne_isAReset() {
        Cursor a = comet.publish("a", "x").cursor();
        publish("b");
        assertThat(Seen.of(attach(From.cursor(a), "b"))).containsExactly("b:reset-0", "b1");
    }

    // ---- limits

    @Test
    void tooManyChannelsAsked() {
        Comet hub = hub().maxChannelsPerRequest(2).build();
        assertRefused(Refusal.TOO_MANY_CHANNELS_ASKED, () -> attach(hub, From.latest(), "a", "b", "c"));
        assertThat(hub.channels()).isEmpty();
        attach(hub, From.latest(), "a", "b");
    }

    @Test
    void tooManySubscribers_andRoomAgainWhenOneLeaves() {
        Comet hub = hub().maxSubscribers(2).build();
        Subscriber first = attach(hub, From.latest(), "a");
        attach(hub, From.latest(), "b");
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS, () -> attach(hub, From.latest(), "a"));
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS, () -> attach(hub, From.latest(), "c"));
        assertThat(hub.find("c")).isEmpty();
        first.close(CloseReason.DONE);
        first.close(CloseReason.DONE);
        attach(hub, From.latest(), "a");
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS, () -> attach(hub, From.latest(), "a"));
    }

    @Test
    void tooManyOnAChannel_leavesTheOthersAlone() {
        Comet hub = hub().maxSubscribersPerChannel(1).build();
        Subscriber first = attach(hub, From.latest(), "a");
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL, () -> attach(hub, From.latest(), "b", "a"));
        assertThat(hub.channel("b").subscribers()).isZero();
        assertThat(hub.stats().subscribers()).isEqualTo(1);
        attach(hub, From.latest(), "b");
        first.close(CloseReason.DONE);
        attach(hub, From.latest(), "a");
    }

    /** The number of a reader whose channel has ended must not be beyond what its next life begins with. */
    @Test
    void idCursor_ofAnEndedLife_missesNothingOfTheNext() {
        for (String[] channels : new String[][] {{"a"}, {"a", "b"}}) {
            publish("a", "b");
            Subscriber s = attach(From.oldest(), channels);
            comet.remove("a");
            publish("b", "a", "b");
            Seen.of(s);
            assertThat(Seen.of(attach(From.afterId(s.idCursor()), channels)))
                    .as(String.join(",", channels))
                    .contains("a1");
            comet.remove("a");
            comet.remove("b");
        }
    }

    // ---- a seq without an epoch

    @Test
    void fromSeq_goesOnThere_orTellsWhatIsGone() {
        Comet hub = hub().historyMessages(3).build();
        for (int i = 0; i < 5; i++) {
            hub.publish("a", "x");
        }
        assertThat(Seen.of(fromSeq(hub, 4))).containsExactly("a4", "a5");
        assertThat(Seen.of(fromSeq(hub, 1))).containsExactly("a:1-2", "a3", "a4", "a5");
        Subscriber upToDate = fromSeq(hub, 6);
        assertThat(Seen.of(upToDate)).isEmpty();
        assertThat(upToDate.nextSeq()).isEqualTo(6);
        Subscriber ahead = fromSeq(hub, 7);
        assertThat(Seen.of(ahead)).containsExactly("a:reset-5");
        hub.publish("a", "x");
        assertThat(Seen.of(ahead)).containsExactly("a6");
        assertThat(Seen.of(upToDate)).containsExactly("a6");
    }

    private static Subscriber fromSeq(Comet hub, long seq) {
        return hub.attach(SubscribeOptions.of("a").withFrom(From.seq(seq)), () -> {});
    }

    @Test
    void ownLimitOfSubscribers_countsBesideTheHubs() {
        Comet hub = hub().maxSubscribersPerChannel(2).build();
        SubscribeOptions one = SubscribeOptions.of("a").withMaxSubscribersPerChannel(1);
        hub.attach(one, () -> {});
        assertRefused(Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL, () -> hub.attach(one, () -> {}));
        hub.attach(SubscribeOptions.of("a").withMaxSubscribersPerChannel(5), () -> {});
        assertRefused(
                Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL,
                () -> hub.attach(SubscribeOptions.of("a").withMaxSubscribersPerChannel(5), () -> {}));
    }

    /** Refusals of every later kind must give the address its place back, or an office is locked out for ever. */
    @Test
    void tooManyFromAnAddress_countsAreExact_alsoAfterRefusals() {
        Comet hub = hub().maxSubscribersPerAddress(2)
                .maxSubscribersPerChannel(1)
                .maxChannels(3)
                .build();
        SubscribeOptions a = SubscribeOptions.of("a").withAddress("10.0.0.1");
        Subscriber first = hub.attach(a, () -> {});
        for (int i = 0; i < 5; i++) {
            assertRefused(Refusal.TOO_MANY_SUBSCRIBERS_ON_CHANNEL, () -> hub.attach(a, () -> {}));
            assertRefused(
                    Refusal.BAD_CHANNEL,
                    () -> hub.attach(SubscribeOptions.of("a/").withAddress("10.0.0.1"), () -> {}));
            assertRefused(
                    Refusal.UNKNOWN_CHANNEL,
                    () -> hub.attach(
                            SubscribeOptions.of("unknown")
                                    .withAddress("10.0.0.1")
                                    .withExistingOnly(),
                            () -> {}));
        }
        Subscriber second = hub.attach(SubscribeOptions.of("b").withAddress("10.0.0.1"), () -> {});
        for (int i = 0; i < 5; i++) {
            assertRefused(
                    Refusal.TOO_MANY_SUBSCRIBERS_FROM_ADDRESS,
                    () -> hub.attach(SubscribeOptions.of("c").withAddress("10.0.0.1"), () -> {}));
        }
        hub.attach(SubscribeOptions.of("c").withAddress("10.0.0.2"), () -> {});
        first.close(CloseReason.DONE);
        second.close(CloseReason.DONE);
        hub.attach(a, () -> {});
        hub.attach(SubscribeOptions.of("b").withAddress("10.0.0.1"), () -> {});
        assertThat(hub.stats().subscribers()).isEqualTo(3);
    }

    @Test
    void existingOnly_doesNotCreate() {
        assertRefused(
                Refusal.UNKNOWN_CHANNEL,
                () -> comet.attach(SubscribeOptions.of("a").withExistingOnly(), () -> {}));
        assertThat(comet.find("a")).isEmpty();
        publish("a");
        comet.attach(SubscribeOptions.of("a").withExistingOnly(), () -> {});
    }

    @Test
    void creatingOptions_areThoseOfTheNewChannel() {
        ChannelOptions options = ChannelOptions.DEFAULT.withHistoryMessages(3);
        comet.attach(SubscribeOptions.of("a").withChannelOptions(options), () -> {});
        assertThat(comet.channel("a").options()).isEqualTo(options);
    }

    @Test
    void noChannelAtAll_isRefused() {
        assertRefused(Refusal.BAD_CHANNEL, () -> SubscribeOptions.of());
        assertRefused(Refusal.BAD_CHANNEL, () -> SubscribeOptions.of(List.of()));
    }

    // ---- the end

    @Test
    void channelRemoved_theRestIsRead_thenClosed() {
        int[] woken = new int[1];
        Subscriber s = comet.attach(SubscribeOptions.of("a"), () -> woken[0]++);
        publish("a", "a");
        comet.remove("a");
        time.runReady();
        assertThat(woken[0]).isPositive();
        Seen seen = Seen.read(s, 1);
        assertThat(seen.words()).containsExactly("a1");
        assertThat(seen.result).isEqualTo(Subscriber.Read.MORE);
        seen = Seen.read(s, 10);
        assertThat(seen.words()).containsExactly("a2");
        assertThat(seen.result).isEqualTo(Subscriber.Read.CLOSED);
        assertThat(s.ending()).contains(CloseReason.CLOSED);
        assertThat(s.isClosed()).isFalse();
        s.close(CloseReason.CLOSED);
        assertThat(s.isClosed()).isTrue();
    }

    @Test
    void oneOfSeveralRemoved_theRestOfAllIsRead_thenClosed() {
        Subscriber s = attach(From.latest(), "a", "b");
        publish("a", "b", "a");
        comet.remove("a");
        Seen seen = Seen.read(s, 100);
        assertThat(seen.words()).containsExactly("a1", "b1", "a2");
        assertThat(seen.result).isEqualTo(Subscriber.Read.CLOSED);
    }

    /**
     * The race: a pass over a and b reads the hub's id, then looks at b; meanwhile a gets its last message, with a greater id,
     * and is removed; then the pass finds a closed. That message is not this pass's, so this pass must not be the last.
     */
    @Test
    void lastMessageAndRemovalDuringTheBeginningOfAPass_theMessageIsNotLost() throws InterruptedException {
        Subscriber s = attach(From.latest(), "a", "b");
        Feed looksFirst = comet.channel("b").feed;
        Seen seen = new Seen();
        Thread reader = new Thread(() -> {
            while (s.read(seen) != Subscriber.Read.CLOSED) {
                Thread.onSpinWait();
            }
        });
        synchronized (looksFirst) {
            reader.start();
            while (reader.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
            }
            publish("a");
            comet.remove("a");
        }
        reader.join();
        assertThat(seen.words()).containsExactly("a1");
    }

    @Test
    void ended_readsNothingMore_andTheFirstReasonCounts() {
        int[] woken = new int[1];
        Subscriber s = comet.attach(SubscribeOptions.of("a"), () -> woken[0]++);
        publish("a");
        woken[0] = 0;
        s.end(CloseReason.STALLED);
        s.end(CloseReason.EXPIRED);
        assertThat(woken[0]).isEqualTo(1);
        Seen seen = Seen.read(s, 10);
        assertThat(seen.events).isEmpty();
        assertThat(seen.result).isEqualTo(Subscriber.Read.CLOSED);
        assertThat(s.ending()).contains(CloseReason.STALLED);
        assertThat(comet.channel("a").subscribers())
                .as("it leaves when its owner closes it")
                .isEqualTo(1);
        s.close(CloseReason.STALLED);
        assertThat(comet.channel("a").subscribers()).isZero();
        s.end(CloseReason.DONE);
        assertThat(woken[0]).isEqualTo(1);
    }

    @Test
    void endedWhileItReads_stopsThere() {
        Subscriber one = attach(From.latest(), "a");
        Subscriber two = attach(From.latest(), "a", "b");
        publish("a", "a", "b");
        for (Subscriber s : List.of(one, two)) {
            Seen seen = new Seen();
            assertThat(s.read(event -> {
                        s.end(CloseReason.REPLACED);
                        return seen.accept(event);
                    }))
                    .isEqualTo(Subscriber.Read.CLOSED);
            assertThat(seen.words()).containsExactly("a1");
            assertThat(s.cursor().toString()).isNotEmpty();
        }
        assertThat(Seen.of(attach(From.cursor(one.cursor()), "a"))).containsExactly("a2");
    }

    @Test
    void closed_isCountedOnce_andLeavesAtOnce() {
        Subscriber s = attach(From.latest(), "a", "b");
        s.close(CloseReason.DISCONNECTED);
        s.close(CloseReason.DONE);
        assertThat(s.ending()).contains(CloseReason.DISCONNECTED);
        assertThat(comet.stats().subscribers()).isZero();
        assertThat(comet.stats().closes()).containsExactly(java.util.Map.entry("disconnected", 1L));
        assertThat(comet.channel("a").subscribers() + comet.channel("b").subscribers())
                .isZero();
    }

    @Test
    void everyReason_hasItsWord() {
        assertThat(CloseReason.values())
                .extracting(CloseReason::word)
                .contains("closed", "shutdown", "expired", "max-age", "replaced", "stalled")
                .allMatch(word -> word.matches("[a-z-]+"));
    }

    @Test
    void wallClockGoesBack_nothingChanges() {
        Subscriber s = attach(From.latest(), "a", "b");
        publish("a");
        time.shiftWallClock(Duration.ofDays(-400));
        publish("b", "a");
        assertThat(Seen.of(s)).containsExactly("a1", "b1", "a2");
    }
}
