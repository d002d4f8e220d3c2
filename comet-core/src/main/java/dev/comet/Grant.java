package dev.comet;

/** What a token allows its bearer. The core sees only this; tokens are minted and read in comet-servlet. */
public interface Grant {
    /** Who the token speaks of. */
    String subject();

    /** Whether it allows this. {@code channel} is empty for an action that concerns none. */
    boolean allows(Action action, String channel);
}
