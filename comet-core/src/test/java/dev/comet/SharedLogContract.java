package dev.comet;

import static dev.comet.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.spi.SharedLog;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What hubs that share a log promise: the same channels, numbers and order on each. For any such log. */
public abstract class SharedLogContract {
    private final List<Comet> hubs = new ArrayList<>();

    /** A log for one hub more, on the store that all hubs of this test share. */
    protected abstract SharedLog log();

    /** Has the store lose all that it holds, as a server that is replaced by an empty one; returns when it is there again. */
    protected abstract void forgetEverything();

    /** One hub more. */
    protected Comet hub() {
        return hub(Comet.builder());
    }

    /** One hub more, with other than the default settings. */
    protected Comet hub(Comet.Builder settings) {
        Comet hub = settings.log(log()).build();
        hubs.add(hub);
        return hub;
    }

    @AfterEach
    void closeHubs() {
        hubs.forEach(Comet::close);
        hubs.clear();
    }

    /** A subscriber that is read whenever it is woken. <i>Owned by the test's thread.</i> */
    protected static final class Reader {
        private final Semaphore woken;
        private final Subscriber subscriber;
        private final List<String> seen = new ArrayList<>();

        Reader(Comet hub, From from, String... channels) {
            this(hub, SubscribeOptions.of(channels).withFrom(from));
        }

        Reader(Comet hub, SubscribeOptions options) {
            woken = new Semaphore(1);
            subscriber = hub.attach(options, woken::release);
        }

        Reader(Subscriber subscriber, Semaphore woken) {
            this.subscriber = subscriber;
            this.woken = woken;
        }

        /** Reads until it has been handed so many events, or for ten seconds; what it was handed since the last call. */
        List<String> next(int events) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            try {
                while (seen.size() < events && woken.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    woken.drainPermits();
                    read();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            List<String> handed = List.copyOf(seen);
            seen.clear();
            return handed;
        }

        Subscriber.Read read() {
            Seen now = Seen.read(subscriber, Integer.MAX_VALUE);
            now.events.forEach(e -> seen.add(word(e)));
            return now.result;
        }

        private static String word(Event event) {
            if (event instanceof Message m
                    && (m.kind() == Message.Kind.MESSAGE || m.kind() == Message.Kind.BROADCAST)) {
                return m.channel() + m.seq() + "=" + m.payload();
            }
            boolean signs = event instanceof Message m && m.attributes().containsKey("sign");
            return Seen.word(event) + (signs ? " signs" : "");
        }

        /** Ends, as a session's poll that was answered. */
        void commit(Session session) {
            session.commit(subscriber, subscriber.cursor());
            subscriber.close(CloseReason.DONE);
        }

        /** Leaves, and says where it is: by the vector, or by the single number. */
        From leave(boolean byNumber) {
            From place = byNumber ? From.afterId(subscriber.idCursor()) : From.cursor(subscriber.cursor());
            subscriber.close(CloseReason.DONE);
            return place;
        }
    }

    /** Follows channels. */
    protected static Reader follow(Comet hub, From from, String... channels) {
        return new Reader(hub, from, channels);
    }

    // ---- publish

    @Test
    void publish_isSeenOnEveryHub() {
        Comet one = hub();
        Comet two = hub();
        Reader here = follow(one, From.latest(), "a");
        Reader there = follow(two, From.latest(), "a");
        one.publish("a", "x");
        two.publish("a", "y");
        assertThat(here.next(2)).containsExactly("a1=x", "a2=y");
        assertThat(there.next(2)).containsExactly("a1=x", "a2=y");
    }

    @Test
    void publish_keepsTypeAttributesAndKind() throws Exception {
        Comet one = hub();
        Comet two = hub();
        CompletableFuture<Message> got = new CompletableFuture<>();
        two.subscribe("a", got::complete);
        Message sent =
                one.publish("a", Draft.json("{\"ä\":\"€😀\"}").withType("tick").withAttribute("sender", "änn\n"));
        Message seen = got.get(10, TimeUnit.SECONDS);
        assertThat(seen.payload()).isEqualTo("{\"ä\":\"€😀\"}");
        assertThat(seen.isJson()).isTrue();
        assertThat(seen.type()).isEqualTo("tick");
        assertThat(seen.attributes()).containsExactly(Map.entry("sender", "änn\n"));
        assertThat(seen.kind()).isEqualTo(Message.Kind.MESSAGE);
        assertThat(List.of(seen.epoch(), seen.seq(), seen.id(), seen.timeMillis()))
                .isEqualTo(List.of(sent.epoch(), sent.seq(), sent.id(), sent.timeMillis()));
    }

