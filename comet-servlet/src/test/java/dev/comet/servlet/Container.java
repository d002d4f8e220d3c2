package dev.comet.servlet;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.util.Map;

/**
 * A servlet container on a free port of the loopback address. Its sockets have small send buffers, so that a client which reads
 * nothing fills them with a hundred kilobytes instead of several megabytes; all else is as it comes.
 */
interface Container {
    /** What {@link #start} asks the operating system for. */
    int SEND_BUFFER = 32 * 1024;

    /**
     * Starts.
     *
     * @param servlets by their mounts ({@code /comet}), with async support
     * @param filters by their names, before everything, <em>without</em> async support
     */
    void start(Map<String, HttpServlet> servlets, Map<String, Filter> filters) throws Exception;

    int port();

    void stop() throws Exception;
}
