package dev.comet.servlet;

import dev.comet.Comet;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;

/**
 * Gives a web application its hub before its servlets start, and drains it when the application stops, before the container
 * waits for held requests. Put it into web.xml as a {@code <listener>}; its settings are context parameters with the names of
 * {@link CometOptions} after {@code comet.}, as in {@code comet.history-messages}. The application finds the hub by
 * {@link #hub}.
 */
public final class CometContextListener implements ServletContextListener {

    /** For web.xml. */
    public CometContextListener() {}

    /**
     * The application's hub.
     *
     * @throws IllegalStateException when neither this listener nor an endpoint has made one
     */
    public static Comet hub(jakarta.servlet.ServletContext context) {
        if (context.getAttribute(Comet.class.getName()) instanceof Comet hub) {
            return hub;
        }
        throw new IllegalStateException(
                "there is no hub in this servlet context: declare CometContextListener in web.xml");
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        try {
            SharedHub.join(event.getServletContext(), SharedHub.options(event.getServletContext()));
        } catch (ServletException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        SharedHub.leave(event.getServletContext());
    }
}
