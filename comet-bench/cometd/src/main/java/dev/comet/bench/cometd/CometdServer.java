package dev.comet.bench.cometd;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.http.jakarta.CometDServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** CometD's servlet at {@code /cometd}, and {@code POST /pub?ch=N}, which publishes to {@code /bench/N}. */
public final class CometdServer {
    /** Held here, for a logger that nobody refers to forgets its level. */
    private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

    private CometdServer() {}

    /** The port. */
    public static void main(String[] args) throws Exception {
        JETTY.setLevel(Level.WARNING);
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(new HttpConfiguration()));
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[0]));
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        ServletHolder cometd = new ServletHolder("cometd", new CometDServlet());
        cometd.setAsyncSupported(true);
        cometd.setInitOrder(1);
        context.addServlet(cometd, "/cometd/*");
        context.addServlet(new ServletHolder("publish", new Publish()), "/pub");
        server.setHandler(context);
        server.start();
        server.join();
    }

    /** The application's backend. */
    private static final class Publish extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            BayeuxServer bayeux = (BayeuxServer) getServletContext().getAttribute(BayeuxServer.ATTRIBUTE);
            String channel = "/bench/" + request.getParameter("ch");
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            bayeux.createChannelIfAbsent(channel).getReference().publish(null, body, Promise.noop());
            response.setStatus(HttpServletResponse.SC_NO_CONTENT);
        }
    }
}
