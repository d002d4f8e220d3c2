package dev.comet.servlet;

/** A request whose end is still to come: its body is read, its answer written, or its response held. <i>Thread-safe.</i> */
interface Exchange {
    /** Ends it properly, if it can be: with last words, as the socket takes them. */
    void close();

    /** Ends it at once. */
    void abort();
}
