package dev.comet.spi;

import dev.comet.Scheduler;
import dev.comet.Settings;
import dev.comet.Stats;
import java.util.List;

/** The one hub that uses a log, as the log sees it. No call blocks. <i>Thread-safe.</i> */
public interface LocalHub {

    /** A name on a channel, that subscribers here have, or had within the grace period. <i>Immutable.</i> */
    record Member(String channel, String name) {}

    Settings settings();

    Scheduler scheduler();

    /**
     * Says how far this hub has come: every message with an id up to it, of the channels that are followed, has been handed to its
     * {@link Follower}. Called as followers are, after them. It never goes back.
     */
    void reached(long id);

    /** Whether this is a member here, now. */
    boolean isMember(Member member);

    /** All members here, in no order. A snapshot. */
    List<Member> members();

    /** This hub's figures. */
    Stats stats();
}
