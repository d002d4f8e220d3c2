package dev.comet;

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
        /** No opinion: what the token grants, and else the mount's default, decides. */
        UNKNOWN
    }

    /**
     * Decides.
     *
     * @param action what is wanted
     * @param channel the channel's name; empty for an action that concerns none. It need not exist
     * @param caller who asks
     */
    Decision decide(Action action, String channel, Caller caller);
}
