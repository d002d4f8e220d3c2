package dev.comet.bench.server;

import dev.comet.Comet;
import dev.comet.servlet.CometAdminServlet;
import dev.comet.servlet.CometConfig;
import dev.comet.servlet.CometServlet;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.ee10.servlet.HttpOutput;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A server on Jetty as it comes: {@code comet}, {@code blocking}, {@code listener} or {@code listener-tuned}, and a port. */
public final class OnJetty {
    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

    private OnJetty() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        JETTY.setLevel(Level.WARNING);
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(new HttpConfiguration()));
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[1]));
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        switch (args[0]) {
            case "comet" -> {
                Comet comet = Comet.builder().build();
                mount(context, new CometServlet(comet, CometConfig.defaults()), "/comet/*");
                mount(context, new CometAdminServlet(comet, CometConfig.defaults()), "/comet-admin/*");
            }
            case "blocking" -> mount(context, new BlockingServlet(), "/sse", "/poll", "/pub");
            case "listener" -> mount(context, new ListenerServlet(), "/sse", "/poll", "/pub");
            case "listener-tuned" -> mount(context, new Tuned(), "/sse", "/poll", "/pub");
            default -> throw new IllegalArgumentException("there is no '" + args[0] + "'");
        }
        server.setHandler(context);
        server.start();
        server.join();
    }

    private static void mount(ServletContextHandler context, HttpServlet servlet, String... patterns) {
        ServletHolder holder = new ServletHolder(patterns[0], servlet);
        holder.setAsyncSupported(true);
        for (String pattern : patterns) {
            context.addServlet(holder, pattern);
        }
    }

    /** For who knows Jetty: what is written as a ByteBuffer is not aggregated in a buffer that the response keeps. */
    private static final class Tuned extends ListenerServlet {
        private static final long serialVersionUID = 1;

        @Override
        void write(ServletOutputStream out, byte[] frame) throws IOException {
            ((HttpOutput) out).write(ByteBuffer.wrap(frame));
        }
    }
}