    @Test
    void publisher_followsNothing() {
        Comet one = hub();
        Message first = one.publish("a", "x");
        Message second =
                one.publishAsync("a", Draft.text("y")).toCompletableFuture().join();
        assertThat(second.seq()).isEqualTo(first.seq() + 1);
        assertThat(second.id()).isGreaterThan(first.id());
        assertThat(second.epoch()).isEqualTo(first.epoch());
        assertThat(one.channels()).isEmpty();
        assertThat(one.stats().published()).isEqualTo(2);
    }

    @Test
    void publishersOnAllHubs_oneOrder_onEveryHub() {
        List<Comet> three = Stream.generate(() -> hub(Comet.builder().liveWindow(300)))
                .limit(3)
                .toList();
        List<Reader> readers =
                three.stream().map(hub -> follow(hub, From.oldest(), "a")).toList();
        IntStream.range(0, 300)
                .mapToObj(i -> three.get(i % 3).publishAsync("a", Draft.text("" + i)))
                .toList()
                .forEach(m -> m.toCompletableFuture().join());
        List<String> first = readers.get(0).next(300);
        assertThat(first).hasSize(300);
        IntStream.range(0, 300).forEach(i -> assertThat(first.get(i)).startsWith("a" + (i + 1) + "="));
        assertThat(readers.get(1).next(300)).isEqualTo(first);
        assertThat(readers.get(2).next(300)).isEqualTo(first);
    }

    @Test
    void publish_toABadName_isRefused_andNothingIsCreated() {
        Comet one = hub();
        assertRefused(Refusal.BAD_CHANNEL, () -> one.publish("a/b", "x"));
        assertRefused(Refusal.BAD_CHANNEL, () -> one.channel("a/b"));
        assertThat(one.publishAsync("a/b", Draft.text("x"))).isCompletedExceptionally();
    }

    @Test
    void broadcast_reachesEveryChannel_alsoThoseThatNobodyFollows() {
        Comet one = hub();
        Comet two = hub();
        Reader a = follow(one, From.latest(), "a");
        two.publish("b", "x");
        assertThat(two.broadcast(Draft.text("all"))).isEqualTo(2);
        assertThat(a.next(1)).containsExactly("a1=all");
        assertThat(follow(one, From.oldest(), "b").next(2)).containsExactly("b1=x", "b2=all");
    }

    // ---- follow

    @Test
    void newcomer_onAnotherHub_isReplayedTheHistory() {
        Comet one = hub(Comet.builder().historyMessages(3).liveWindow(1));
        IntStream.rangeClosed(1, 5).forEach(i -> one.publish("a", "" + i));
        Comet two = hub();
        assertThat(follow(two, From.oldest(), "a").next(3)).containsExactly("a3=3", "a4=4", "a5=5");
        assertThat(two.channel("a").options().historyMessages()).isEqualTo(3);
        assertThat(follow(two, From.last(1), "a").next(1)).containsExactly("a5=5");
        assertThat(follow(two, From.seq(2), "a").next(4)).containsExactly("a:2-2", "a3=3", "a4=4", "a5=5");
    }

    @Test
    void whoWandersBetweenHubs_seesEachMessageOnce() {
        for (boolean byNumber : new boolean[] {false, true}) {
            wander(byNumber, "a" + byNumber, "b" + byNumber);
        }
    }

    /** Publishers on all hubs; the reader is on another hub after each read, and may come there before the messages. */
    private void wander(boolean byNumber, String... channels) {
        List<Comet> three = List.of(hub(), hub(), hub());
        three.forEach(hub -> follow(hub, From.latest(), channels)); // so that channels are followed, and lag
        Random random = new Random(7);
        From place = From.oldest();
        List<String> seen = new ArrayList<>();
        List<String> published = new ArrayList<>();
        for (int round = 0; round < 100; round++) {
            for (int i = random.nextInt(5); i >= 0; i--) {
                Message m = three.get(random.nextInt(3)).publish(channels[random.nextInt(2)], "x");
                published.add(m.channel() + m.seq() + "=x");
            }
            Reader reader = follow(three.get(random.nextInt(3)), place, channels);
            reader.read();
            seen.addAll(reader.seen);
            place = reader.leave(byNumber);
        }
        Reader last = follow(three.get(0), place, channels);
        while (seen.size() < published.size()) {
            List<String> more = last.next(1);
            assertThat(more).as("lost after " + seen).isNotEmpty();
            seen.addAll(more);
        }
        assertThat(seen).containsExactlyElementsOf(published);
    }

