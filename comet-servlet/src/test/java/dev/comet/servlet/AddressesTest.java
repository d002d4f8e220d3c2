package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.servlet.Addresses.Block;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses as text, from friends and from others. */
final class AddressesTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1,127.0.0.1",
        "' 10.0.0.1 ',10.0.0.1",
        "::1,0:0:0:0:0:0:0:1",
        "[::1],0:0:0:0:0:0:0:1",
        "0:0:0:0:0:0:0:1,0:0:0:0:0:0:0:1",
        "2001:DB8::A,2001:db8:0:0:0:0:0:a",
        "fe80::1%eth0,fe80:0:0:0:0:0:0:1",
        "::ffff:10.1.2.3,10.1.2.3",
        "::FFFF:7f00:1,127.0.0.1",
        "unknown,unknown",
        "_hidden,_hidden",
        "'',''"
    })
    void plain_isOneSpellingOfAnAddress(String given, String plain) {
        assertThat(Addresses.plain(given)).isEqualTo(plain);
        assertThat(Addresses.plain(plain)).isEqualTo(plain);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"})
    void loopback_isLoopback(String address) {
        assertThat(Addresses.isLoopback(address)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "128.0.0.1",
                "126.255.255.255",
                "0.0.0.0",
                "::",
                "::2",
                "127.1",
                "127.0.0.1.",
                "127.0.0.256",
                "0127.0.0.1",
                "127.0.0.1:80",
                "127.0.0.1 ",
                "127.0.0.1\n",
                "2130706433",
                "0x7f.0.0.1",
                "\u0661\u0662\u0667.0.0.1",
                "10.0.0.1",
                "[::1]",
                "::127.0.0.1"
            })
    void everythingElse_isNot(String address) {
        assertThat(Addresses.isLoopback(address)).isFalse();
    }

    /** InetAddress looks up what is no literal: a caller could have the server ask a name server of its choice, and wait. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "999.1.1.1",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3",
                "evil.example",
                "cafe",
                "dead.beef",
                ":",
                ":::",
                "1:2",
                "g::1",
                "::1::",
                "1:2:3:4:5:6:7:8:9",
                "::1.2.3",
                "...",
                "1.2.3.4.5"
            })
    void whatIsNoLiteral_isNotLookedUp(String name) {
        long began = System.nanoTime();
        assertThat(Addresses.parse(name)).isEmpty();
        assertThat(System.nanoTime() - began).isLessThan(1_000_000_000L);
    }

    @Test
    void literalsAtRandom_areParsed() {
        Random random = new Random(4);
        for (int i = 0; i < 5_000; i++) {
            String v4 = random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256) + "."
                    + random.nextInt(256);
            assertThat(Addresses.parse(v4))
                    .hasValueSatisfying(a -> assertThat(a.getHostAddress()).isEqualTo(v4));
            StringBuilder v6 = new StringBuilder("2001");
            for (int n = 0; n < 7; n++) {
                v6.append(':').append(Integer.toHexString(random.nextInt(0x10000)));
            }
            assertThat(Addresses.plain(v6.toString())).isEqualTo(v6.toString());
        }
    }

    // ---- blocks

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,10.255.255.255,true",
        "10.0.0.0/8,11.0.0.0,false",
        "10.0.0.0/8,9.255.255.255,false",
        "192.168.4.0/22,192.168.7.255,true",
        "192.168.4.0/22,192.168.8.0,false",
        "127.0.0.1,127.0.0.1,true",
        "127.0.0.1,127.0.0.2,false",
        "127.0.0.1/32,127.0.0.1,true",
        "0.0.0.0/0,203.0.113.9,true",
        "0.0.0.0/0,::1,false",
        "::/0,10.0.0.1,false",
        "::1,::1,true",
        "2001:db8::/33,2001:db8:7fff::1,true",
        "2001:db8::/33,2001:db8:8000::1,false",
        "2001:DB8::/32,2001:db8::1,true",
        "' 10.0.0.0 / 8 ',10.1.1.1,true",
        "10.0.0.0/8,unknown,false",
        "10.0.0.0/8,'',false"
    })
    void block_holdsItsAddresses(String block, String address, boolean holds) {
        assertThat(Block.parse(block).holds(address)).isEqualTo(holds);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/8",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/8/8",
                "::1/129",
                "10.0.0/8",
                "localhost",
                "*",
                "10.0.0.*",
                "10.0.0.0/255.0.0.0",
                "[::1]"
            })
    void whatIsNoBlock_isRefused_andSaysWhatWouldBeRight(String text) {
        assertThatThrownBy(() -> Block.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("10.0.0.0/8");
    }

    // ---- forwarding headers

    @Test
    void xForwardedFor_isAListOverLines() {
        assertThat(Addresses.forwardedFor(List.of())).isEmpty();
        assertThat(Addresses.forwardedFor(
                        List.of("1.1.1.1, 2.2.2.2 ,3.3.3.3:80", "[2001:db8::1]:443,2001:db8::2,unknown,")))
                .containsExactly(
                        "1.1.1.1", "2.2.2.2", "3.3.3.3", "2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:2", "unknown", "");
    }

    @Test
    void forwarded_isReadAsRfc7239HasIt() {
        assertThat(Addresses.forwarded(List.of())).isEmpty();
        assertThat(Addresses.forwarded(List.of(
                        "for=192.0.2.60;proto=http;by=203.0.113.43",
                        "For=\"[2001:db8:cafe::17]:4711\", for=\"_gazonk\" , proto=https;FOR=198.51.100.17",
                        "by=1.1.1.1",
                        "for=unknown",
                        "")))
                .containsExactly(
                        "192.0.2.60",
                        "2001:db8:cafe:0:0:0:0:17",
                        "_gazonk",
                        "198.51.100.17",
                        "unknown",
                        "unknown",
                        "unknown");
    }

    /** A proxy that tells of the Host it was asked for quotes it, for it may have a comma in it. */
    @Test
    void forwarded_withAForInAQuotedString_isNotMisled() {
        assertThat(Addresses.forwarded(List.of("for=6.6.6.6;host=\"a,for=127.0.0.1\"")))
                .containsExactly("6.6.6.6");
        assertThat(Addresses.forwarded(List.of("host=\"a;for=127.0.0.1\";for=6.6.6.6")))
                .containsExactly("6.6.6.6");
        assertThat(Addresses.forwarded(List.of("host=\"a\\\",for=127.0.0.1\";for=6.6.6.6")))
                .containsExactly("6.6.6.6");
        assertThat(Addresses.forwarded(List.of("for=\"1.1.1.1, for=6.6.6.6"))).containsExactly("unknown");
    }

    @Test
    void headersAtRandom_yieldTextOnly() {
        Random random = new Random(9);
        String alphabet = "0123456789abcdef.:,;=\"\\[] forFOR%/\t_-";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder b = new StringBuilder();
            for (int n = random.nextInt(30); n > 0; n--) {
                b.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(Addresses.forwardedFor(List.of(b.toString())))
                    .isNotEmpty()
                    .doesNotContainNull();
            assertThat(Addresses.forwarded(List.of(b.toString()))).isNotEmpty().doesNotContainNull();
        }
    }
}
