package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is revoked stays so, though the memory is bounded. */
final class RevocationsTest {
    private final Revocations revocations = new Revocations(3);

    private static Token token(String subject, String id, long issued, long end) {
        return new Token(subject, id, "k1", issued, end, Token.Rights.NONE);
    }

    @Test
    void subject_isWhatWasIssuedUpToThen() {
        revocations.subject("ann", 1000);
        assertThat(revocations.has(token("ann", "1", 999, 5000))).isTrue();
        assertThat(revocations.has(token("ann", "1", 1000, 5000))).isTrue();
        assertThat(revocations.has(token("ann", "1", 1001, 5000))).isFalse();
        assertThat(revocations.has(token("bob", "1", 999, 5000))).isFalse();
    }

    @Test
    void tokenThatDoesNotSayWhenItWasIssued_isRevokedWithItsSubject_andNotWithOthers() {
        revocations.subject("ann", 1000);
        assertThat(revocations.has(token("ann", "1", Token.ANY_TIME, 5000))).isTrue();
        assertThat(revocations.has(token("bob", "1", Token.ANY_TIME, 5000))).isFalse();
    }

    /** A clock that was set back would else make the second revocation one of less. */
    @Test
    void subject_revokedAgain_withTheClockSetBack() {
        revocations.subject("ann", 1000);
        revocations.subject("ann", 500);
        assertThat(revocations.has(token("ann", "1", 900, 5000))).isTrue();
    }

    @Test
    void subjects_thatDoNotFit_giveWayToAFloorForAll() {
        for (int i = 1; i <= 3; i++) {
            revocations.subject("s" + i, i * 1000L);
        }
        assertThat(revocations.has(token("bob", "1", 500, 9000))).isFalse();
        revocations.subject("s4", 4000);
        assertThat(revocations.size()).isEqualTo(3);
        assertThat(revocations.has(token("s1", "1", 1000, 9000))).isTrue();
        assertThat(revocations.has(token("bob", "1", 500, 9000))).isTrue();
        assertThat(revocations.has(token("bob", "1", Token.ANY_TIME, 9000))).isTrue();
        assertThat(revocations.has(token("bob", "1", 1001, 9000))).isFalse();
        assertThat(revocations.has(token("s4", "1", 4000, 9000))).isTrue();
    }

    @Test
    void ids_goWhenTheirTokensHaveRunOut() {
        for (int i = 0; i < 100; i++) {
            revocations.id("t" + i, 1000L + i, 900L + i);
            assertThat(revocations.has(token("ann", "t" + i, 0, 1000L + i))).isTrue();
        }
        assertThat(revocations.size()).isLessThanOrEqualTo(3);
    }

    /** Of too many the one goes that runs out first, and with it what runs out before: none comes back. */
    @Test
    void ids_thatDoNotFit_giveWayToAFloorForAll() {
        revocations.id("late", 9000, 0);
        revocations.id("early", 2000, 0);
        revocations.id("middle", 5000, 0);
        assertThat(revocations.has(token("bob", "x", 1, 1999))).isFalse();
        revocations.id("last", 7000, 0);
        assertThat(revocations.size()).isEqualTo(3);
        for (String id : new String[] {"late", "middle", "last"}) {
            assertThat(revocations.has(token("ann", id, 1, 9000))).isTrue();
        }
        assertThat(revocations.has(token("ann", "early", 1, 2000))).isTrue();
        assertThat(revocations.has(token("bob", "x", 1, 1999))).isTrue();
        assertThat(revocations.has(token("bob", "x", 1, 2001))).isFalse();
    }

    @Test
    void id_revokedTwice_isRememberedForTheLongerTime() {
        revocations.id("t", 5000, 0);
        revocations.id("t", 2000, 0);
        revocations.id("other", 9000, 3000);
        assertThat(revocations.has(token("ann", "t", 1, 5000))).isTrue();
        revocations.id("t", 8000, 3000);
        revocations.id("other", 9000, 6000);
        assertThat(revocations.has(token("ann", "t", 1, 8000))).isTrue();
        assertThat(revocations.size()).isEqualTo(2);
    }

    @Test
    void key_takesAllOfItsTokens() {
        revocations.key("k1");
        assertThat(revocations.has(token("ann", "t", 1, 5000))).isTrue();
    }
}
