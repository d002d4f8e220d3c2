package dev.comet.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What Linux says about processes, in /proc. */
final class Proc {
    private static final long TICK_NANOS = 10_000_000; // USER_HZ is 100 wherever Linux runs

    private Proc() {}

    /**
     * CPU used so far.
     *
     * @param at when, by System.nanoTime()
     * @param server by the server's process and its children, in nanoseconds
     * @param client by this process, in nanoseconds
     * @param busy by all, in ticks
     * @param all what there was to use, in ticks
     */
    record Cpu(long at, long server, long client, long busy, long all) {}

    static Cpu cpu(long pid) {
        try {
            long server = 0;
            for (long each : family(pid)) {
                server += ticks(each);
            }
            String[] fields =
                    Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split(" +", -1);
            long all = 0;
            for (int i = 1; i <= 8; i++) {
                all += Long.parseLong(fields[i]);
            }
            long idle = Long.parseLong(fields[4]) + Long.parseLong(fields[5]);
            long client = ticks(ProcessHandle.current().pid());
            return new Cpu(System.nanoTime(), server * TICK_NANOS, client * TICK_NANOS, all - idle, all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long ticks(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** Bytes of memory, what is shared counted in parts. */
    static long pss(long pid) throws IOException {
        long kib = 0;
        for (long each : family(pid)) {
            for (String line : Files.readAllLines(Path.of("/proc/" + each + "/smaps_rollup"))) {
                if (line.startsWith("Pss:")) {
                    kib += Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        }
        return kib << 10;
    }

    private static List<Long> family(long pid) {
        List<Long> family = new ArrayList<>(List.of(pid));
        ProcessHandle.of(pid).ifPresent(p -> p.descendants().forEach(child -> family.add(child.pid())));
        return family;
    }
}
