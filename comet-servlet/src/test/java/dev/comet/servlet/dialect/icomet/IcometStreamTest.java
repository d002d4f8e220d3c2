package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.servlet.dialect.icomet.Client.Said;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Protocol page: stream, iframe, sse. */
final class IcometStreamTest {

    enum Transport {
        STREAM("/stream", "application/json; charset=utf-8"),
        IFRAME("/iframe", "text/html; charset=utf-8"),
        SSE("/sse", "text/event-stream; charset=utf-8");

        final String path;
        final String contentType;

        Transport(String path, String contentType) {
            this.path = path;
            this.contentType = contentType;
        }

        List<Said> said(IcometWire.Held held) {
            return switch (this) {
                case STREAM -> Client.lines(held.body());
                case IFRAME -> Client.iframe(held.body());
                case SSE -> Client.sse(held.body());
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_replays_thenGoesOnLive(Transport as) {
        try (IcometWire wire = new IcometWire()) {
            wire.admin("/push?cname=a&content=one");
            IcometWire.Held held = wire.open(as.path + "?cname=a&seq=1&cb=ignored");
            wire.admin("/push?cname=a&content=two");
            assertThat(as.said(held)).containsExactly(Said.data("a", 1, "one"), Said.data("a", 2, "two"));
            assertThat(held.ended).isFalse();
            assertThat(held.headers)
                    .containsEntry("Content-Type", as.contentType)
                    .containsEntry("Expires", "0")
                    .containsEntry("Cache-Control", "no-cache");
            assertThat(held.headers.containsKey("Access-Control-Allow-Origin")).isEqualTo(as == Transport.SSE);
            assertThat(held.framing.sendsHeadersAtOnce()).isTrue();
        }
    }

    @Test
    void envelopes_areLiteral() {
        try (IcometWire wire = new IcometWire()) {
            wire.admin("/push?cname=a&content=x");
            String object = "{\"type\":\"data\",\"cname\":\"a\",\"seq\":1,\"content\":\"x\"}";
            assertThat(wire.open("/stream?cname=a&seq=1").body()).isEqualTo(object + "\n");
            assertThat(wire.open("/sse?cname=a&seq=1").body()).isEqualTo("data: " + object + "\n\n");
            assertThat(wire.open("/iframe?cname=a&seq=1").body())
                    .startsWith("<!DOCTYPE html><html><head><meta charset=\"utf-8\"><script>")
                    .contains("document.domain=")
                    .endsWith("<body>\n<script>parent.icomet_cb(" + object + ");</script>\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_thatCannotGoOn_isToldTheNextSeq_andGoesOn(Transport as) {
        for (String seq : new String[] {"", "&seq=0", "&seq=9"}) {
            try (IcometWire wire = new IcometWire()) {
                wire.admin("/push?cname=a&content=1");
                IcometWire.Held held = wire.open(as.path + "?cname=a" + seq);
                assertThat(as.said(held)).containsExactly(Said.nextSeq("a", 2));
                wire.admin("/push?cname=a&content=2");
                assertThat(as.said(held)).containsExactly(Said.nextSeq("a", 2), Said.data("a", 2, "2"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noop_comesAfterSilence_andItsNumberGrows(Transport as) {
        try (IcometWire wire = new IcometWire("polling_timeout=3")) {
            IcometWire.Held held = wire.open(as.path + "?cname=a&seq=1&noop=2147483646");
            wire.time.advance(Duration.ofSeconds(2));
            wire.admin("/push?cname=a&content=x");
            wire.time.advance(Duration.ofMillis(2_900));
            assertThat(as.said(held)).hasSize(1);
            wire.time.advance(Duration.ofSeconds(7));
            assertThat(as.said(held))
                    .containsExactly(
                            Said.data("a", 1, "x"),
                            new Said("noop", "a", 2147483646L, ""),
                            new Said("noop", "a", 2147483647L, ""),
                            new Said("noop", "a", -2147483648L, "")); // as icomet.js counts
            assertThat(held.ended).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void broadcast_isFollowedByNextSeq_liveAndReplayed(Transport as) {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held live = wire.open(as.path + "?cname=a&seq=1");
            wire.admin("/broadcast?content=b");
            assertThat(as.said(live)).containsExactly(new Said("broadcast", "a", 1, "b"), Said.nextSeq("a", 2));
            assertThat(as.said(wire.open(as.path + "?cname=a&seq=1"))).isEqualTo(as.said(live));
        }
    }

    @ParameterizedTest
    @EnumSource
    void close_comesLast_withTheNextSeq(Transport as) {
        try (IcometWire wire = new IcometWire()) {
            IcometWire.Held held = wire.open(as.path + "?cname=a&seq=1");
            held.slow = true;
            wire.admin("/push?cname=a&content=x");
            assertThat(wire.admin("/close?cname=a").body()).isEqualTo("ok 2\n");
            held.slow = false;
            held.drain();
            assertThat(as.said(held)).containsExactly(Said.data("a", 1, "x"), new Said("close", "a", 2, ""));
            assertThat(held.ended).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void loss_isSkippedWithoutAWord_andCounted(Transport as) {
        try (IcometWire wire = new IcometWire(
                Comet.builder().liveWindow(2),
                question -> dev.comet.Authorizer.Decision.UNKNOWN,
                "channel_buffer_size=2")) {
            IcometWire.Held held = wire.open(as.path + "?cname=a&seq=1");
            held.slow = true;
            for (int i = 1; i <= 10; i++) {
                wire.admin("/push?cname=a&content=" + i);
            }
            held.slow = false;
            held.drain();
            List<Said> said = as.said(held);
            assertThat(said.get(said.size() - 1)).isEqualTo(Said.data("a", 10, "10"));
            assertThat(said).allMatch(s -> s.type().equals("data"));
            assertThat(wire.comet.stats().lost()).isEqualTo(10 - said.size()).isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream_livesUntilItsMaximumAge_andSaysNothingThen(Transport as) {
        try (IcometWire wire = new IcometWire("polling_timeout=100000")) {
            IcometWire.Held held = wire.open(as.path + "?cname=a&seq=1");
            String before = held.body();
            assertThat(held.framing.holdFor())
                    .isBetween(IcometWire.MAX_AGE.multipliedBy(8).dividedBy(10), IcometWire.MAX_AGE);
            assertThat(held.framing.expiry()).isEqualTo(CloseReason.MAX_AGE);
            wire.time.advance(IcometWire.MAX_AGE);
            assertThat(held.ended).isTrue();
            assertThat(held.body()).isEqualTo(before);
        }
    }

    @Test
    void bytesOfAMessage_areMadeOnce_forAllEnvelopes() {
        try (IcometWire wire = new IcometWire()) {
            dev.comet.Message m = wire.comet.publish("a", "x");
            assertThat(m.encoded(Json.MESSAGE)).isSameAs(m.encoded(Json.MESSAGE));
        }
    }
}
