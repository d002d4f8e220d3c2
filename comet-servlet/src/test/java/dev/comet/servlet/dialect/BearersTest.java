package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose token a request bears: where it is looked for, and when it counts. */
final class BearersTest {
    private static final long START = 1_795_258_876_123L;

    private long now = START;
    private final Bearers bearers = bearers(10, "k1", "k2");

    private Bearers bearers(int maxTickets, String... ids) {
        Map<String, byte[]> keys = new LinkedHashMap<>();
        for (String id : ids) {
            byte[] key = new byte[32];
            key[0] = (byte) id.charAt(1);
            keys.put(id, key);
        }
        return new Bearers(
                keys, Duration.ofSeconds(10), Duration.ofSeconds(30), maxTickets, () -> Instant.ofEpochMilli(now));
    }

    private static String mint(Bearers by, String subject, Duration validFor) {
        return by.mint(subject, "id-" + subject, validFor, List.of("news"), List.of(), List.of(), false);
    }

    private String ann() {
        return mint(bearers, "ann", Duration.ofMinutes(1));
    }

    private Optional<String> subject(Ask ask) {
        return bearers.identify(ask.request()).token().map(Token::subject);
    }

    private Problem refused(Ask ask) {
        Problem problem = catchThrowableOfType(Problem.class, () -> bearers.identify(ask.request()));
        assertThat(problem).isNotNull();
        return problem;
    }

    private static Ask bearer(String token) {
        return Ask.get("/events").with("Authorization", "Bearer " + token);
    }

    // ---- where

    @Test
    void token_isFoundInEachPlace() {
        String token = ann();
        assertThat(subject(bearer(token))).contains("ann");
        assertThat(subject(Ask.get("/events").with("authorization", "bEARER  " + token)))
                .contains("ann");
        assertThat(subject(Ask.get("/events?channel=a&access_token=" + token))).contains("ann");
        assertThat(subject(Ask.get("/events").with("Cookie", "a=b; comet_token=" + token + ";c=d")))
                .contains("ann");
        assertThat(subject(Ask.get("/events?ticket="
                        + bearers.ticket(bearers.identify(bearer(token).request())
                                        .token()
                                        .orElseThrow())
                                .text())))
                .contains("ann");
        Request form = Ask.form("/events", "access_token=" + token).request();
        assertThat(bearers.identifyByForm(bearers.identify(form)).token()).isPresent();
    }

    @Test
    void whatIsNoTokenOfOurs_isLeftAlone() {
        assertThat(subject(Ask.get("/events"))).isEmpty();
        assertThat(subject(Ask.get("/events").with("Authorization", "Basic YTpi")))
                .isEmpty();
        assertThat(subject(Ask.get("/events?token=x").with("Cookie", "xcomet_token=x; comet_token2=y; comet_token")))
                .isEmpty();
        assertThat(bearers.identify(Ask.get("/events").request()).caller()).isEqualTo(Ask.STRANGER);
    }

    @Test
    void grant_isTheCallers_andACookieIsAmbient() {
        Request shown = bearers.identify(bearer(ann()).request());
        assertThat(shown.caller().grant()).contains(shown.token().orElseThrow());
        assertThat(shown.showsToken()).isTrue();
        Request cookie = bearers.identify(
                Ask.get("/events").with("Cookie", "comet_token=" + ann()).request());
        assertThat(cookie.caller().grant().orElseThrow().subject()).isEqualTo("ann");
        assertThat(cookie.showsToken()).isFalse();
        assertThat(cookie.isTokenAmbient()).isTrue();
        assertThat(cookie.withBody(new byte[1]).isTokenAmbient()).isTrue();
    }

    @Test
    void twoDifferentOnes_are400_theSameTwiceIsOne() {
        String ann = ann();
        String bob = mint(bearers, "bob", Duration.ofMinutes(1));
        assertThat(subject(Ask.get("/events?access_token=" + ann).with("Authorization", "Bearer " + ann)))
                .contains("ann");
        for (Ask two : List.of(
                Ask.get("/events?access_token=" + ann).with("Authorization", "Bearer " + bob),
                bearer(ann).with("Authorization", "Bearer " + bob),
                Ask.get("/events?access_token=" + ann + "&access_token=" + bob),
                Ask.get("/events?access_token=" + ann + "&ticket=x"),
                Ask.get("/events").with("Cookie", "comet_token=" + ann + "; comet_token=" + bob))) {
            assertThat(refused(two).status()).isEqualTo(400);
        }
        Request head = bearers.identify(bearer(ann).request());
        Problem inForm = catchThrowableOfType(
                Problem.class,
                () -> bearers.identifyByForm(bearers.identify(Ask.form("/events", "access_token=" + bob)
                        .with("Authorization", "Bearer " + ann)
                        .request())));
        assertThat(head.token()).isPresent();
        assertThat(inForm.status()).isEqualTo(400);
    }