    @Test
    void historyLost_isAGap_withExactEnds_onAnotherHub() {
        Comet one = hub(Comet.builder().historyMessages(2).liveWindow(1));
        Comet two = hub(Comet.builder().historyMessages(2).liveWindow(1));
        Reader reader = follow(one, From.latest(), "a");
        one.publish("a", "1");
        assertThat(reader.next(1)).containsExactly("a1=1");
        From number = From.afterId(reader.subscriber.idCursor());
        From vector = reader.leave(false);
        IntStream.rangeClosed(2, 5).forEach(i -> one.publish("a", "" + i));
        assertThat(follow(two, vector, "a").next(3)).containsExactly("a:2-3", "a4=4", "a5=5");
        assertThat(follow(two, number, "a").next(3)).containsExactly("a:0-3", "a4=4", "a5=5");
    }

    @Test
    void channelThatIsLeft_isNoLongerFollowed_andGoesOnElsewhere() {
        VirtualScheduler time = new VirtualScheduler();
        Comet one = hub(Comet.builder().scheduler(time).idleTimeout(Duration.ofSeconds(30)));
        Comet two = hub();
        one.publish("a", "x");
        From place = follow(one, From.latest(), "a").leave(false);
        time.advance(Duration.ofSeconds(61));
        assertThat(one.channels()).isEmpty();
        two.publish("a", "y");
        assertThat(follow(one, place, "a").next(1)).containsExactly("a2=y");
    }

    @Test
    void follow_withoutCreating_findsWhatAnotherHubHas() {
        Comet one = hub();
        Comet two = hub();
        SubscribeOptions found =
                SubscribeOptions.of("a").withFrom(From.oldest()).withExistingOnly();
        assertRefused(Refusal.UNKNOWN_CHANNEL, () -> two.attach(found, () -> {}));
        one.publish("a", "x");
        assertThat(Seen.of(two.attach(found, () -> {}))).containsExactly("a1");
    }

    @Test
    void create_whatAnotherHubHas_isRefused() {
        Comet one = hub();
        Comet two = hub();
        one.create("a", ChannelOptions.DEFAULT.withHistoryMessages(7));
        assertRefused(Refusal.EXISTS, () -> one.create("a", ChannelOptions.DEFAULT));
        assertRefused(Refusal.EXISTS, () -> two.create("a", ChannelOptions.DEFAULT));
        assertThat(two.channel("a").options().historyMessages()).isEqualTo(7);
        assertThat(two.channel("a").epoch()).isEqualTo(one.channel("a").epoch());
    }

    @Test
    void tooManyChannels_countsWhatIsFollowedHere() {
        Comet one = hub(Comet.builder().maxChannels(5));
        IntStream.range(0, 4).forEach(i -> follow(one, From.latest(), "c" + i));
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> follow(one, From.latest(), "c4"));
        assertThat(one.channelCount()).isEqualTo(4);
    }

    /** A publisher follows nothing, and so no hub's own count bounds it. */
    @Test
    void tooManyChannels_countsWhatThereIsOnAllHubs() {
        Comet one = hub(Comet.builder().maxChannels(5));
        Comet two = hub(Comet.builder().maxChannels(5));
        IntStream.range(0, 4).forEach(i -> one.publish("c" + i, "x"));
        assertRefused(
                Refusal.TOO_MANY_CHANNELS, () -> follow(two, From.latest(), "c4")); // the last fifth is for publishers
        two.publish("c4", "x");
        assertRefused(Refusal.TOO_MANY_CHANNELS, () -> two.publish("c5", "x"));
        one.publish("c4", "y");
        assertThat(follow(two, From.oldest(), "c4").next(2)).containsExactly("c41=x", "c42=y");
        assertThat(two.remove("c0")).isTrue();
        one.publish("c5", "x");
    }

    // ---- the end of a life

