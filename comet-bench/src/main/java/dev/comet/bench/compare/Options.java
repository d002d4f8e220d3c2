package dev.comet.bench.compare;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The command line's options. <i>Immutable.</i> */
record Options(
        boolean quick,
        int rounds,
        Pattern only,
        Pattern work,
        Path java,
        List<String> jvm,
        Optional<Path> floor,
        Optional<Path> nchan,
        Optional<Path> cometload,
        Path out,
        double warmUp,
        double measure) {

    private static final Path NCHAN = Path.of("/usr/lib/nginx/modules/ngx_nchan_module.so");

    static final String HELP = """
            --quick            a tenth of the subscribers, and less time: to see that it works
            --rounds=3         how often each server does each work; all servers in turn, so that a machine's drift hits all
            --only=REGEX       servers whose name has this
            --work=REGEX       work whose name has this
            --java=PATH        the java that servers run on; this one's by default
            --jvm=FLAGS        more flags for it, with spaces between them
            --floor=PATH       a server in C with one write a delivery, that is started with a port
            --nchan=PATH       nginx's nchan module, if it is not where Debian has it
            --cometload=PATH   has another load generator do the same work, and compares the two generators
            --warm-up=20 --seconds=10
            --out=DIR          where the figures go; comet-bench/target/compare by default
            """;

    static Options parse(String[] args, Path root) {
        Map<String, String> given = new TreeMap<>();
        for (String arg : args) {
            if (!arg.startsWith("--")) {
                throw new IllegalArgumentException("'" + arg + "' is no option");
            }
            int equals = arg.indexOf('=');
            given.put(equals < 0 ? arg : arg.substring(0, equals), equals < 0 ? "" : arg.substring(equals + 1));
        }
        boolean quick = given.remove("--quick") != null;
        Options options = new Options(
                quick,
                Integer.parseInt(take(given, "--rounds", quick ? "1" : "3")),
                Pattern.compile(take(given, "--only", "")),
                Pattern.compile(take(given, "--work", "")),
                Path.of(take(given, "--java", System.getProperty("java.home") + "/bin/java")),
                List.of(take(given, "--jvm", "-Dnone").split(" +", -1)),
                Optional.ofNullable(given.remove("--floor")).map(Path::of),
                Optional.of(Path.of(take(given, "--nchan", NCHAN.toString()))).filter(Files::exists),
                Optional.ofNullable(given.remove("--cometload")).map(Path::of),
                Path.of(take(
                        given,
                        "--out",
                        root.resolve("comet-bench/target/compare").toString())),
                Double.parseDouble(take(given, "--warm-up", quick ? "2" : "20")),
                Double.parseDouble(take(given, "--seconds", quick ? "3" : "10")));
        if (!given.isEmpty()) {
            throw new IllegalArgumentException("there is no " + given.keySet() + "; --help lists what there is");
        }
        return options;
    }

    private static String take(Map<String, String> given, String name, String otherwise) {
        String value = given.remove(name);
        return value == null ? otherwise : value;
    }

    boolean wants(Server server) {
        return only.matcher(server.name()).find();
    }

    boolean wants(Work one) {
        return work.matcher(one.name()).find();
    }
}