    /** The browser adds the cookie by itself; the page has put the other there. */
    @Test
    void cookie_countsOnlyWhereNothingElseIsShown() {
        String bob = mint(bearers, "bob", Duration.ofMinutes(1));
        assertThat(subject(bearer(bob).with("Cookie", "comet_token=" + ann()))).contains("bob");
        assertThat(refused(bearer("bad").with("Cookie", "comet_token=" + ann())).status())
                .isEqualTo(401);
        Request form = bearers.identifyByForm(bearers.identify(Ask.form("/events", "access_token=" + bob)
                .with("Cookie", "comet_token=" + ann())
                .request()));
        assertThat(form.token().orElseThrow().subject()).isEqualTo("bob");
        assertThat(form.isTokenAmbient()).isFalse();
    }

    @Test
    void badToken_is401_andNeverAnonymous() {
        for (Ask bad : List.of(
                bearer("x"),
                bearer(""),
                bearer("x.y.z"),
                Ask.get("/events?access_token="),
                Ask.get("/events?ticket="),
                Ask.get("/events?access_token=" + ann() + "x"),
                Ask.get("/events").with("Cookie", "comet_token="),
                Ask.get("/events?ticket=" + ann()))) {
            Problem problem = refused(bad);
            assertThat(problem.status()).isEqualTo(401);
            assertThat(problem.headers()).hasSize(1);
            assertThat(problem.headers().get(0).name()).isEqualTo("WWW-Authenticate");
            assertThat(problem.headers().get(0).value())
                    .isEqualTo("Bearer error=\"invalid_token\", error_description=\"" + problem.detail() + "\"");
        }
    }

    // ---- when

    @ParameterizedTest
    @CsvSource({"0,true", "59_999,true", "60_000,true", "69_999,true", "70_000,false", "3_600_000,false"})
    void token_countsUntilItsEnd_andTheLeeway(String after, boolean counts) {
        String token = ann();
        now = START + Long.parseLong(after.replace("_", ""));
        if (counts) {
            assertThat(subject(bearer(token))).contains("ann");
        } else {
            assertThat(refused(bearer(token)).detail()).isEqualTo("the token has expired");
        }
    }

