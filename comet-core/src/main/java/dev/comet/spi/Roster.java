package dev.comet.spi;

import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The members of channels on all nodes. A node that does not say for the grace period that it lives has lost its own.
 * <i>Thread-safe; no method blocks.</i>
 */
public interface Roster {

    /**
     * Says that a name has become a member here, or is none any more: {@link LocalHub#isMember} says which, and is asked in turn, so
     * that of several calls the last one finds what is. Those who follow the channel, on any node, are told when the name has come to
     * the first node or gone from the last.
     *
     * @param signs whether they are told in any case that it comes
     * @return completed when all nodes can know; exceptionally with {@link dev.comet.Refusal#TOO_MANY_MEMBERS}, or
     *     {@link dev.comet.Refusal#UNAVAILABLE}: then the hub is asked again when the log can be reached
     */
    CompletionStage<Void> changed(LocalHub.Member member, boolean signs);

    /** The names of a channel's members, in no order. */
    CompletionStage<Set<String>> members(String channel);
}
