package dev.comet.servlet.dialect;

import dev.comet.RefusedException;

/** A wire protocol: a function from request to reply. <i>Implementations are thread-safe, and have no state but settings.</i> */
public interface Dialect {
    /** The most bytes that this request's body may have; called before the body is read. */
    long bodyLimit(Request head);

    /**
     * Answers.
     *
     * @throws RefusedException when the hub said no
     * @throws Problem when the request is not one
     */
    Reply answer(Request request);

    /** The hub's "no" in this dialect's shape. */
    Reply refused(Request request, RefusedException refusal);

    /** What is wrong with a request, in this dialect's shape. */
    Reply refused(Request request, Problem problem);
}
