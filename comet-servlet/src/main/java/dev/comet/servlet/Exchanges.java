package dev.comet.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;

/** The ends that an exchange can come to outside a held response. */
final class Exchanges {
    private static final System.Logger LOG = System.getLogger("dev.comet");

    private Exchanges() {}

    static void complete(AsyncContext async) {
        try {
            async.complete();
        } catch (IllegalStateException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "the container had ended the exchange: " + e);
        }
    }

    /** Something that should not happen did: the log has it, the client an empty 500. */
    static void fail(AsyncContext async, Throwable e) {
        LOG.log(System.Logger.Level.WARNING, "a request failed", e);
        try {
            if (async.getResponse() instanceof HttpServletResponse response && !response.isCommitted()) {
                response.reset();
                response.setStatus(500);
            }
        } catch (IllegalStateException late) {
            LOG.log(System.Logger.Level.DEBUG, () -> "the container had ended the exchange: " + late);
        }
        complete(async);
    }
}
