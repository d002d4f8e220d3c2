package dev.comet.servlet;

import dev.comet.Comet;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The hub of a web application whose endpoints stand in web.xml: an attribute of the servlet context, made by the first that
 * needs it, drained and closed with the last. <i>Thread-safe: guarded by the class's monitor; containers start and stop servlets
 * rarely.</i>
 */
final class SharedHub {
    /** How long the hub of an application that stops waits for the subscribers that no endpoint has ended. */
    static final Duration DRAIN = Duration.ofSeconds(5);

    private static final String USERS = SharedHub.class.getName() + ".users";

    private SharedHub() {}

    /** The context's parameters that are settings, and the servlet's, which win, but for those that are its dialect's own. */
    static CometOptions options(ServletConfig servlet, Predicate<String> own) throws ServletException {
        Map<String, String> values = parameters(servlet.getServletContext());
        for (String name : Collections.list(servlet.getInitParameterNames())) {
            if (!own.test(name)) {
                values.put(name, servlet.getInitParameter(name));
            }
        }
        return parse(values);
    }

    static CometOptions options(ServletContext context) throws ServletException {
        return parse(parameters(context));
    }

    private static CometOptions parse(Map<String, String> values) throws ServletException {
        try {
            CometOptions options = CometOptions.parse(values);
            options.config(); // what does not go together is said here
            return options;
        } catch (IllegalArgumentException e) {
            throw new ServletException("Comet's init parameters: " + e.getMessage(), e);
        }
    }

    /** Context parameters belong to the whole application: those that are no settings of ours are somebody else's. */
    private static Map<String, String> parameters(ServletContext context) {
        Map<String, String> values = new HashMap<>();
        for (String name : CometOptions.names()) {
            String value = context.getInitParameter("comet." + name);
            if (value != null) {
                values.put(name, value);
            }
        }
        return values;
    }

    /**
     * One user more.
     *
     * @throws ServletException when the servlet has settings for a hub that is there already: they would be without effect
     */
    static synchronized Comet join(ServletConfig servlet, CometOptions options) throws ServletException {
        ServletContext context = servlet.getServletContext();
        if (context.getAttribute(Comet.class.getName()) instanceof Comet) {
            for (String name : Collections.list(servlet.getInitParameterNames())) {
                if (CometOptions.isOfHub(name)) {
                    throw new ServletException("init parameter '" + name + "' of servlet '" + servlet.getServletName()
                            + "' comes too late: the application has its hub already. Set it for all endpoints, as context"
                            + " parameter 'comet." + name + "'");
                }
            }
        }
        return join(context, options);
    }

    static synchronized Comet join(ServletContext context, CometOptions options) {
        context.setAttribute(USERS, users(context) + 1);
        if (context.getAttribute(Comet.class.getName()) instanceof Comet present) {
            return present;
        }
        Comet fresh = options.comet().build();
        context.setAttribute(Comet.class.getName(), fresh);
        return fresh;
    }

    /**
     * One user less. The application is stopping, so whatever is held gets its last words now, before the container begins to
     * wait for it; the last user waits for them, and closes the hub.
     */
    static void leave(ServletContext context) {
        if (!(context.getAttribute(Comet.class.getName()) instanceof Comet hub)) {
            return;
        }
        boolean last = isLast(context);
        hub.drain(last ? DRAIN : Duration.ZERO);
        if (last) {
            context.removeAttribute(Comet.class.getName());
            hub.close();
        }
    }

    private static synchronized boolean isLast(ServletContext context) {
        int users = users(context) - 1;
        context.setAttribute(USERS, users);
        return users <= 0;
    }

    private static int users(ServletContext context) {
        return context.getAttribute(USERS) instanceof Integer n ? n : 0;
    }
}
