package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.icomet.IcometDialect;
import dev.comet.servlet.dialect.icomet.IcometSettings;
import java.util.Map;

/**
 * iComet's front, the endpoints for its subscribers: {@code /poll}, {@code /sub}, {@code /stream}, {@code /iframe}, {@code /sse},
 * {@code /ping}. See docs/dialects/icomet.md. Mount it with async support on a pattern that ends in {@code /*}, say
 * {@code /icomet/*}.
 */
public final class IcometServlet extends LegacyServlet {
    static final String NAME = "icomet";

    private static final long serialVersionUID = 1;

    /** For web.xml. */
    public IcometServlet() {
        super(NAME, IcometSettings::read);
    }

    /** An endpoint of this hub, which stays the caller's to close, with iComet's settings. */
    public IcometServlet(Comet comet, CometConfig config, Map<String, String> settings) {
        super(comet, config, NAME, IcometSettings::read, settings);
    }

    /** The names of the settings, the admin endpoints' among them, with their defaults. */
    public static Map<String, String> settings() {
        return defaults(NAME, IcometSettings::read);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config, Values values) {
        IcometSettings settings = IcometSettings.read(values);
        return new IcometDialect(
                comet, settings, config.access(Rules.PUBLIC, comet).forScripts(), config.maxAge());
    }
}
