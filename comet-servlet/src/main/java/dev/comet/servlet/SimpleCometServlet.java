package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.simplecomet.SimpleCometDialect;
import dev.comet.servlet.dialect.simplecomet.SimpleCometSettings;
import java.util.Map;

/**
 * The endpoint for clients of Simple-Comet-Server: reading for anyone; publishing, registering and deleting for this machine,
 * until an authorizer says otherwise. Mount it with async support on a pattern that ends in {@code /*}, say
 * {@code /simple-comet/*}.
 */
public final class SimpleCometServlet extends LegacyServlet {
    private static final long serialVersionUID = 1;

    /** For web.xml: with init parameters {@code simple-comet.http-timeout} and so on. */
    public SimpleCometServlet() {
        super(SimpleCometSettings.NAME, SimpleCometSettings::read);
    }

    /**
     * An endpoint of this hub, which stays the caller's to close.
     *
     * @param settings by their names, as {@link #settings} has them
     */
    public SimpleCometServlet(Comet comet, CometConfig config, Map<String, String> settings) {
        super(comet, config, SimpleCometSettings.NAME, SimpleCometSettings::read, settings);
    }

    /** The names of the settings, with their defaults. */
    public static Map<String, String> settings() {
        return defaults(SimpleCometSettings.NAME, SimpleCometSettings::read);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config, Values values) {
        SimpleCometSettings settings = SimpleCometSettings.read(values);
        return new SimpleCometDialect(
                comet, settings, config.access(SimpleCometDialect.RULES, comet).forScripts(), config.corsOrigins());
    }
}
