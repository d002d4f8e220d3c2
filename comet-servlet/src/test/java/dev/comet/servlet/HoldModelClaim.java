package dev.comet.servlet;

/** What is claimed of a held response, whatever the interleaving. */
enum HoldModelClaim {
    NO_LOST_WAKE_UP("when all is quiet and the container is willing, everything published is written and flushed"),
    ONE_DRAINER("never two drainers, and never two threads inside the output"),
    READY_BEFORE_OUTPUT(
            "no write and no flush without a directly preceding isReady() that was true, by the same thread"),
    COMPLETED_ONCE("complete() once, never while somebody drains, and nothing is touched after it"),
    ENDS("whatever was ended completes, and no execution goes on for ever"),
    NOT_RECYCLED("nothing of the container's is touched once a callback that ends the exchange has returned"),
    LAST_WORDS("a normal end completes after the last words are written and flushed"),
    NO_IMPOSSIBLE_CELL("no signal meets an empty cell of the table"),
    ARRAY_KEPT("no array goes back to the pool while the container may still read from it"),
    HEARTBEAT_KEPT("a heartbeat that was due is written, or something else is in its place"),
    TIMER_KEPT("a timer is set while it is held and none after it; and it can tell a stalled client from an idle one");

    private final String text;

    HoldModelClaim(String text) {
        this.text = text;
    }

    /** To be thrown by the step, or by the look at a quiet world, that breaks the claim. */
    Broken broken(String how) {
        return new Broken(this, how);
    }

    /** A claim that does not hold. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        final HoldModelClaim claim;

        private Broken(HoldModelClaim claim, String how) {
            super(claim + " (" + claim.text + "): " + how, null, false, false);
            this.claim = claim;
        }
    }
}