    @Test
    void remove_endsTheChannelOnEveryHub_andWhatComesLaterIsAnother() {
        Comet one = hub();
        Comet two = hub();
        Reader reader = follow(two, From.oldest(), "a");
        one.publish("a", "x");
        assertThat(reader.next(1)).containsExactly("a1=x");
        From place = From.cursor(reader.subscriber.cursor());
        assertThat(one.channel("a").remove()).isTrue();
        awaitEnd(reader);
        one.publish("a", "y");
        assertThat(follow(two, place, "a").next(2)).containsExactly("a:reset-0", "a1=y");
    }

    private static void awaitEnd(Reader reader) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (reader.read() != Subscriber.Read.CLOSED) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** Whoever administers comes to any node. */
    @Test
    void findAndRemove_whatThisHubDoesNotFollow() {
        Comet one = hub();
        Comet two = hub();
        one.publish("a", "x");
        one.publish("b", "x");
        assertThat(two.find("a").orElseThrow().history()).hasSize(1);
        assertThat(two.remove("b")).isTrue();
        assertThat(one.find("b")).isEmpty();
        assertThat(two.find("c")).isEmpty();
        assertThat(two.find("no/name")).isEmpty();
        assertThat(two.remove("c")).isFalse();
    }

    @Test
    void clear_forgetsOnEveryHub() {
        Comet one = hub();
        Comet two = hub();
        Channel there = two.channel("a");
        one.publish("a", "x");
        Reader slow = follow(two, From.oldest(), "a");
        one.channel("a").clear();
        one.publish("a", "y");
        Reader after = follow(two, From.seq(2), "a");
        assertThat(after.next(1)).containsExactly("a2=y");
        assertThat(slow.next(2)).containsExactly("a:1-1", "a2=y");
        assertThat(there.history()).hasSize(1);
    }

    // ---- what was lost

    @Test
    void storeForgets_subscribersStay_andAreToldOfAReset() {
        Comet one = hub();
        Comet two = hub();
        Reader a = follow(one, From.latest(), "a");
        Reader both = follow(two, From.latest(), "a", "b");
        one.publish("a", "1");
        one.publish("b", "1");
        assertThat(a.next(1)).containsExactly("a1=1");
        assertThat(both.next(2)).containsExactly("a1=1", "b1=1");
        Cursor before = a.subscriber.cursor();
        forgetEverything();
        publishAgain(two, "a", "2");
        publishAgain(two, "b", "2");
        assertThat(a.next(2)).containsExactly("a:reset-0", "a1=2");
        assertThat(both.next(4)).containsExactlyInAnyOrder("a:reset-0", "b:reset-0", "a1=2", "b1=2");
        assertThat(a.subscriber.cursor()).isNotEqualTo(before);
        assertThat(follow(two, From.cursor(before), "a").next(2)).containsExactly("a:reset-0", "a1=2");
        assertThat(one.channelCount()).isEqualTo(1);
    }

    @Test
    void storeForgets_whoComesBackWithANumber_isTold() {
        Comet one = hub();
        Reader reader = follow(one, From.latest(), "a");
        one.publish("a", "1");
        assertThat(reader.next(1)).containsExactly("a1=1");
        From number = reader.leave(true);
        forgetEverything();
        publishAgain(one, "a", "2");
        assertThat(follow(hub(), number, "a").next(2)).containsExactly("a:0-0", "a1=2");
    }

    /** A log that has just lost its connection refuses for a moment. */
    private static void publishAgain(Comet hub, String channel, String text) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try {
                hub.publish(channel, text);
                return;
            } catch (RefusedException e) {
                assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE);
                assertThat(System.nanoTime()).as(e.detail()).isLessThan(end);
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void members_stayWhenAnotherLifeTakesTheChannelsPlace() {
        Comet one = hub(Comet.builder().presenceGrace(Duration.ZERO));
        Subscriber ann = one.attach(SubscribeOptions.of("a").withMember("ann"), () -> {});
        forgetEverything();
        publishAgain(one, "a", "x");
        Reader reader = follow(one, From.oldest(), "a");
        assertThat(reader.next(1)).containsExactly("a1=x");
        await(() -> one.channel("a").members().equals(List.of("ann")));
        assertThat(Arrays.asList(Seen.of(ann).toArray())).contains("a:reset-0");
        ann.close(CloseReason.DONE);
    }

