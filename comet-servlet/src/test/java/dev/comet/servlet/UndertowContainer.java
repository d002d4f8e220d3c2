package dev.comet.servlet;

import io.undertow.Undertow;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.api.FilterInfo;
import io.undertow.servlet.api.ServletInfo;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xnio.Options;

/** Undertow 2.3. */
final class UndertowContainer implements Container {
    // Written by start.
    private @Nullable Undertow server;
    private @Nullable DeploymentManager deployment;

    @Override
    public void start(Map<String, HttpServlet> servlets, Map<String, Filter> filters) throws Exception {
        DeploymentInfo info = Servlets.deployment()
                .setClassLoader(getClass().getClassLoader())
                .setContextPath("/")
                .setDeploymentName("contract");
        servlets.forEach((mount, servlet) -> info.addServlet(
                new ServletInfo(mount.substring(1), servlet.getClass(), new ImmediateInstanceFactory<>(servlet))
                        .addMapping(mount + "/*")
                        .setAsyncSupported(true)
                        .setLoadOnStartup(1)));
        filters.forEach((name, filter) -> {
            info.addFilter(new FilterInfo(name, filter.getClass(), new ImmediateInstanceFactory<>(filter)));
            info.addFilterUrlMapping(name, "/*", DispatcherType.REQUEST);
        });
        deployment = Servlets.newContainer().addDeployment(info);
        deployment.deploy();
        server = Undertow.builder()
                .addHttpListener(0, "127.0.0.1", deployment.start())
                .setSocketOption(Options.SEND_BUFFER, SEND_BUFFER)
                .build();
        server.start();
    }

    @Override
    public int port() {
        return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
    }

    @Override
    public void stop() throws Exception {
        server.stop();
        deployment.stop();
        deployment.undeploy();
    }
}
