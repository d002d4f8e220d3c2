package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.nativewire.NativeDialect;

/**
 * The native endpoint for the public: subscribe for anyone, publish and the rest for nobody, until an authorizer or a token
 * allows it. Mount it with async support on a pattern that ends in {@code /*}, say {@code /comet/*}.
 *
 * <p>In code: {@code new CometServlet(comet, CometConfig.builder().build())}. In web.xml: with init parameters, whose names are
 * {@link CometOptions}'; then all endpoints of a web application share one hub, which the first of them to start creates from its
 * parameters and the context's, unless a {@link CometContextListener} has. Settings of a hub that is there already are refused
 * as a servlet's: those of the context, with {@code comet.} before their names, are for everyone.
 */
public final class CometServlet extends EndpointServlet {
    private static final long serialVersionUID = 1;

    /** For web.xml. */
    public CometServlet() {
        super();
    }

    /** An endpoint of this hub, which stays the caller's to close. */
    public CometServlet(Comet comet, CometConfig config) {
        super(comet, config);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config) {
        return new NativeDialect(comet, config.nativeSettings(), config.access(Rules.PUBLIC, comet));
    }
}