    /** Its members held on to the first life, and so to its messages. */
    @Test
    void lifeThatIsOver_isForgotten_whereItsMembersStay() {
        Comet one = hub();
        Subscriber ann = one.attach(SubscribeOptions.of("a").withMember("ann").withMembers(true), () -> {});
        WeakReference<Channel> before = new WeakReference<>(one.channel("a"));
        forgetEverything();
        publishAgain(one, "a", "x");
        assertThat(follow(one, From.oldest(), "a").next(1)).containsExactly("a1=x");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (before.get() != null) {
            assertThat(System.nanoTime()).as("nobody needs it").isLessThan(end);
            Seen.of(ann);
            System.gc();
        }
        await(() -> one.channel("a").members().equals(List.of("ann")));
        ann.close(CloseReason.DONE);
    }

    // ---- members

    private Subscriber member(Comet hub, String channel, String name) {
        return hub.attach(SubscribeOptions.of(channel).withMember(name), () -> {});
    }

    /** Follows joins and leaves. */
    private static Reader watch(Comet hub, String channel) {
        return new Reader(hub, SubscribeOptions.of(channel).withMembers(true));
    }

    private static Comet.Builder shortGrace() {
        return Comet.builder().presenceGrace(Duration.ofMillis(200));
    }

    @Test
    void member_isListedAndTold_onEveryHub() {
        Comet one = hub(shortGrace());
        Comet two = hub(shortGrace());
        Reader there = watch(two, "a");
        Subscriber ann = member(one, "a", "ann");
        assertThat(there.next(1)).containsExactly("a+ann");
        assertThat(two.channel("a").members()).containsExactly("ann");
        assertThat(one.channel("a").members()).containsExactly("ann");
        ann.close(CloseReason.DONE);
        assertThat(there.next(1)).containsExactly("a-ann");
        assertThat(two.channel("a").members()).isEmpty();
    }

    /** Who goes to another node within the grace period has not gone. */
    @Test
    void memberThatChangesHubs_neitherLeavesNorJoins() {
        Comet one = hub(shortGrace());
        Comet two = hub(shortGrace());
        Reader there = watch(two, "a");
        Subscriber ann = member(one, "a", "ann");
        assertThat(there.next(1)).containsExactly("a+ann");
        Subscriber again = member(two, "a", "ann");
        ann.close(CloseReason.DONE);
        Subscriber bob = member(one, "a", "bob");
        bob.close(CloseReason.DONE);
        assertThat(there.next(2)).containsExactly("a+bob", "a-bob"); // ann's grace was over before
        assertThat(one.channel("a").members()).containsExactly("ann");
        again.close(CloseReason.DONE);
        assertThat(there.next(1)).containsExactly("a-ann");
    }

    @Test
    void sign_isToldOnEveryHub_eachTime() {
        Comet one = hub();
        Comet two = hub();
        Reader there = watch(two, "a");
        one.channel("a").sign("ann");
        assertThat(there.next(2)).containsExactly("a+ann", "a+ann signs");
        two.channel("a").sign("ann");
        assertThat(there.next(1)).containsExactly("a+ann signs");
    }

    @Test
    void tooManyMembers_onAllHubsTogether_areRefused() {
        Comet one = hub(Comet.builder().maxMembersPerChannel(2));
        Comet two = hub(Comet.builder().maxMembersPerChannel(2));
        member(one, "a", "ann");
        member(two, "a", "bob");
        assertRefused(Refusal.TOO_MANY_MEMBERS, () -> member(one, "a", "cid"));
        assertThat(one.channel("a").membership().has("cid")).isFalse(); // or it would be told of when somebody leaves
        member(two, "a", "ann");
        assertThat(one.channel("a").members()).containsExactly("ann", "bob");
        assertThat(one.channel("a").subscribers()).isEqualTo(1);
    }

    @Test
    void channelRemoved_itsMembersGoWithIt_everywhere() {
        Comet one = hub();
        Comet two = hub();
        member(one, "a", "ann");
        assertThat(two.remove("a")).isTrue();
        Subscriber bob = member(two, "a", "bob");
        assertThat(two.channel("a").members()).containsExactly("bob");
        bob.close(CloseReason.DONE);
    }

    /** What the store has forgotten, hubs tell it again; those who follow are told that they may have missed some. */
    @Test
    void members_areThereAgain_whenTheStoreHasForgotten() {
        Comet one = hub();
        Comet two = hub();
        Reader there = watch(two, "a");
        Subscriber ann = member(one, "a", "ann");
        assertThat(there.next(1)).containsExactly("a+ann");
        forgetEverything();
        publishAgain(one, "a", "x");
        await(() -> two.channel("a").members().equals(List.of("ann")));
        List<String> told = new ArrayList<>();
        await(() -> {
            told.addAll(there.next(0));
            there.read();
            return told.contains("a:presence") && told.contains("a1=x");
        });
        ann.close(CloseReason.DONE);
    }

