package dev.comet.example;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.CometAdminServlet;
import dev.comet.servlet.CometOptions;
import dev.comet.servlet.CometServlet;
import java.net.URI;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Embedded Jetty with the endpoints and the page. */
final class ExampleServer {
    /** The channels that the example's own pages publish to. */
    private static final String PAGES = "demo-";

    private final Server server;
    private final ServerConnector connector;
    private final String host;
    private final StatsPublisher stats;

    ExampleServer(Comet comet, CometOptions settings, String host, int port) {
        this.host = host;
        this.stats = new StatsPublisher(comet);
        QueuedThreadPool threads = new QueuedThreadPool();
        threads.setName("jetty");
        server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        connector =
                new ServerConnector(server, new HttpConnectionFactory(http), new HTTP2CServerConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        server.addConnector(connector);

        settings.configBuilder().authorizer(ExampleServer::decide);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(async(new ServletHolder("comet", new CometServlet(comet, settings.config()))), "/comet/*");
        context.addServlet(
                async(new ServletHolder("comet-admin", new CometAdminServlet(comet, settings.config()))),
                "/comet-admin/*");
        context.addServlet(new ServletHolder("pages", new PagesServlet()), "/");
        server.setHandler(context);
    }

    /** The example's own pages may publish to their own channels, from wherever they are read. */
    private static Authorizer.Decision decide(Authorizer.Question question) {
        return question.action() == Action.PUBLISH && question.channel().startsWith(PAGES)
                ? Authorizer.Decision.ALLOW
                : Authorizer.Decision.UNKNOWN;
    }

    private static ServletHolder async(ServletHolder holder) {
        holder.setAsyncSupported(true);
        return holder;
    }

    void start() throws Exception {
        server.start();
        stats.start();
    }

    void join() throws InterruptedException {
        server.join();
    }

    void stop() throws Exception {
        server.stop();
    }

    /** Where it listens. */
    URI uri() {
        String name = host.equals("0.0.0.0") ? "localhost" : host;
        return URI.create("http://" + name + ":" + connector.getLocalPort());
    }

    String welcome() {
        String at = uri().toString();
        return """
                Comet is up.

                  page       %1$s/
                  subscribe  curl -N '%1$s/comet/events?channel=demo-news'
                  publish    curl -d hello %1$s/comet-admin/channels/demo-news
                  counters   curl %1$s/comet-admin/stats

                Ctrl-C drains it.
                """.formatted(at);
    }
}
