package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Values;
import dev.comet.servlet.dialect.icomet.IcometAdminDialect;
import dev.comet.servlet.dialect.icomet.IcometSettings;
import java.util.Map;

/**
 * iComet's admin endpoints: {@code /sign}, {@code /push}, {@code /pub}, {@code /broadcast}, {@code /close}, {@code /clear},
 * {@code /info}, {@code /check}, {@code /psub}. See docs/dialects/icomet.md. Only this machine may use them, until
 * {@code admin_allow} or an authorizer says otherwise. Mount it with async support on a pattern that ends in {@code /*}, say
 * {@code /icomet-admin/*}, with the same settings as {@link IcometServlet}.
 */
public final class IcometAdminServlet extends LegacyServlet {
    private static final long serialVersionUID = 1;

    /** For web.xml. */
    public IcometAdminServlet() {
        super(IcometServlet.NAME, IcometSettings::read);
    }

    /** An endpoint of this hub, which stays the caller's to close, with iComet's settings. */
    public IcometAdminServlet(Comet comet, CometConfig config, Map<String, String> settings) {
        super(comet, config, IcometServlet.NAME, IcometSettings::read, settings);
    }

    /** The names of the settings, the front's among them, with their defaults. */
    public static Map<String, String> settings() {
        return IcometServlet.settings();
    }

    @Override
    Dialect dialect(Comet comet, CometConfig config, Values values) {
        IcometSettings settings = IcometSettings.read(values);
        return new IcometAdminDialect(
                comet,
                settings,
                config.access(settings.admins(), comet).forScripts(),
                config.maxAge(),
                comet.scheduler()::currentTimeMillis);
    }
}
