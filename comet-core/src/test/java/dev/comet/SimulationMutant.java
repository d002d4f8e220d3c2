package dev.comet;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;

/**
 * The engine with one mistake: a source of it, in which one snippet is replaced by another, compiled in memory, and everything
 * else of this package loaded anew around it. <i>Immutable.</i>
 *
 * @param name what is wrong
 * @param file the source, without {@code .java}
 * @param original what is there exactly once
 * @param mutated what is there instead
 */
public record SimulationMutant(String name, String file, String original, String mutated) {
    private static final String PACKAGE = "dev.comet.";

    /** Of the module whose tests these are, and of the engine. */
    private static final List<Path> SOURCES =
            List.of(Path.of("src/main/java/dev/comet"), Path.of("../comet-core/src/main/java/dev/comet"));

    /** A run, in the mutant's own world of classes: from a seed to what was violated; empty when nothing was. */
    public static final class Run implements LongFunction<String> {
        /** By reflection, from another package at run time: that of the same name and another loader. */
        public Run() {}

        @Override
        public String apply(long seed) {
            String violation = SimulationTest.run(seed, false).violation();
            return violation == null ? "" : violation;
        }
    }

    /**
     * The simulation of this mutant.
     *
     * @param run from a seed to what was violated
     * @param needed classes beside which the source is to be compiled
     */
    @SuppressWarnings("unchecked")
    public LongFunction<String> simulation(Class<? extends LongFunction<String>> run, Class<?>... needed)
            throws IOException, ReflectiveOperationException {
        Class<?> mutated = new Loader(compile(mutate(), needed)).loadClass(run.getName());
        return (LongFunction<String>) mutated.getDeclaredConstructor().newInstance();
    }

    private String mutate() throws IOException {
        Path path = SOURCES.stream()
                .map(sources -> sources.resolve(file + ".java"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + file));
        String source = Files.readString(path);
        int at = source.indexOf(original);
        if (at < 0 || source.indexOf(original, at + 1) >= 0) {
            throw new AssertionError(file + " must contain exactly once: " + original);
        }
        return source.replace(original, mutated);
    }

    private Map<String, byte[]> compile(String source, Class<?>... needed) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        Map<String, Compiled> classes = new HashMap<>();
        StringWriter errors = new StringWriter();
        String path = Stream.concat(Stream.of(Comet.class, NullMarked.class), Stream.of(needed))
                .map(type -> whereIs(type).toString())
                .collect(Collectors.joining(File.pathSeparator));
        try (JavaFileManager files = new InMemory(javac.getStandardFileManager(null, null, null), classes)) {
            List<String> options = List.of("-proc:none", "-nowarn", "--release", "17", "-cp", path);
            JavaFileObject unit =
                    new SimpleJavaFileObject(URI.create("mem:///" + file + ".java"), JavaFileObject.Kind.SOURCE) {
                        @Override
                        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                            return source;
                        }
                    };
            if (!javac.getTask(errors, files, null, options, null, List.of(unit))
                    .call()) {
                throw new AssertionError(name + " does not compile: " + errors);
            }
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((className, compiled) -> bytes.put(className, compiled.bytes.toByteArray()));
        return bytes;
    }

    private static Path whereIs(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** A class that javac wrote. */
    private static final class Compiled extends SimpleJavaFileObject {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Compiled(String className) {
            super(URI.create("mem:///" + className.replace('.', '/') + ".class"), Kind.CLASS);
        }

        @Override
        public OutputStream openOutputStream() {
            return bytes;
        }
    }

    /** Where javac writes its classes. */
    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, Compiled> classes;

        InMemory(JavaFileManager files, Map<String, Compiled> classes) {
            super(files);
            this.classes = classes;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            return classes.computeIfAbsent(className, Compiled::new);
        }
    }

    /** Loads this package itself, the mutated classes among them, and leaves all else to its parent. */
    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> mutated;

        Loader(Map<String, byte[]> mutated) {
            super(SimulationMutant.class.getClassLoader());
            this.mutated = mutated;
        }

        @Override
        protected Class<?> loadClass(String className, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(className)) {
                Class<?> loaded = findLoadedClass(className);
                if (loaded != null) {
                    return loaded;
                }
                return className.startsWith(PACKAGE) ? define(className) : super.loadClass(className, resolve);
            }
        }

        private Class<?> define(String className) throws ClassNotFoundException {
            byte[] bytes = mutated.get(className);
            if (bytes == null) {
                try (InputStream in = getResourceAsStream(className.replace('.', '/') + ".class")) {
                    if (in == null) {
                        throw new ClassNotFoundException(className);
                    }
                    bytes = in.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return defineClass(className, bytes, 0, bytes.length);
        }
    }
}
