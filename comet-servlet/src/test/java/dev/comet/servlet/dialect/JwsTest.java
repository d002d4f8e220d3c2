package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.comet.Action;
import dev.comet.servlet.dialect.Jws.BadToken;
import dev.comet.servlet.dialect.Jws.Claims;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens on the wire: those of another library, and those of people who mean no good. */
@SuppressWarnings("JavaUtilDate") // the other library speaks in them
final class JwsTest {
    private static final byte[] SECRET =
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OTHER = "another-secret-of-at-least-32-bytes!".getBytes(StandardCharsets.US_ASCII);
    private static final String HEADER = "{\"alg\":\"HS256\",\"kid\":\"k1\"}";
    private static final String GOOD =
            "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"subscribe\":[\"news\"]}}";

    private final Jws jws = new Jws(keys());

    private static Map<String, byte[]> keys() {
        Map<String, byte[]> keys = new LinkedHashMap<>();
        keys.put("k1", SECRET);
        keys.put("k2", OTHER);
        return keys;
    }

    // ---- the ways of others

    @Test
    void tokenOfAnotherLibrary_isRead() throws JOSEException, BadToken {
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .subject("ann")
                .jwtID("t1")
                .issueTime(new Date(1_795_258_876_000L))
                .notBeforeTime(new Date(1_795_258_876_000L))
                .expirationTime(new Date(1_795_259_476_000L))
                .issuer("a backend of somebody's")
                .claim(
                        "comet",
                        Map.of("subscribe", List.of("news", "room-*"), "publish", List.of("room-7"), "admin", true))
                .build();
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(), claims);
        jwt.sign(new MACSigner(SECRET));

        Claims read = jws.verify(jwt.serialize());

