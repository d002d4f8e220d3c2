package dev.comet.example;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The example's pages, and what webjars bring to them under {@code /webjars/}, from the class path. Any servlet container serves
 * webjars by itself, at {@code /webjars/comet/0.1.0/comet.js}; here {@code /webjars/comet/comet.js} is the same file, so that no page
 * names a version. <i>Thread-safe.</i>
 */
final class PagesServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    /** Only what is of a known type is sent: a path that leads elsewhere, to a class or a directory, is none of these. */
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=utf-8",
            "css", "text/css;charset=utf-8",
            "js", "text/javascript;charset=utf-8",
            "svg", "image/svg+xml");

    private static final Pattern PAGE = Pattern.compile("/([a-z][a-z-]*\\.[a-z]+)");

    /** Possessive: a path of thousands of directories would have the matcher call itself as often, and overflow the stack. */
    private static final Pattern WEBJAR =
            Pattern.compile("/webjars/([\\w-][\\w.-]*)/((?:[\\w-][\\w.-]*/)*+[\\w-][\\w.-]*)");

    private static final String WEBJARS = "META-INF/resources/webjars/";

    /** {@code frame-ancestors}, because a click on a page of ours should be one that its reader means. */
    private static final String POLICY =
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private static final Properties VERSIONS = versions();

    private static Properties versions() {
        try (InputStream in = PagesServlet.class.getResourceAsStream("webjars.properties")) {
            if (in == null) {
                throw new IllegalStateException("webjars.properties is missing from the jar");
            }
            Properties versions = new Properties();
            versions.load(in);
            return versions;
        } catch (IOException e) {
            throw new IllegalStateException("webjars.properties cannot be read", e);
        }
    }

    /** The version of a webjar that is served to those who ask for none; {@code comet} is this library. */
    static Optional<String> version(String webjar) {
        return Optional.ofNullable(VERSIONS.getProperty(webjar));
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getServletPath();
        String type = TYPES.get(path.equals("/") ? "html" : path.substring(path.lastIndexOf('.') + 1));
        Optional<URL> file = type == null ? Optional.empty() : find(path.equals("/") ? "/index.html" : path);
        response.setHeader("X-Content-Type-Options", "nosniff");
        if (file.isEmpty()) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            response.setContentType("text/plain;charset=utf-8");
            response.getWriter().println("There is no such page; / has links to those that there are.");
            return;
        }
        response.setContentType(type);
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("Content-Security-Policy", POLICY);
        try (InputStream in = file.get().openStream()) {
            in.transferTo(response.getOutputStream());
        }
    }

    /** Where on the class path it is. */
    static Optional<URL> find(String path) {
        Matcher page = PAGE.matcher(path);
        if (page.matches()) {
            return Optional.ofNullable(PagesServlet.class.getResource("pages/" + page.group(1)));
        }
        Matcher webjar = WEBJAR.matcher(path);
        if (!webjar.matches()) {
            return Optional.empty();
        }
        String name = webjar.group(1);
        String file = webjar.group(2);
        return resource(name + "/" + file)
                .or(() -> version(name).flatMap(version -> resource(name + "/" + version + "/" + file)));
    }

    private static Optional<URL> resource(String path) {
        return Optional.ofNullable(PagesServlet.class.getClassLoader().getResource(WEBJARS + path));
    }
}