    /** Looks again and again until it is so; a hub that is at a loss is asked again. */
    protected static void await(BooleanSupplier it) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try {
                if (it.getAsBoolean()) {
                    return;
                }
            } catch (RefusedException e) {
                assertThat(e.refusal()).isEqualTo(Refusal.UNAVAILABLE);
            }
            assertThat(System.nanoTime()).as("it never was so").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    // ---- what else hubs share

    @Test
    void secret_isTheSameOnEveryHub_andAnotherInTheNextLife() {
        Comet one = hub();
        Comet two = hub();
        String token = one.channel("a").token();
        assertThat(token).matches("[0-9a-f]{32}");
        assertThat(two.channel("a").token()).isEqualTo(token);
        two.remove("a");
        await(() -> !one.channel("a").token().equals(token)); // it may not have heard of it yet
    }

    @Test
    void channelNames_areThoseOfAllHubs() {
        Comet one = hub();
        Comet two = hub();
        one.publish("b", "x");
        two.channel("a");
        assertThat(one.channelNames()).containsExactly("a", "b");
        assertThat(two.channelNames()).containsExactly("a", "b");
        two.remove("b");
        await(() -> one.channelNames().equals(List.of("a")));
    }

    @Test
    void nodes_eachHasItsFigures() {
        Comet one = hub(shortGrace());
        Comet two = hub(shortGrace());
        one.publish("a", "x");
        follow(two, From.latest(), "b", "c");
        await(() -> one.nodes().size() == 2
                && two.nodes().size() == 2
                && one.nodes().values().stream().mapToLong(Stats::published).sum() == 1
                && one.nodes().values().stream().mapToInt(Stats::subscribers).sum() == 1);
        assertThat(one.nodes())
                .containsOnlyKeys(one.node().orElseThrow(), two.node().orElseThrow());
        assertThat(one.nodes().get(two.node().orElseThrow()))
                .extracting(Stats::subscribers)
                .isEqualTo(1);
        long before = one.currentTimeMillis();
        await(() -> one.nodes().values().stream().allMatch(stats -> stats.time() >= before));
        assertThat(one.unreachable()).isEmpty();
    }

    @Test
    void session_isKnownOnEveryHub_andOnlyOnce() {
        Sessions one = hub().sessions("r", Duration.ofSeconds(60));
        Comet other = hub();
        Sessions two = other.sessions("r", Duration.ofSeconds(60));
        assertThat(two.find("s")).isEmpty();
        Session opened = one.open("s");
        assertThat(two.find("s")).isPresent();
        assertRefused(Refusal.EXISTS, () -> two.open("s"));
        assertThat(other.sessions("another", Duration.ofSeconds(60)).find("s")).isEmpty();
        opened.close();
        Sessions three = hub().sessions("r", Duration.ofSeconds(60));
        await(() -> three.find("s").isEmpty());
    }

    /** A session's position goes with it, there and back. */
    @Test
    void sessionThatWanders_seesEachMessageOnce() {
        Comet one = hub();
        Comet two = hub();
        SubscribeOptions follows = SubscribeOptions.of("a", "b");
        Sessions here = one.sessions("r", Duration.ofSeconds(60));
        Sessions there = two.sessions("r", Duration.ofSeconds(60));
        here.open("s", follows);
        SharedSessions known = new SharedSessions(two.shared().notes(), "r", Duration.ofSeconds(60));
        List<String> seen = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            one.publish(i % 2 == 0 ? "a" : "b", Integer.toString(i));
            Session session = (i % 3 == 0 ? here : there).find("s").orElseThrow();
            Semaphore woken = new Semaphore(1);
            Reader poll = new Reader(session.poll(follows, woken::release), woken);
            assertThat(poll.next(1)).hasSize(1).allSatisfy(seen::add);
            poll.commit(session);
            long commits = i;
            await(() -> known.find("s").orElseThrow().commits() == commits); // a client that is faster gets it again
        }
        assertThat(seen).containsExactly("b1=1", "a1=2", "b2=3", "a2=4", "b3=5", "a3=6");
    }
}
