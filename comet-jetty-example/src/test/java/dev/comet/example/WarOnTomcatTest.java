package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
