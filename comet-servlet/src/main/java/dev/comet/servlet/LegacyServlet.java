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
 */
abstract class LegacyServlet extends EndpointServlet {
    private static final long serialVersionUID = 1;

    private final String name;
    private final transient Function<Values, ?> read;
    private final transient @Nullable Map<String, String> given;

    LegacyServlet(String name, Function<Values, ?> read) {
        this.name = name;
        this.read = read;
        this.given = null;
    }

    LegacyServlet(Comet comet, CometConfig config, String name, Function<Values, ?> read, Map<String, String> given) {
        super(comet, config);
        this.name = name;
        this.read = read;
        this.given = Map.copyOf(given);
        read(values(this.given)); // what is wrong is said here, not when the container starts
    }

    /** The dialect; it reads its settings from the values. */
    abstract Dialect dialect(Comet comet, CometConfig config, Values values);

    @Override
    final Dialect dialect(Comet comet, CometConfig config) {
        Map<String, String> all = given != null ? given : parameters(getServletConfig());
        read(values(all));
        return dialect(comet, config, values(all));
    }

    @Override
    final boolean isOwn(String parameter) {
        return parameter.startsWith(name + ".") || defaults(name, read).containsKey(parameter);
    }

    private Values values(Map<String, String> all) {
        return new Values(name, all);
    }

    /** Reads them all once, to find what is not right, and what is there that nobody reads. */
    private void read(Values values) {
        Object unused = read.apply(values);
        values.requireNoOthers();
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
                String bare = parameter.startsWith(name + ".") ? parameter.substring(name.length() + 1) : parameter;
                values.put(bare, servlet.getInitParameter(parameter)); // the servlet's own word counts
            }
        }
        return values;
    }

    /** The names of a dialect's settings, with their defaults. */
    static Map<String, String> defaults(String name, Function<Values, ?> read) {
        Values none = new Values(name, Map.of());
        Object unused = read.apply(none);
        return none.defaults();
    }
}
