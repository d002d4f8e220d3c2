package dev.comet.example;

import dev.comet.Comet;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.IntUnaryOperator;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Embedded Jetty with the endpoints and the pages. */
final class ExampleServer {
    /**
     * How many connections may wait to be accepted. When another node dies, its clients all come at once, and who finds no room is
     * not refused: he tries again after 1, 3, 7 and more seconds. Java's default is 50.
     */
    private static final int ACCEPT_QUEUE = 4096;

    private final Comet comet;
    private final Server server;
    private final HttpConfiguration http = new HttpConfiguration();
    private final Options options;
    private final Endpoints endpoints;
    private final ServerConnector connector;
    private final ContextHandlerCollection contexts = new ContextHandlerCollection();

    ExampleServer(Comet comet, Options options) {
        this(comet, options, original -> original);
    }

    /**
     * The same on other ports than the old servers'.
     *
     * @param ports makes of an old server's port the one to listen on; {@link #portOf} says which it became
     */
    ExampleServer(Comet comet, Options options, IntUnaryOperator ports) {
        this.comet = comet;
        this.options = options;
        this.endpoints = new Endpoints(comet, options);
        QueuedThreadPool threads = new QueuedThreadPool();
        threads.setName("jetty");
        server = new Server(threads);
        http.setSendServerVersion(false);

        ServletContextHandler context = new ServletContextHandler("/");
        endpoints.all().forEach((pattern, servlet) -> mount(context, servlet, pattern));
        context.addServlet(new ServletHolder("pages", new PagesServlet()), "/");
        connector = listen("example", options.port(), context);
        ServletContextHandler onSocket = options.dropIn() ? dropIn(ports) : context;
        options.unixSocket().ifPresent(path -> listenOn(path, onSocket));
        server.setHandler(contexts);
    }

    /**
     * The ports and paths of the four old servers, for clients that nobody can change.
     *
     * @return what a UNIX socket is for among them: Simple-Comet
     */
    private ServletContextHandler dropIn(IntUnaryOperator ports) {
        listen("icomet", ports.applyAsInt(8100), alone(endpoints.icomet()));
        listen("icomet-admin", ports.applyAsInt(8000), alone(endpoints.icometAdmin()));
        ServletContextHandler chat = alone(endpoints.ccomet());
        ServletContextHandler simple = alone(endpoints.simpleComet());
        listen("simple-comet", ports.applyAsInt(4080), simple);
        listen("stardust", ports.applyAsInt(5742), alone(endpoints.stardust()));
        for (int port = 8081; port <= 8085; port++) {
            listen("ccomet-" + port, ports.applyAsInt(port), chat); // one server on five ports
        }
        return simple;
    }

    private static ServletContextHandler alone(HttpServlet servlet) {
        ServletContextHandler context = new ServletContextHandler("/");
        mount(context, servlet, "/*");
        return context;
    }

    private static void mount(ServletContextHandler context, HttpServlet servlet, String pattern) {
        ServletHolder holder = new ServletHolder(pattern, servlet);
        holder.setAsyncSupported(true);
        context.addServlet(holder, pattern);
    }

    /** A port whose requests go to this context and no other. */
    private ServerConnector listen(String name, int port, ServletContextHandler context) {
        ServerConnector listening =
                new ServerConnector(server, new HttpConnectionFactory(http), new HTTP2CServerConnectionFactory(http));
        listening.setHost(options.host());
        listening.setPort(port);
        listening.setAcceptQueueSize(ACCEPT_QUEUE);
        add(name, listening, context);
        return listening;
    }

    private void listenOn(Path socket, ServletContextHandler context) {
        UnixDomainServerConnector listening = new UnixDomainServerConnector(server, new HttpConnectionFactory(http));
        listening.setUnixDomainPath(socket);
        add("unix-socket", listening, context);
    }

    /** A process that was killed leaves its socket behind, and nobody could listen there again. */
    private static void removeAbandoned(Path socket) throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                || !Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .isOther()) {
            return;
        }
        try (SocketChannel somebody = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            somebody.connect(UnixDomainSocketAddress.of(socket)); // who listens there keeps it
        } catch (ConnectException e) {
            Files.delete(socket);
        }
    }

    private void add(String name, Connector listening, ServletContextHandler context) {
        if (listening instanceof AbstractConnector named) {
            named.setName(name);
        }
        context.addVirtualHosts("@" + name);
        server.addConnector(listening);
        if (!contexts.getHandlers().contains(context)) {
            contexts.addHandler(context);
        }
    }

    void start() throws Exception {
        if (options.unixSocket().isPresent()) {
            removeAbandoned(options.unixSocket().get());
        }
        server.start();
    }

    void join() throws InterruptedException {
        server.join();
    }

    void stop() throws Exception {
        server.stop();
    }

    /** Where it listens. */
    URI uri() {
        String name = options.host().equals("0.0.0.0") ? "localhost" : options.host();
        return URI.create("http://" + name + ":" + connector.getLocalPort());
    }

    /** The port of one of its connectors: {@code icomet}, {@code icomet-admin}, {@code ccomet-8081} and so on. */
    int portOf(String name) {
        for (Connector listening : server.getConnectors()) {
            if (listening instanceof ServerConnector tcp && name.equals(tcp.getName())) {
                return tcp.getLocalPort();
            }
        }
        throw new IllegalArgumentException("there is no connector '" + name + "'");
    }

    String welcome() {
        String at = uri().toString();
        String dropIn = options.dropIn()
                ? "  drop-in    iComet 8100 and 8000, Simple-Comet 4080, Stardust 5742, CComet 8081 to 8085\n"
                : "";
        return """
                Comet is up%3$s.

                  pages      %1$s/
                  subscribe  curl -N '%1$s/comet/events?channel=demo-news'
                  publish    curl -d hello %1$s/comet-admin/channels/demo-news
                  counters   curl %1$s/comet-admin/stats

                  iComet        %1$s/icomet/sub?cname=demo-news&seq=1, %1$s/icomet-admin/push?cname=demo-news&content=hello
                  Simple-Comet  %1$s/simple-comet/channels/demo-news.json
                  Stardust      %1$s/stardust/channel
                  CComet        %1$s/ccomet/subscribe?channel=demo-news&sname=me&seqid=0&callback=cb
                %2$s
                Ctrl-C drains it.
                """.formatted(at, dropIn, redis());
    }

    private String redis() {
        return comet.node()
                .map(node -> " as " + node
                        + comet.unreachable()
                                .map(why -> ", not connected to Redis yet: " + why)
                                .orElse(", connected to Redis"))
                .orElse("");
    }
}
