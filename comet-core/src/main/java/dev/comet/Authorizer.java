package dev.comet;

import java.util.Optional;

/**
 * The application's word on who may do what. Asked before every subscribe, publish, presence and admin action that comes from
 * the network; never while messages are written. It may block, within reason: it runs on the container's thread.
 * <i>Implementations must be thread-safe.</i>
 */
@FunctionalInterface
public interface Authorizer {

    /** The answer. */
    enum Decision {
        /** Go on. */
        ALLOW,
        /** Refuse. */
        DENY,
        /**
         * No opinion. What the token grants is allowed; what it does not is refused where anyone may; for the rest, and without a
         * token, the mount's default decides.
         */
        UNKNOWN
    }

    /**
     * What an authorizer is asked.
     *
     * @param action what is wanted
     * @param channel the channel's name; empty for an action that concerns none. It need not exist
     * @param member the name under which the caller wants to be seen there, which an authorizer may want to compare with who it
     *     is; empty unless {@code action} is {@link Action#PRESENCE}, and there when the caller only wants to see who is
     * @param caller who asks
     */
    record Question(Action action, String channel, Optional<String> member, Caller caller) {}

    /** Decides. */
    Decision decide(Question question);
}
