package dev.comet;

/** Someone who uses the hub, on a thread of their own: so they may come between two steps of anybody else's. */
interface SimulationActor {
    /** Does something, or nothing. */
    void act();

    /** Leaves for good. */
    void retire();

    /** Nothing is under way, and the hub has had its turn: whoever can be up to date is. */
    void check();
}
