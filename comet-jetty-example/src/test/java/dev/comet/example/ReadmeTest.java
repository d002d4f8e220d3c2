package dev.comet.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** What the README, docs/security.md and docs/cluster.md show is code that compiles, and names that are there. */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");
    private static final Path SECURITY = Path.of("../docs/security.md");
    private static final Path CLUSTER = Path.of("../docs/cluster.md");

    @Test
    void java_compiles(@TempDir Path out) throws Exception {
        List<String> blocks = Blocks.of(README, "<!-- compiled", "java");
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(5);
        List<String> adapters = Blocks.of(SECURITY, "<!-- compiled", "java");
        assertThat(adapters).hasSize(3);
        compiles(blocks, out);
        compiles(adapters, out);
        List<String> hubs = Blocks.of(CLUSTER, "<!-- compiled", "java");
        assertThat(hubs).hasSize(2);
        compiles(hubs, out);
    }

    private static void compiles(List<String> blocks, Path out) throws IOException {
        List<JavaFileObject> sources = new ArrayList<>();
        for (String block : blocks) {
            sources.add(source(block));
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, Locale.ROOT, null)) {
            List<String> options = List.of(
                    "-proc:none", "-Xlint:all", "-cp", System.getProperty("java.class.path"), "-d", out.toString());
            compiler.getTask(null, files, problems, options, null, sources).call();
        }

        assertThat(problems.getDiagnostics())
                .filteredOn(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                .isEmpty();
    }

    @Test
    void webXml_namesClassesThatAreThere() throws Exception {
        List<String> blocks = Blocks.of(README, "<!-- web.xml", "xml");
        assertThat(blocks).isNotEmpty();

        for (String block : blocks) {
            Document xml = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new java.io.StringReader("<web-app>" + block + "</web-app>")));
            for (String tag : List.of("servlet-class", "listener-class")) {
                NodeList names = xml.getElementsByTagName(tag);
                assertThat(names.getLength()).isPositive();
                for (int i = 0; i < names.getLength(); i++) {
                    assertThat(Class.forName(names.item(i).getTextContent().strip()))
                            .isNotNull();
                }
            }
        }
    }

    private static JavaFileObject source(String code) {
        Matcher name = Pattern.compile("^class (\\w+)", Pattern.MULTILINE).matcher(code);
        assertThat(name.find()).isTrue();
        URI uri = URI.create("string:///" + name.group(1) + JavaFileObject.Kind.SOURCE.extension);
        return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return code;
            }
        };
    }
}
