package dev.comet.bench.server;

import dev.comet.Comet;
import dev.comet.servlet.CometAdminServlet;
import dev.comet.servlet.CometConfig;
import dev.comet.servlet.CometServlet;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.file.Files;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Response;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.modeler.Registry;

/**
 * A server on Tomcat as it comes, but for as many connections as are wanted: {@code comet}, {@code comet-small},
 * {@code blocking} or {@code listener}, a port, and settings of the connector as {@code name=value}.
 */
public final class OnTomcat {
    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger TOMCAT = Logger.getLogger("org.apache");

    private static final String NIO = "org.apache.coyote.http11.Http11NioProtocol";

    private OnTomcat() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        TOMCAT.setLevel(Level.WARNING);
        boolean small = args[0].equals("comet-small");
        if (small) {
            Registry.disableRegistry(); // as Spring Boot does: else each connection has its own entry for JMX
        }
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(temporary());
        Connector connector = small ? new Small() : new Connector(NIO);
        connector.setPort(Integer.parseInt(args[1]));
        connector.setProperty("address", "127.0.0.1");
        connector.setProperty("maxConnections", "20000"); // 8,192 as it comes
        connector.setProperty("maxKeepAliveRequests", "-1"); // 100 as it comes: a publisher's connection stays
        for (int i = 2; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            String name = args[i].substring(0, equals);
            if (!connector.setProperty(name, args[i].substring(equals + 1))) {
                throw new IllegalArgumentException("the connector has no '" + name + "'");
            }
        }
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", temporary());
        switch (args[0]) {
            case "comet", "comet-small" -> {
                Comet comet = Comet.builder().build();
                mount(context, new CometServlet(comet, CometConfig.defaults()), "/comet/*");
                mount(context, new CometAdminServlet(comet, CometConfig.defaults()), "/comet-admin/*");
            }
            case "blocking" -> mount(context, new BlockingServlet(), "/sse", "/poll", "/pub");
            case "listener" -> mount(context, new ListenerServlet(), "/sse", "/poll", "/pub");
            default -> throw new IllegalArgumentException("there is no '" + args[0] + "'");
        }
        tomcat.start();
        tomcat.getServer().await();
    }

    private static String temporary() throws IOException {
        return Files.createTempDirectory("comet-tomcat").toString();
    }

    private static void mount(Context context, HttpServlet servlet, String... patterns) {
        Wrapper wrapper = Tomcat.addServlet(context, patterns[0], servlet);
        wrapper.setAsyncSupported(true);
        for (String pattern : patterns) {
            wrapper.addMapping(pattern);
        }
    }

    /** Its responses have buffers of 128 bytes and as many characters, where 8,192 each are not to be changed by a setting. */
    private static final class Small extends Connector {
        Small() {
            super(NIO);
        }

        @Override
        public Response createResponse(org.apache.coyote.Response coyoteResponse) {
            return new Response(coyoteResponse, 128);
        }
    }
}