    @ParameterizedTest
    @CsvSource({"-11,false", "-10,true", "0,true"})
    void token_thatBeginsLater_isNotYetGood_butForTheLeeway(int seconds, boolean counts) throws JOSEException {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(),
                new JWTClaimsSet.Builder()
                        .subject("ann")
                        .jwtID("t")
                        .claim("nbf", START / 1000)
                        .claim("exp", START / 1000 + 60)
                        .build());
        byte[] key = new byte[32];
        key[0] = '1';
        jwt.sign(new MACSigner(key));
        now = START / 1000 * 1000 + seconds * 1000L;
        if (counts) {
            assertThat(subject(bearer(jwt.serialize()))).contains("ann");
        } else {
            assertThat(refused(bearer(jwt.serialize())).detail()).contains("not valid yet");
        }
    }

    // ---- keys

    @Test
    void keys_areRotated() {
        Bearers before = bearers(1, "k1");
        Bearers between = bearers(1, "k2", "k1");
        Bearers after = bearers(1, "k2");
        String old = mint(before, "ann", Duration.ofMinutes(1));
        String fresh = mint(between, "ann", Duration.ofMinutes(1));
        assertThat(between.identify(bearer(old).request()).token()).isPresent();
        assertThat(between.identify(bearer(fresh).request()).token()).isPresent();
        assertThat(after.identify(bearer(fresh).request()).token()).isPresent();
        assertThat(catchThrowableOfType(
                        Problem.class, () -> after.identify(bearer(old).request())))
                .isNotNull();
        assertThat(catchThrowableOfType(
                        Problem.class, () -> before.identify(bearer(fresh).request())))
                .isNotNull();
    }

    // ---- revocation

    @Test
    void revoked_isRefused_andLaterTokensCount() {
        String before = ann();
        bearers.revokeSubject("ann");
        assertThat(refused(bearer(before)).detail()).isEqualTo("the token was revoked");
        assertThat(subject(bearer(mint(bearers, "bob", Duration.ofMinutes(1))))).contains("bob");
        now += 1;
        assertThat(subject(bearer(ann()))).contains("ann");
        bearers.revokeToken("id-ann", now + 60_000);
        assertThat(refused(bearer(ann())).detail()).isEqualTo("the token was revoked");
        assertThat(subject(bearer(mint(bearers, "bob", Duration.ofMinutes(1))))).contains("bob");
        bearers.revokeKey("k1");
        assertThat(refused(bearer(mint(bearers, "bob", Duration.ofMinutes(1)))).status())
                .isEqualTo(401);
        assertThat(subject(bearer(mint(bearers(1, "k2"), "bob", Duration.ofMinutes(1)))))
                .contains("bob");
    }

    // ---- tickets

    private Token good() {
        return bearers.identify(bearer(ann()).request()).token().orElseThrow();
    }

    private Ask byTicket(String ticket) {
        return Ask.get("/events?ticket=" + ticket);
    }

    @Test
    void ticket_countsOnce() {
        String ticket = bearers.ticket(good()).text();
        assertThat(ticket).matches("[A-Za-z0-9_-]{24}");
        assertThat(subject(byTicket(ticket))).contains("ann");
        assertThat(refused(byTicket(ticket)).status()).isEqualTo(401);
    }

    /** The form of a POST that has its ticket in the query is looked at, too; the ticket is not used up by that. */
    @Test
    void ticket_isRedeemedOnceARequest() {
        String ticket = bearers.ticket(good()).text();
        Request head = bearers.identify(Ask.of("POST", "/events", "ticket=" + ticket)
                .with("Content-Type", "application/x-www-form-urlencoded")
                .request());
        assertThat(bearers.identifyByForm(head).token()).isPresent();
        assertThat(bearers.identifyByForm(
                                head.withBody("channel=a".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                        .token())
                .isPresent();
    }

    @Test
    void ticket_waitsForItsTime_andNoLongerThanItsToken() {
        Bearers.Ticket ticket = bearers.ticket(good());
        assertThat(ticket.endMillis()).isEqualTo(START + 30_000);
        assertThat(ticket.toString()).doesNotContain(ticket.text());
        now += 30_000;
        assertThat(refused(byTicket(ticket.text())).status()).isEqualTo(401);
        Token token = good();
        now = token.endMillis() - 5_000;
        assertThat(bearers.ticket(token).endMillis()).isEqualTo(token.endMillis());
    }

    @Test
    void tickets_areNotUsedUpByOneSubject() {
        Bearers few = bearers(300, "k1");
        Token ann = token(few, "ann");
        for (int i = 0; i < 150; i++) {
            few.ticket(ann);
        }
        assertThat(catchThrowableOfType(Problem.class, () -> few.ticket(ann)).status())
                .isEqualTo(429);
        assertThat(few.ticket(token(few, "bob"))).isNotNull();
    }

    private static Token token(Bearers of, String subject) {
        String text = of.mint(subject, "id", Duration.ofMinutes(1), List.of(), List.of(), List.of(), false);
        return of.identify(Ask.get("/events?access_token=" + text).request())
                .token()
                .orElseThrow();
    }

    @Test
    void ticket_ofATokenThatIsRevokedMeanwhile_isNone() {
        String ticket = bearers.ticket(good()).text();
        bearers.revokeSubject("ann");
        assertThat(refused(byTicket(ticket)).status()).isEqualTo(401);
    }

    @Test
    void tickets_areBounded_untilTheyRunOut() {
        Token token = good();
        for (int i = 0; i < 10; i++) {
            bearers.ticket(token);
        }
        assertThat(catchThrowableOfType(Problem.class, () -> bearers.ticket(token))
                        .status())
                .isEqualTo(503);
        now += 30_000;
        bearers.ticket(token);
    }

    @Test
    void token_tellsNothingOfItself() {
        String text = ann();
        Request request = bearers.identify(bearer(text).request());
        assertThat(request.token().orElseThrow()).hasToString("a token of ann");
        assertThat(request.caller().toString()).doesNotContain(text);
    }
}
