package dev.comet.example.cluster;

import static dev.comet.example.cluster.Ledger.RESET;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the judge of {@link ClusterTest} lets pass, and what it does not. */
class LedgerTest {
    private final Ledger ledger = new Ledger();

    /** Two lives: 1, 2, 3, and then 11, 12. */
    LedgerTest() {
        long[] ids = {1, 2, 3, 11, 12};
        long[] seqs = {1, 2, 3, 1, 2};
        for (int i = 0; i < ids.length; i++) {
            ledger.note("a", ids[i], seqs[i], "text " + ids[i]);
        }
    }

    private Optional<String> told(long... given) {
        return Ledger.wrong(ledger.known("a"), given, true);
    }

    private Optional<String> notTold(long... given) {
        return Ledger.wrong(ledger.known("a"), given, false);
    }

    @Test
    void everythingOnceAndInOrder_passes() {
        assertThat(told(1, 2, 3, RESET, 11, 12)).isEmpty();
        assertThat(notTold(1, 2, 3, 11, 12)).isEmpty();
        assertThat(ledger.faults()).isEmpty();
        assertThat(ledger.lives()).isEqualTo(2);
    }

    /** Its Redis has lost it, or has lost a whole life: then it may be told of both resets, or of one. */
    @Test
    void endOfALife_mayBeMissing() {
        assertThat(told(1, RESET, 11, 12)).isEmpty();
        assertThat(told(1, RESET, RESET, 11, 12)).isEmpty();
        assertThat(notTold(1, 11, 12)).isEmpty();
    }

    @Test
    void missed_doubled_outOfOrder_neverThere() {
        assertThat(notTold(1, 3, 11, 12)).contains("1 missed without a word before 3");
        assertThat(notTold(1, 2, 3, 12)).contains("1 missed without a word before 12");
        assertThat(notTold(1, 2, 3, 11)).contains("the last 1 are missing");
        assertThat(notTold(1, 2, 2, 3, 11, 12)).contains("was given 2 after 2: doubled, or out of order");
        assertThat(notTold(1, 2, 3, 11, 12, 3)).contains("was given 3 after 12: doubled, or out of order");
        assertThat(notTold(1, 2, 3, 4)).contains("was given 4, which nobody has published");
    }

    @Test
    void resetThatIsNotTold_orIsNone() {
        assertThat(told(1, 2, 3, 11, 12)).contains("another life begins with 11, and no reset was told");
        assertThat(told(1, RESET, 2, 3, RESET, 11, 12))
                .contains("a reset was told before 2, which is of the same life");
    }

    @Test
    void storedTwice_orNotTheSameForAll() {
        ledger.note("a", 13, 3, "text 12");
        ledger.note("a", 12, 2, "another");
        ledger.note("a", 11, 2, "text 11");
        assertThat(ledger.faults()).hasSize(3);
    }

    /** Whose wire has no seq cannot contradict it. */
    @Test
    void seqThatIsNotKnownYet() {
        ledger.note("a", 13, 0, "text 13");
        assertThat(ledger.known("a").begins()).containsExactly(true, false, false, true, false, false);
        ledger.note("a", 13, 1, "text 13");
        assertThat(ledger.known("a").begins()).containsExactly(true, false, false, true, false, true);
        assertThat(ledger.faults()).isEmpty();
    }

    @Test
    void gap_mustBeginWhereItsReaderIs() {
        Track track = new Track("a");
        assertThat(track.message(1, 1)).isEmpty();
        assertThat(track.gap(2, 4)).isEmpty();
        assertThat(track.message(5, 5)).isEmpty();
        assertThat(track.wrongWithGaps()).isEmpty();
        assertThat(track.gap(7, 8)).contains("was told of a gap from 7 to 8 where 6 was next");
        assertThat(track.message(10, 10)).contains("was given seq 10 (10) where 9 was next");
        assertThat(track.wrongWithGaps()).isPresent();
    }
}
