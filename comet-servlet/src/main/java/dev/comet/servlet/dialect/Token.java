package dev.comet.servlet.dialect;

import dev.comet.Action;
import dev.comet.Grant;
import java.util.List;

/**
 * What a token that was found to be good says. The token itself, which is all that it takes to be its bearer, is not kept.
 * <i>Immutable.</i>
 */
public final class Token implements Grant {
    /** The end of a pattern that stands for every name which begins as it does. */
    private static final char ANY = '*';

    /** When it was issued, if it does not say: before everything, but after what has never been. */
    static final long ANY_TIME = Long.MIN_VALUE + 1;

    private final String subject;
    private final String id;
    private final String key;
    private final long issuedMillis;
    private final long endMillis;
    private final Rights rights;

    /** The channels of each action, names and patterns; and whether it is an administrator's. */
    record Rights(List<String> subscribe, List<String> publish, List<String> presence, boolean admin) {
        static final Rights NONE = new Rights(List.of(), List.of(), List.of(), false);
    }

    /**
     * What it says.
     *
     * @param key the id of the key that it was signed with
     * @param issuedMillis since when there is this token; {@link #ANY_TIME} when it does not say
     * @param endMillis from when on it counts no more, clocks that differ allowed for
     */
    Token(String subject, String id, String key, long issuedMillis, long endMillis, Rights rights) {
        this.subject = subject;
        this.id = id;
        this.key = key;
        this.issuedMillis = issuedMillis;
        this.endMillis = endMillis;
        this.rights = rights;
    }

    @Override
    public String subject() {
        return subject;
    }

    String id() {
        return id;
    }

    String key() {
        return key;
    }

    long issuedMillis() {
        return issuedMillis;
    }

    /** From when on it counts no more, in milliseconds since the epoch. */
    public long endMillis() {
        return endMillis;
    }

    /** Where {@code channel} is empty, for what concerns all channels, only {@code *} allows it. */
    @Override
    public boolean allows(Action action, String channel) {
        return switch (action) {
            case SUBSCRIBE -> matches(rights.subscribe, channel);
            case PUBLISH -> matches(rights.publish, channel);
            case PRESENCE -> matches(rights.presence, channel);
            case ADMIN -> rights.admin;
        };
    }

    private static boolean matches(List<String> patterns, String channel) {
        for (String pattern : patterns) {
            int last = pattern.length() - 1;
            boolean open = last >= 0 && pattern.charAt(last) == ANY;
            if (open ? channel.startsWith(pattern.substring(0, last)) : !channel.isEmpty() && channel.equals(pattern)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "a token of " + subject;
    }
}
