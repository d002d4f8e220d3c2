package dev.comet.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.util.EnumSet;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Jetty 12.1, ee10; HTTP/1.1 and, to clients with prior knowledge, h2c. */
final class JettyContainer implements Container {
    private final Server server = new Server(new QueuedThreadPool(64));
    private final ServerConnector connector;

    JettyContainer() {
        HttpConfiguration http = new HttpConfiguration();
        connector =
                new ServerConnector(server, new HttpConnectionFactory(http), new HTTP2CServerConnectionFactory(http));
        connector.setHost("127.0.0.1");
        connector.setAcceptedSendBufferSize(SEND_BUFFER);
        server.addConnector(connector);
    }

    @Override
    public void start(Map<String, HttpServlet> servlets, Map<String, Filter> filters) throws Exception {
        ServletContextHandler context = new ServletContextHandler("/");
        servlets.forEach((mount, servlet) -> {
            ServletHolder holder = new ServletHolder(mount.substring(1), servlet);
            holder.setAsyncSupported(true);
            context.addServlet(holder, mount + "/*");
        });
        filters.forEach((name, filter) -> {
            FilterHolder holder = new FilterHolder(filter);
            holder.setName(name);
            holder.setAsyncSupported(false);
            context.addFilter(holder, "/*", EnumSet.of(DispatcherType.REQUEST));
        });
        server.setHandler(context);
        server.start();
    }

    /** How many bytes of Jetty's buffers are in use. */
    long bufferBytes() {
        ArrayByteBufferPool pool = (ArrayByteBufferPool) server.getByteBufferPool();
        return pool.getDirectMemory()
                - pool.getAvailableDirectMemory()
                + pool.getHeapMemory()
                - pool.getAvailableHeapMemory();
    }

    @Override
    public int port() {
        return connector.getLocalPort();
    }

    @Override
    public void stop() throws Exception {
        server.stop();
    }
}
