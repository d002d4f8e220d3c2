package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.ccomet.CCometDialect;
import dev.comet.servlet.dialect.ccomet.CCometSettings;
import java.util.Map;

/**
 * The endpoint for clients of CComet: everything for anyone, until an authorizer says otherwise. Mount it with async support on a
 * pattern that ends in {@code /*}, say {@code /ccomet/*}.
 */
public final class CCometServlet extends LegacyServlet {
    private static final long serialVersionUID = 1;

    /** For web.xml: with init parameters {@code ccomet.timeout} and so on. */
    public CCometServlet() {
        super(CCometSettings.NAME, CCometSettings::read);
    }

    /**
     * An endpoint of this hub, which stays the caller's to close.
     *
     * @param settings by their names, as {@link #settings} has them
     */
    public CCometServlet(Comet comet, CometConfig config, Map<String, String> settings) {
        super(comet, config, CCometSettings.NAME, CCometSettings::read, settings);
    }

    /** The names of the settings, with their defaults. */
    public static Map<String, String> settings() {
        return defaults(CCometSettings.NAME, CCometSettings::read);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config, Values values) {
        CCometSettings settings = CCometSettings.read(values);
        return new CCometDialect(
                comet, settings, config.access(CCometDialect.RULES, comet).forScripts());
    }
}
