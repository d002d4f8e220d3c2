package dev.comet.servlet.dialect;

import dev.comet.Action;

/** A mount's rules: design.md, "Who may do what, by default". <i>Immutable.</i> */
public record Rules(Rule subscribe, Rule publish, Rule presence, Rule admin) {
    /** The native mount for the public. */
    public static final Rules PUBLIC = new Rules(Rule.ANYONE, Rule.NOBODY, Rule.ANYONE, Rule.NOBODY);

    /** The native mount for the inside. */
    public static final Rules LOOPBACK = all(Rule.LOOPBACK);

    /** One rule for everything. */
    public static Rules all(Rule rule) {
        return new Rules(rule, rule, rule, rule);
    }

    Rule of(Action action) {
        return switch (action) {
            case SUBSCRIBE -> subscribe;
            case PUBLISH -> publish;
            case PRESENCE -> presence;
            case ADMIN -> admin;
        };
    }
}
