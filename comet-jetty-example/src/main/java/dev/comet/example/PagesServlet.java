package dev.comet.example;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The example's pages and what they need, from the jar. */
final class PagesServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private static final String HTML = "text/html;charset=utf-8";
    private static final String SCRIPT = "text/javascript;charset=utf-8";

    /** What there is, and as what it is sent. */
    private static final Map<String, String> FILES = Map.of(
            "index.html", HTML,
            "boxes.html", HTML,
            "posts.html", HTML,
            "page.css", "text/css;charset=utf-8",
            "page.js", SCRIPT,
            "stardust.js", SCRIPT,
            "boxes.js", SCRIPT,
            "posts.js", SCRIPT);

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getServletPath();
        String file = path.equals("/") || path.isEmpty() ? "index.html" : path.substring(1);
        String type = FILES.get(file);
        if (type == null) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            response.setContentType("text/plain;charset=utf-8");
            response.getWriter()
                    .println(
                            "There are /, /boxes.html and /posts.html here, /comet and /comet-admin, and the mounts of the old servers.");
            return;
        }
        response.setContentType(type);
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("Content-Security-Policy", "default-src 'self'");
        try (InputStream in = PagesServlet.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IOException(file + " is missing from the jar");
            }
            in.transferTo(response.getOutputStream());
        }
    }
}
