package dev.comet.servlet;

/**
 * Makes a step that may go several ways go each of them in turn: the step asks, and is made again until every combination of
 * answers was given. <i>Owned by the search.</i>
 */
final class HoldModelChoices {
    private static final int MOST = 8;

    private final int[] made = new int[MOST];
    private final int[] of = new int[MOST];
    private int asked;
    private int known;

    /** Before a step that was not made yet. */
    void fresh() {
        known = 0;
        asked = 0;
    }

    /** One of 0 to n - 1. */
    int pick(int n) {
        if (asked == known) {
            made[known] = 0;
            of[known] = n;
            known++;
        }
        return made[asked++];
    }

    boolean either() {
        return pick(2) == 1;
    }

    /** Whether there is another combination, which the step then gets when it is made again. */
    boolean another() {
        asked = 0;
        while (known > 0) {
            if (++made[known - 1] < of[known - 1]) {
                return true;
            }
            known--;
        }
        return false;
    }
}
