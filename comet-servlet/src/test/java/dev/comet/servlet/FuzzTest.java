package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every target of {@link Fuzzed}: with the inputs that are kept in {@code src/test/resources/fuzz}, and with those that Jazzer makes
 * of them in a process of its own, which watches what branches they take. What it finds fails here and is left in
 * {@code target/fuzz}: mend it, and keep the input with the others, without the letter that it begins with.
 */
class FuzzTest {
    private static final Path KEPT = Path.of("src/test/resources/fuzz");
    private static final Path WORK = Path.of("target/fuzz");

    @ParameterizedTest
    @EnumSource
    void kept(Fuzzed target) throws IOException {
        List<Path> files = kept(target.name());
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            try {
                target.take(Files.readAllBytes(file));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(file.toString(), e);
            }
        }
    }

    /** Else what stands behind the check would be out of reach of what is made up. */
    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "ICOMET", "SIMPLE_COMET", "STARDUST", "CCOMET"})
    void keptWithAToken_isLetIn(Fuzzed target) throws IOException {
        List<Path> files = kept(target.name(), "token-|ticket-");
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            assertThat(target.letsIn(Files.readAllBytes(file))).as("%s", file).isTrue();
        }
    }

    /** Whichever letter it is: the last one of the signature, too, of which not every bit counts. */
    @ParameterizedTest
    @EnumSource(names = {"NATIVE", "ICOMET", "SIMPLE_COMET", "STARDUST", "CCOMET"})
    void keptWithATokenThatIsChangedInALetter_isNotLetIn(Fuzzed target) throws IOException {
        byte[] bytes = Files.readAllBytes(kept(target.name(), "token-").get(0));
        for (int change = 0; change < Conversation.CHANGES; change++) {
            byte[] changed = Conversation.withChangedToken(bytes, change);
            assertThat(target.letsIn(changed))
                    .as("%s", new String(changed, StandardCharsets.ISO_8859_1))
                    .isFalse();
        }
    }

    @Test
    void madeUp() throws Exception {
        jazzer(40);
    }

    @Test
    @Tag("proof")
    void madeUpForMinutes() throws Exception {
        jazzer(Long.getLong("comet.fuzz.seconds", 1200));
    }

    private static List<Path> kept(String target) throws IOException {
        return kept(target, "");
    }

    private static List<Path> kept(String target, String beginning) throws IOException {
        Pattern names = Pattern.compile(beginning);
        try (Stream<Path> files = Files.list(KEPT.resolve(target.toLowerCase(Locale.ROOT)))) {
            return files.filter(
                            file -> names.matcher(file.getFileName().toString()).lookingAt())
                    .sorted()
                    .toList();
        }
    }

    private static void jazzer(long seconds) throws Exception {
        Path seeds = Files.createDirectories(WORK.resolve("seeds"));
        Path corpus = Files.createDirectories(WORK.resolve("corpus"));
        for (Fuzzed target : Fuzzed.values()) {
            for (Path file : kept(target.name())) {
                Files.write(seeds.resolve(target + "-" + file.getFileName()), target.chosen(Files.readAllBytes(file)));
            }
        }
        Path log = WORK.resolve("log");
        Process jazzer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1", // it is over before more would pay
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + Fuzzed.class.getName(),
                        "--instrumentation_includes=dev.comet.**",
                        "--reproducer_path=" + WORK,
                        "-artifact_prefix=" + WORK + "/",
                        "-max_total_time=" + seconds,
                        "-max_len=4096",
                        "-timeout=30",
                        corpus.toString(),
                        seeds.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(jazzer.waitFor(seconds + 120, TimeUnit.SECONDS))
                    .as("Jazzer has ended in time")
                    .isTrue();
        } finally {
            jazzer.destroyForcibly();
        }
        String said = Files.readString(log);
        assertThat(jazzer.exitValue()).as(said).isZero();
        assertThat(said).contains("INITED", "DONE");
    }
}
