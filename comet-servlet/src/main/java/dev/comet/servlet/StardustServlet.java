package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.stardust.StardustDialect;
import dev.comet.servlet.dialect.stardust.StardustSettings;
import java.util.Map;

/**
 * Speaks Stardust's protocol, so that pages with jquery.ev and scripts with curl go on working. Mount it like
 * {@link CometServlet}, say on {@code /stardust/*}. Settings and differences: docs/dialects/stardust.md.
 */
public final class StardustServlet extends LegacyServlet {
    private static final long serialVersionUID = 1;
    private static final String NAME = "stardust";

    /** For web.xml: see {@link CometServlet}. */
    public StardustServlet() {
        super(NAME, StardustSettings::read);
    }

    /**
     * An endpoint of this hub, which stays the caller's to close.
     *
     * @param settings by their names, as {@code channel_length}
     * @throws IllegalArgumentException that names the setting which is not right
     */
    public StardustServlet(Comet comet, CometConfig config, Map<String, String> settings) {
        super(comet, config, NAME, StardustSettings::read, settings);
    }

    /** The names of the settings, with their defaults. */
    public static Map<String, String> settings() {
        return defaults(NAME, StardustSettings::read);
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config, Values values) {
        StardustSettings settings = StardustSettings.read(values);
        return new StardustDialect(
                comet, settings, config.access(settings.rules(), comet).forScripts());
    }
}
