package dev.comet.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Another load generator, written in C, to check this one against. */
final class Cometload {
    private Cometload() {}

    static Map<String, Double> run(Path binary, Server.Running server, Work work, Load.Times times)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        binary.toString(),
                        "--port=" + server.port(),
                        "--pid=" + server.pid(),
                        "--sub-url=" + server.wires().streamPath(),
                        "--pub-url=" + server.wires().publishPath(),
                        "--subs=" + work.subscribers(),
                        "--channels=" + work.channels(),
                        "--pubs=" + Math.min(4, work.channels()),
                        "--rate=" + work.messagesPerSecond(),
                        "--size=" + work.bytes(),
                        "--settle=" + times.settle(),
                        "--warmup=" + times.warmUp(),
                        "--duration=" + times.measure(),
                        "--json=-")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String json = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(); // it ends with 1 when something was lost, and says so
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("deliveries/s", number(json, "deliveries_per_s"));
        figures.put("CPU µs", number(json, "cpu_us_per_delivery"));
        figures.put("p50 ms", number(json, "p50") / 1000);
        figures.put("p99 ms", number(json, "p99") / 1000);
        for (String[] names : List.of(
                new String[] {"lost", "lost"}, new String[] {"twice", "dup"}, new String[] {"reordered", "reordered"
                })) {
            figures.put(names[0], number(json, names[1]));
        }
        figures.put("machine busy %", number(json, "machine_busy_pct"));
        return figures;
    }

    private static double number(String json, String name) throws IOException {
        Matcher m = Pattern.compile("\"" + name + "\":([-0-9.e+]+)").matcher(json);
        if (!m.find()) {
            throw new IOException("cometload says nothing of " + name + ": " + json);
        }
        return Double.parseDouble(m.group(1));
    }
}
