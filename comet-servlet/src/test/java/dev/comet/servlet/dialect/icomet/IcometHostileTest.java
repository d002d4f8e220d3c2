package dev.comet.servlet.dialect.icomet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.icomet.Client.Said;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever stands in a field: the envelope holds, and the client reads what was meant. */
final class IcometHostileTest {
    private static final List<String> TEXTS = List.of(
            "",
            "\"'`",
            "\\",
            "\\\"",
            "\"});alert(1);//",
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "]]>",
            "\u2028\u2029",
            "\r\n\r\ndata: {\"type\":\"close\"}\n\n",
            "\n{\"type\":\"close\"}\n",
            "\u0000\u0001\b\f\u001b\u007f\u0085",
            "\uFEFF\uFFFE\uFFFF",
            "\uD83D\uDE00 \u00e4\u4f60",
            "\"}\"]});\n");

    private static final List<String> CNAMES =
            List.of("\"", "'", "a b&c=d", "<script>", "\u2028\u2029", "]});", "\uFEFF\uD83D\uDE00", "..");

    private static void everyEnvelope(IcometWire wire, String cname, Said said) {
        String target = "?cname=" + IcometWire.encoded(cname) + "&seq=" + said.seq();
        assertThat(Client.call("icomet_cb", wire.front("/poll" + target).body()))
                .containsExactly(said);
        assertThat(Client.bare(wire.front("/sub" + target).body())).containsExactly(said);
        for (IcometStreamTest.Transport as : IcometStreamTest.Transport.values()) {
            IcometWire.Held held = wire.open(as.path + target);
            assertThat(as.said(held)).containsExactly(said);
            held.leave();
        }
    }

    @Test
    void content_ofAnyKind_arrives() {
        try (IcometWire wire = new IcometWire()) {
            long seq = 1;
            for (String text : TEXTS) {
                wire.admin("/push?cname=a&content=" + IcometWire.encoded(text));
                everyEnvelope(wire, "a", Said.data("a", seq++, text));
                wire.adminForm("/push", "cname=a&content=" + IcometWire.encoded(text));
                everyEnvelope(wire, "a", Said.data("a", seq++, text));
            }
        }
    }

    @Test
    void content_thatWasEscapedForPub_arrives() {
        try (IcometWire wire = new IcometWire()) {
            long seq = 1;
            for (String text : TEXTS) {
                String quoted = dev.comet.servlet.dialect.Script.quoted(text);
                String inside = quoted.substring(1, quoted.length() - 1);
                assertThat(wire.admin("/pub?cname=a&content=" + IcometWire.encoded(inside))
                                .status())
                        .isEqualTo(200);
                everyEnvelope(wire, "a", Said.data("a", seq++, text));
            }
        }
    }

    @Test
    void channelsName_ofAnyKind_arrives_everywhere() {
        for (String cname : CNAMES) {
            try (IcometWire wire = new IcometWire("max_subscribers_per_channel=1")) {
                String encoded = IcometWire.encoded(cname);
                assertThat(Client.bare(wire.front("/sub?cname=" + encoded).body()))
                        .containsExactly(Said.nextSeq(cname, 1));
                wire.adminForm("/push", "cname=" + encoded + "&content=x");
                everyEnvelope(wire, cname, Said.data(cname, 1, "x"));
                wire.admin("/broadcast?content=y");
                assertThat(Client.bare(wire.front("/sub?seq=2&cname=" + encoded).body()))
                        .containsExactly(new Said("broadcast", cname, 2, "y"), Said.nextSeq(cname, 3));
                assertThat(wire.admin("/check?cname=" + encoded).body())
                        .isEqualTo("{" + dev.comet.servlet.dialect.Script.quoted(cname) + ": 1}\n");
                assertThat(wire.admin("/info?cname=" + encoded).body())
                        .isEqualTo("{\"cname\": " + dev.comet.servlet.dialect.Script.quoted(cname)
                                + ", \"subscribers\": 0}\n");
                IcometWire.Held held = wire.open("/iframe?seq=3&cname=" + encoded);
                assertThat(Client.iframe(wire.front("/iframe?cname=" + encoded).body()))
                        .containsExactly(new Said("429", cname, 0, "Too many subscribers"));
                wire.admin("/close?cname=" + encoded);
                assertThat(Client.iframe(held.body())).containsExactly(new Said("close", cname, 3, ""));
            }
        }
    }

    @Test
    void loneSurrogates_areMended_andBytesThatAreNotUtf8Refused() {
        try (IcometWire wire = new IcometWire()) {
            wire.comet.publish("a", "x\uD800y");
            wire.admin("/pub?cname=a&content=" + IcometWire.encoded("x\\udc00y"));
            assertThat(Client.bare(wire.front("/sub?cname=a&seq=1").body()))
                    .extracting(Said::content)
                    .containsExactly("x\uFFFDy", "x\uFFFDy");
            assertThat(wire.admin("/push?cname=a&content=%ff").status()).isEqualTo(400);
            assertThat(wire.adminForm("/push", "cname=a&content=%ed%a0%80").status())
                    .isEqualTo(400);
            assertThat(wire.answer(
                                    wire.admin,
                                    Ask.form("/push", "").from(Ask.LOCAL).body(new byte[] {
                                        'c',
                                        'n',
                                        'a',
                                        'm',
                                        'e',
                                        '=',
                                        'a',
                                        '&',
                                        'c',
                                        'o',
                                        'n',
                                        't',
                                        'e',
                                        'n',
                                        't',
                                        '=',
                                        (byte) 0xff
                                    }))
                            .status())
                    .isEqualTo(400);
        }
    }

    @Test
    void aMebibyte_arrives_inEveryEnvelope() {
        try (IcometWire wire = new IcometWire()) {
            String text = "\"<\u2028\\".repeat(174_762); // of six bytes each, together one less than a MiB
            assertThat(wire.adminForm("/push", "cname=a&content=" + IcometWire.encoded(text))
                            .status())
                    .isEqualTo(200);
            everyEnvelope(wire, "a", Said.data("a", 1, text));
            assertThat(wire.adminForm("/push", "cname=a&content=" + IcometWire.encoded(text + "12345"))
                            .status())
                    .isEqualTo(413);
        }
    }

    @Test
    void jsonOfOtherDialects_isOneSafeString() {
        try (IcometWire wire = new IcometWire()) {
            String json = "{\n\"</script>\": \"\u2028\\\"\"\r\n}";
            wire.comet.publishJson("a", json);
            everyEnvelope(wire, "a", Said.data("a", 1, json));
        }
    }
}
