package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.nativewire.NativeDialect;

/**
 * The native endpoint for the inside: publish, list, remove, statistics; for requests that certainly come from this machine,
 * and no other, until an authorizer allows it. It refuses what a web page of another site makes its reader's browser send. Mount
 * it like {@link CometServlet}, say on {@code /comet-admin/*}.
 */
public final class CometAdminServlet extends EndpointServlet {
    private static final long serialVersionUID = 1;

    /** For web.xml: see {@link CometServlet}. */
    public CometAdminServlet() {
        super();
    }

    /** An endpoint of this hub, which stays the caller's to close. */
    public CometAdminServlet(Comet comet, CometConfig config) {
        super(comet, config);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config) {
        return new NativeDialect(comet, config.nativeSettings(), config.access(Rules.LOOPBACK, comet));
    }
}
