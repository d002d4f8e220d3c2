package dev.comet.bench.server;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** What one writes in an afternoon. How a stream is written to is what the two kinds differ in. */
abstract class ByHandServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private final transient Channels channels = new Channels();

    abstract Channels.Stream stream(AsyncContext async) throws IOException;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getServletPath().equals("/poll")) {
            channels.poll(request, response);
            return;
        }
        response.setContentType("text/event-stream");
        response.setHeader("Cache-Control", "no-cache");
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        response.flushBuffer();
        channels.add(request, stream(async));
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        channels.publish(request);
        response.setStatus(HttpServletResponse.SC_NO_CONTENT);
    }
}
