package dev.comet.example;

import dev.comet.Comet;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.modeler.Registry;

/**
 * The example's endpoints, served by a container on a port of its own. Many can be there at the same time.
 *
 * @param stop how it ends; the hub stays its owner's
 */
record Served(URI uri, Stop stop) implements AutoCloseable {
    /** Where Tomcats have their directories, each its own. */
    private static final Path TOMCATS = Path.of("target", "tomcat").toAbsolutePath();

    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger TOMCAT = Logger.getLogger("org.apache");

    private static final AtomicInteger COUNT = new AtomicInteger();

    /** See {@link #close}. */
    interface Stop {
        void now() throws Exception;
    }

    /** The example itself, with Jetty. */
    static Served byTheExample(Comet comet, Options options) throws Exception {
        ExampleServer example = new ExampleServer(comet, options);
        example.start();
        return new Served(example.uri(), example::stop);
    }

    /** Tomcat, with what the example mounts. */
    static Served byTomcat(Comet comet, Options options) throws Exception {
        Registry.disableRegistry(); // all Tomcats of a JVM would have the same names in JMX
        Tomcat tomcat = new Tomcat();
        TOMCAT.setLevel(Level.WARNING); // it tells of every servlet that is still answering when it stops
        tomcat.setBaseDir(
                TOMCATS.resolve(Integer.toString(COUNT.incrementAndGet())).toString());
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        tomcat.setConnector(connector);
        StandardContext context = (StandardContext) tomcat.addContext("", TOMCATS.toString());
        context.setClearReferencesThreadLocals(
                false); // it could not look for leaks without --add-opens, and warns of that
        context.setClearReferencesRmiTargets(false);
        new Endpoints(comet, options).all().forEach((pattern, servlet) -> {
            Wrapper wrapper = Tomcat.addServlet(context, pattern, servlet);
            wrapper.setAsyncSupported(true);
            wrapper.setLoadOnStartup(1);
            context.addServletMapping(pattern, pattern);
        });
        tomcat.start();
        return new Served(URI.create("http://localhost:" + connector.getLocalPort()), () -> {
            tomcat.stop();
            tomcat.destroy();
        });
    }

    @Override
    public void close() {
        try {
            stop.now();
        } catch (Exception e) {
            throw new IllegalStateException(uri + " did not stop", e);
        }
    }
}
