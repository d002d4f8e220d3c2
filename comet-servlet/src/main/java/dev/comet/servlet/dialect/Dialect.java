package dev.comet.servlet.dialect;

import dev.comet.RefusedException;

/** A wire protocol: a function from request to reply. <i>Implementations are thread-safe, and have no state but settings.</i> */
public interface Dialect {
    /**
     * Answers a request of whose body nothing has been read yet. What can be refused for its head alone (path, method, rights,
     * content type) is refused here, so that nobody can make the server read what it has no use for; only then a
     * {@link Reply.Read} asks for the body.
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
