package dev.comet.servlet;

import dev.comet.Comet;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Values;
import jakarta.servlet.ServletConfig;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that speaks the wire protocol of another server. Its settings have the names of that server: in code as a map, in
 * web.xml as init parameters, bare or with the dialect's name and a dot before them, or as context parameters
 * {@code comet.<dialect>.<name>}.
 *
 * @param <S> the settings of the dialect
 */
abstract class LegacyServlet<S> extends EndpointServlet {
    private static final long serialVersionUID = 1;

    private final String name;
    private final transient Function<Values, S> read;
    private final transient @Nullable Map<String, String> given;

    LegacyServlet(String name, Function<Values, S> read) {
        this.name = name;
        this.read = read;
        this.given = null;
    }

    LegacyServlet(Comet comet, CometConfig config, String name, Function<Values, S> read, Map<String, String> given) {
        super(comet, config);
        this.name = name;
        this.read = read;
        this.given = Map.copyOf(given);
        settings(this.given); // what is wrong is said here, not when the container starts
    }

    abstract Dialect dialect(Comet comet, CometConfig config, S settings);

    @Override
    final Dialect dialect(Comet comet, CometConfig config) {
        return dialect(comet, config, settings(given != null ? given : parameters(getServletConfig())));
    }

    @Override
    final boolean isOwn(String parameter) {
        return parameter.startsWith(name + ".") || defaults(name, read).containsKey(parameter);
    }

    private S settings(Map<String, String> given) {
        Values values = new Values(name, given);
        S settings = read.apply(values);
        values.requireNoOthers();
        return settings;
    }

    private Map<String, String> parameters(ServletConfig servlet) {
        Map<String, String> values = new HashMap<>();
        for (String setting : defaults(name, read).keySet()) {
            String value = servlet.getServletContext().getInitParameter("comet." + name + "." + setting);
            if (value != null) {
                values.put(setting, value);
            }
        }
        for (String parameter : Collections.list(servlet.getInitParameterNames())) {
            if (isOwn(parameter)) {
                values.put(parameter, servlet.getInitParameter(parameter));
            }
        }
        return values;
    }

    /** The names of a dialect's settings, with their defaults. */
    static <S> Map<String, String> defaults(String name, Function<Values, S> read) {
        Values none = new Values(name, Map.of());
        S unused = read.apply(none);
        return none.defaults();
    }
}
