package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import dev.comet.Comet;
import dev.comet.servlet.CometServlet;
import java.io.BufferedReader;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.catalina.Context;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** No code is needed to mount the endpoints: a web.xml does, on a container that has never heard of them. */
@Timeout(60)
class WarOnTomcatTest {
    @Test
    void webXmlAlone_mountsTheEndpoints_andLeavesNoThreadBehind(@TempDir Path base) throws Exception {
        Path web = Files.createDirectories(base.resolve("app/WEB-INF"));
        Files.copy(Path.of("src/war/WEB-INF/web.xml"), web.resolve("web.xml"));
        clientsJar(Files.createDirectories(web.resolve("lib")).resolve("comet-js-client.jar"));
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.toString());
        tomcat.setPort(0);
        tomcat.setAddDefaultWebXmlToWebapp(false); // it would look for a JSP engine
        tomcat.getConnector();
        Context context = tomcat.addWebapp("/app", base.resolve("app").toString());
        Tomcat.addServlet(context, "files", new DefaultServlet()); // the default web.xml has it
        context.addServletMapping("/", "files");
        tomcat.start();
        URI at = URI.create("http://localhost:" + tomcat.getConnector().getLocalPort() + "/app/");
        try (BufferedReader lines = Http.stream(at.resolve("comet/events?channel=news"))) {
            Http.lineAfter(lines, "id: ");
            assertThat(Http.post(at.resolve("comet-admin/channels/news"), "hello")
                            .statusCode())
                    .isEqualTo(201);
            assertThat(Http.lineAfter(lines, "data: ")).isEqualTo("data: hello");
            assertThat(Http.post(at.resolve("comet/channels/news"), "hello").statusCode())
                    .isEqualTo(403);
            assertThat(Http.get(at.resolve("webjars/comet/1/comet.js")).body()).contains("as connect");
            assertThat(threads()).isNotEmpty();

            tomcat.getHost().removeChild(context);

            assertThat(Http.lineAfter(lines, "data: ")).contains("shutdown");
        } finally {
            tomcat.stop();
            tomcat.destroy();
        }
        for (Thread thread : threads()) {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        }
        assertThat(threads()).isEmpty();
    }

    /**
     * The application has the library in WEB-INF, as a WAR does, so that its class loader is all that there is of it. Whoever kept a
     * thread, a timer, a thread's local, a logger or a shutdown hook of it would keep its classes for as long as Tomcat runs.
     *
     * <p>Tomcat's own threads would: one that is started while the application calls {@code complete()} inherits its access control
     * context, until Java 24, and hands it on to the thread that replaces it. So all of Tomcat's threads are there from the beginning.
     */
    @Test
    void undeployed_underLoad_leavesNoThreadAndNoClassLoader(@TempDir Path base) throws Exception {
        Path web = Files.createDirectories(base.resolve("app/WEB-INF"));
        Files.copy(Path.of("src/war/WEB-INF/web.xml"), web.resolve("web.xml"));
        for (Class<?> one : List.of(Comet.class, CometServlet.class, JsonFactory.class)) {
            copyWhereItComesFrom(one, web);
        }
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.toString());
        tomcat.setPort(0);
        tomcat.setAddDefaultWebXmlToWebapp(false);
        tomcat.getConnector();
        tomcat.getConnector().setProperty("minSpareThreads", "50");
        tomcat.getConnector().setProperty("maxThreads", "50");
        tomcat.start();
        try {
            Set<Thread> before = Thread.getAllStackTraces().keySet();
            WeakReference<ClassLoader> loader = deployUseAndUndeploy(tomcat, base.resolve("app"));
            Until.holds("no thread of the application's", () -> Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("comet-") && !before.contains(thread)));
            Until.holds("its class loader is garbage", () -> {
                System.gc();
                return loader.get() == null;
            });
        } finally {
            tomcat.stop();
            tomcat.destroy();
        }
    }

    private static WeakReference<ClassLoader> deployUseAndUndeploy(Tomcat tomcat, Path app) throws Exception {
        Context context = tomcat.addWebapp("/app", app.toString());
        ClassLoader loader = context.getLoader().getClassLoader();
        assertThat(loader.loadClass(Comet.class.getName()) == Comet.class)
                .as("the application's classes are not its own")
                .isFalse();
        URI at = URI.create("http://localhost:" + tomcat.getConnector().getLocalPort() + "/app/");
        List<BufferedReader> streams = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            streams.add(Http.stream(at.resolve("comet/events?channel=news")));
        }
        HttpResponse<String> json = Http.get(at.resolve("comet-admin/channels"));
        assertThat(json.statusCode()).isEqualTo(200);
        for (int i = 0; i < 20; i++) {
            assertThat(Http.post(at.resolve("comet-admin/channels/news"), "hello " + i)
                            .statusCode())
                    .isEqualTo(201);
        }
        tomcat.getHost().removeChild(context);
        for (BufferedReader lines : streams) {
            assertThat(Http.lineAfter(lines, "data: hello 19")).isNotEmpty();
            assertThat(Http.lineAfter(lines, "data: ")).contains("shutdown");
            lines.close();
        }
        return new WeakReference<>(loader);
    }

    /** Into WEB-INF/classes or WEB-INF/lib. */
    private static void copyWhereItComesFrom(Class<?> one, Path web) throws Exception {
        Path from =
                Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (!Files.isDirectory(from)) {
            Files.copy(from, Files.createDirectories(web.resolve("lib")).resolve(from.getFileName()));
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path to = web.resolve("classes").resolve(from.relativize(file).toString());
                Files.createDirectories(to.getParent());
                Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING); // both modules have a module-info
            }
        }
    }

    /** The browser clients as their jar has them; there is none before the phase {@code package}. */
    private static void clientsJar(Path jar) throws Exception {
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar));
                InputStream client = PagesServlet.find("/webjars/comet/comet.js")
                        .orElseThrow()
                        .openStream()) {
            out.putNextEntry(new ZipEntry("META-INF/resources/"));
            out.putNextEntry(new ZipEntry("META-INF/resources/webjars/comet/1/comet.js"));
            client.transferTo(out);
        }
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("comet-"))
                .toList();
    }
}
