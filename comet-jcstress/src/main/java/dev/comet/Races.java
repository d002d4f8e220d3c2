package dev.comet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs the tests of this module, and fails unless each of them ran and passed. jcstress alone is content when a test does not
 * run at all: one that needs more actors than there are processors, one that its annotation processor left out of the list.
 */
public final class Races {
    private Races() {}

    /**
     * Runs the tests in the directory that it is called in, and leaves the reports there.
     *
     * @param args where this module's classes are, and then what jcstress is asked for
     */
    public static void main(String[] args) throws Exception {
        Options options = new Options(Arrays.copyOfRange(args, 1, args.length));
        if (!options.parse()) {
            throw new IllegalArgumentException("not for jcstress: " + Arrays.toString(args));
        }
        JCStress jcstress = new JCStress(options);
        try {
            jcstress.run();
        } catch (AssertionError e) {
            System.out.println("jcstress found failures."); // they come again below
        }

        Collection<TestResult> results = results(Path.of(options.getResultFile()));
        List<String> complaints = new ArrayList<>();
        notListed(compiled(Path.of(args[0])), complaints);
        notRun(jcstress.getTests(), results, complaints);
        notPassed(results, complaints);
        if (!complaints.isEmpty()) {
            complaints.forEach(System.err::println);
            System.exit(1);
        }
        System.out.println(
                jcstress.getTests().size() + " races ran and passed, in " + results.size() + " configurations.");
    }

    /** A test class that is not in the list: the annotation processor did not run, or stumbled over it. */
    private static void notListed(Set<String> compiled, List<String> complaints) {
        Set<String> listed = new TreeSet<>();
        TestList.tests().forEach(test -> listed.add(TestList.getInfo(test).binaryName()));
        compiled.stream()
                .filter(test -> !listed.contains(test))
                .forEach(test -> complaints.add("NOT LISTED " + test + ": jcstress does not know it"));
        if (compiled.isEmpty()) {
            complaints.add("NOT COMPILED: there is no test at all");
        }
    }

    /** A test that was asked for, but has no result in any configuration: neither a sample nor an error. */
    private static void notRun(Set<String> asked, Collection<TestResult> results, List<String> complaints) {
        Set<String> ran = new TreeSet<>();
        results.stream()
                .filter(result -> result.getTotalCount() > 0 || result.status() != Status.NORMAL)
                .forEach(result -> ran.add(result.getName()));
        asked.stream()
                .filter(test -> !ran.contains(test))
                .forEach(test -> complaints.add("NOT RUN " + test + ": it has "
                        + TestList.getInfo(test).threads() + " actors, there are "
                        + Runtime.getRuntime().availableProcessors() + " processors"));
        if (asked.isEmpty()) {
            complaints.add("NOT RUN: no test has such a name");
        }
    }

    /** A test that saw what it forbids, that threw, that hung, or whose virtual machine did not survive it. */
    private static void notPassed(Collection<TestResult> results, List<String> complaints) {
        Map<String, Integer> configurations = new TreeMap<>();
        for (TestResult result : results) {
            if (result.status() != Status.NORMAL) {
                configurations.merge("ERROR " + result.getName() + ": " + result.status(), 1, Integer::sum);
            }
            for (String failure : result.grading().failureMessages) {
                configurations.merge("FAILED " + result.getName() + ": " + failure, 1, Integer::sum);
            }
        }
        configurations.forEach((complaint, n) -> complaints.add(complaint + ", in " + n + " configurations"));
    }

    private static Collection<TestResult> results(Path file) throws Exception {
        InProcessCollector results = new InProcessCollector();
        if (Files.exists(file)) {
            DiskReadCollector reader = new DiskReadCollector(file.toString(), results);
            reader.dump();
            reader.close();
        }
        return results.getTestResults();
    }

    /** The classes that are annotated as tests. The annotation is not kept for reflection, but it is in the class file. */
    private static Set<String> compiled(Path classes) throws IOException {
        Set<String> tests = new TreeSet<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (content.contains("L" + JCStressTest.class.getName().replace('.', '/') + ";")) {
                    String path = classes.relativize(file).toString();
                    tests.add(
                            path.substring(0, path.length() - ".class".length()).replaceAll("[/\\\\]", "."));
                }
            }
        }
        return tests;
    }
}