        assertThat(read)
                .isEqualTo(new Claims(
                        "ann",
                        "t1",
                        "k1",
                        1_795_258_876_000L,
                        1_795_258_876_000L,
                        1_795_259_476_000L,
                        new Token.Rights(List.of("news", "room-*"), List.of("room-7"), List.of(), true)));
    }

    @Test
    void ourToken_isReadByAnotherLibrary() throws JOSEException, ParseException {
        Token.Rights rights = new Token.Rights(List.of("news", "room-*"), List.of("room-7"), List.of("p"), false);
        SignedJWT jwt = SignedJWT.parse(
                jws.sign(new Claims("ann", "t1", "", 1_795_258_876_123L, 0, 1_795_259_476_123L, rights)));

        assertThat(jwt.verify(new MACVerifier(SECRET))).isTrue();
        assertThat(jwt.getHeader().getAlgorithm()).isEqualTo(JWSAlgorithm.HS256);
        assertThat(jwt.getHeader().getKeyID()).isEqualTo("k1");
        JWTClaimsSet claims = jwt.getJWTClaimsSet();
        assertThat(claims.getSubject()).isEqualTo("ann");
        assertThat(claims.getJWTID()).isEqualTo("t1");
        assertThat(claims.getIssueTime()).isEqualTo(new Date(1_795_258_876_000L));
        assertThat(claims.getExpirationTime()).isEqualTo(new Date(1_795_259_476_000L));
        assertThat(claims.getJSONObjectClaim("comet"))
                .containsEntry("subscribe", List.of("news", "room-*"))
                .containsEntry("publish", List.of("room-7"))
                .containsEntry("presence", List.of("p"))
                .containsEntry("admin", false);
    }

    /** With the secret itself, but another algorithm: what counts is what is configured, not what the token says. */
    @Test
    void otherAlgorithms_areRefused() throws JOSEException {
        for (JWSAlgorithm algorithm : List.of(JWSAlgorithm.HS384, JWSAlgorithm.HS512)) {
            SignedJWT jwt = new SignedJWT(
                    new JWSHeader.Builder(algorithm).keyID("k1").build(),
                    new JWTClaimsSet.Builder()
                            .subject("ann")
                            .jwtID("t1")
                            .expirationTime(new Date(1_795_259_476_000L))
                            .build());
            jwt.sign(new MACSigner(SECRET));
            assertBad(jwt.serialize());
        }
    }

    // ---- made by hand

    private static String encoded(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String signed(String header, String claims, byte[] secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            String content = encoded(header) + "." + encoded(claims);
            byte[] signature = mac.doFinal(content.getBytes(StandardCharsets.US_ASCII));
            return content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Refused, in words that have nothing of the token, and no stack trace. */
    private void assertBad(String token) {
        BadToken bad = catchThrowableOfType(BadToken.class, () -> jws.verify(token));
        assertThat(bad)
                .as(token.length() > 200 ? token.length() + " characters" : token)
                .isNotNull();
        assertThat(bad.getCause()).isNull();
        assertThat(bad.getStackTrace()).isEmpty();
        assertThat(bad.what()).matches("[ -~&&[^\"\\\\]]{1,120}"); // may stand in a quoted string of a header
        for (String part : token.split("\\.", -1)) {
            if (part.length() > 8) {
                assertThat(bad.toString()).doesNotContain(part.substring(0, 8));
            }
        }
    }

    @Test
    void goodToken_isGood() throws BadToken {
        assertThat(jws.verify(signed(HEADER, GOOD, SECRET)).subject()).isEqualTo("ann");
        assertThat(jws.verify(signed("{\"alg\":\"HS256\",\"kid\":\"k2\",\"typ\":\"anything\"}", GOOD, OTHER))
                        .key())
                .isEqualTo("k2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"alg\":\"none\",\"kid\":\"k1\"}",
                "{\"alg\":\"None\",\"kid\":\"k1\"}",
                "{\"alg\":\"hs256\",\"kid\":\"k1\"}",
                "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
                "{\"alg\":[\"HS256\"],\"kid\":\"k1\"}",
                "{\"alg\":null,\"kid\":\"k1\"}",
                "{\"kid\":\"k1\"}",
                "{\"alg\":\"HS256\"}",
                "{\"alg\":\"HS256\",\"kid\":\"\"}",
                "{\"alg\":\"HS256\",\"kid\":\"k3\"}",
                "{\"alg\":\"HS256\",\"kid\":1}",
                "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
                "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"k1\"}",
                "{\"alg\":\"HS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}",
                "{\"alg\":\"HS256\",\"kid\":\"k1\"",
                "{\"alg\":\"HS256\",\"kid\":\"k1\"}{}",
                "[\"HS256\"]",
                "null",
                "x",
            })
    void header_thatIsNotOurs_isRefused(String header) {
        assertBad(signed(header, GOOD, SECRET));
    }

    @Test
    void signature_ofAnotherKey_isRefused() {
        assertBad(signed(HEADER, GOOD, OTHER));
        assertBad(signed("{\"alg\":\"HS256\",\"kid\":\"k2\"}", GOOD, SECRET));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "\"ann\"",
                "{\"jti\":\"t1\",\"exp\":1795259476}",
                "{\"sub\":\"ann\",\"exp\":1795259476}",
                "{\"sub\":\"ann\",\"jti\":\"t1\"}",
                "{\"sub\":\"\",\"jti\":\"t1\",\"exp\":1795259476}",
                "{\"sub\":7,\"jti\":\"t1\",\"exp\":1795259476}",
                "{\"sub\":null,\"jti\":\"t1\",\"exp\":1795259476}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":\"1795259476\"}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":-1}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1e999}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1e999999999}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":9223372036854775808}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":NaN}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":true}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":[1795259476]}",
                "{\"sub\":\"ann\",\"sub\":\"root\",\"jti\":\"t1\",\"exp\":1795259476}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"nbf\":\"now\"}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"iat\":{}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":[]}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"subscribe\":\"*\"}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"subscribe\":[[\"*\"]]}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"publish\":[1]}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"presence\":[null]}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"admin\":1}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476,\"comet\":{\"admin\":false,\"admin\":true}}",
                "{\"sub\":\"ann\",\"jti\":\"t1\",\"exp\":1795259476} ann",
            })
    void claims_thatAreNotRight_areRefused(String claims) {
        assertBad(signed(HEADER, claims, SECRET));
    }

    @Test
    void claims_nobodyKnows_areSkipped_butNotWithoutEnd() throws BadToken {
        String many = GOOD.replace("{\"sub\"", "{\"more\":{\"a\":[{},[\"x\"]]},\"sub\"");
        assertThat(jws.verify(signed(HEADER, many, SECRET)).subject()).isEqualTo("ann");
        String deep = GOOD.replace("{\"sub\"", "{\"more\":" + "[".repeat(50) + "]".repeat(50) + ",\"sub\"");
        assertBad(signed(HEADER, deep, SECRET));
        String deepHeader =
                HEADER.replace("{\"alg\"", "{\"x\":" + "{\"x\":".repeat(50) + "1" + "}".repeat(50) + ",\"alg\"");
        assertBad(signed(deepHeader, GOOD, SECRET));
    }

    @Test
    void token_ofAnotherForm_isRefused() {
        String good = signed(HEADER, GOOD, SECRET);
        String[] parts = good.split("\\.", -1);
        for (String bad : List.of(
                "",
                ".",
                "..",
                "x",
                parts[0] + "." + parts[1],
                parts[0] + "." + parts[1] + ".",
                "." + parts[1] + "." + parts[2],
                good + "." + parts[2],
                good + "=",
                " " + good,
                good + "\n",
                good.replace('.', ':'),
                parts[0] + "." + parts[1] + "." + parts[2].substring(1),
                parts[0] + "." + parts[1] + "==." + parts[2],
                parts[0] + "." + encoded(GOOD.replace("ann", "bob")) + "." + parts[2],
                encoded(HEADER + " ") + "." + parts[1] + "." + parts[2],
                good.replace(parts[1].charAt(3), '\u0130'),
                "x".repeat(5_000),
                "x".repeat(2_000_000),
                good.substring(0, 10) + "\u0000" + good.substring(11))) {
            assertBad(bad);
        }
    }

    /** The last character of a signature has two bits that mean nothing: one token, one spelling. */
    @Test
    void signature_hasOneSpelling() throws BadToken {
        String good = signed(HEADER, GOOD, SECRET);
        jws.verify(good);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char last = good.charAt(good.length() - 1);
        for (int i = 0; i < alphabet.length(); i++) {
            if (alphabet.charAt(i) != last) {
                assertBad(good.substring(0, good.length() - 1) + alphabet.charAt(i));
            }
        }
    }

    @Test
    void sizes_areBounded() throws BadToken {
        String claims = GOOD.replace("}}", "},\"more\":\"" + "x".repeat(2900) + "\"}");
        String longest = signed(HEADER, claims, SECRET);
        assertThat(longest.length()).isBetween(3900, Jws.MAX_BYTES);
        jws.verify(longest);
        assertBad(signed(HEADER, claims.replace("xxxx", "x".repeat(200)), SECRET));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> jws.sign(new Claims(
                        "ann",
                        "t",
                        "",
                        1,
                        1,
                        2,
                        new Token.Rights(List.of("x".repeat(3200)), List.of(), List.of(), false))))
                .withMessageContaining("at most 4096");
    }

    @Test
    void keys_areOf32BytesOrMore() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Jws(Map.of("k", new byte[31])))
                .withMessageContaining("31 bytes")
                .withMessageContaining("at least 32");
        assertThatIllegalArgumentException().isThrownBy(() -> new Jws(Map.of()));
    }

    // ---- what is granted

    @ParameterizedTest
    @CsvSource({
        "news,news,true",
        "news,new,false",
        "news,news2,false",
        "room-*,room-7,true",
        "room-*,room-,true",
        "room-*,room,false",
        "room-*,'',false",
        "*,anything,true",
        "*,'',true",
        "'','',false",
        "'',x,false",
        "a*b,a*b,true",
        "a*b,axb,false",
        "*b,ab,false",
        "*b,*b,true",
        "a**,a*x,true",
        "a**,ax,false",
        "a?,ab,false",
        "a.*,ab,false",
        "A,a,false",
    })
    void pattern_isAStarAtTheEnd_andNothingElse(String pattern, String channel, boolean allowed) {
        Token token = new Token(
                "ann", "t", "k", 0, 0, new Token.Rights(List.of("zzz", pattern), List.of(), List.of(), false));
        assertThat(token.allows(Action.SUBSCRIBE, channel)).isEqualTo(allowed);
        for (Action other : List.of(Action.PUBLISH, Action.PRESENCE, Action.ADMIN)) {
            assertThat(token.allows(other, channel)).isFalse();
        }
    }
}
