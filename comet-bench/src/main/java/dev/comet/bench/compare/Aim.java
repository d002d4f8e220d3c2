package dev.comet.bench.compare;

import java.util.List;

/**
 * A figure that is to be reached: ours over the best of some others, in the same run; or, against nobody, ours itself.
 *
 * @param reach the floor: done when it is reached
 * @param aim what is wanted
 */
record Aim(String work, String figure, boolean more, String ours, List<String> others, double reach, double aim) {

    private static final String CPU = "CPU µs";
    private static final String P99 = "p99 ms";
    private static final String RATE = "deliveries/s";
    private static final String BYTES = "bytes/connection";

    static final List<Aim> ALL = List.of(
            more(Compare.SATURATED, Servers.COMET_JETTY, 2, 5, Servers.FLOOR),
            more(Compare.SATURATED, Servers.COMET_JETTY, 2, 6, Servers.NCHAN),
            more(Compare.SATURATED, Servers.COMET_JETTY, 4, 10, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            more(Compare.SATURATED, Servers.COMET_TOMCAT, 4, 10, Servers.BLOCKING_TOMCAT, Servers.LISTENER_TOMCAT),
            less(Compare.LARGE, CPU, Servers.COMET_JETTY, 1, 0.8, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.LARGE, CPU, Servers.COMET_TOMCAT, 1, 0.8, Servers.BLOCKING_TOMCAT, Servers.LISTENER_TOMCAT),
            less(Compare.LARGE, CPU, Servers.COMET_JETTY, 1.25, 1, Servers.NCHAN),
            less(Compare.MANY, CPU, Servers.COMET_JETTY, 1, 0.75, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.MANY, CPU, Servers.COMET_TOMCAT, 1, 0.75, Servers.BLOCKING_TOMCAT, Servers.LISTENER_TOMCAT),
            less(Compare.LARGE, P99, Servers.COMET_JETTY, 1, 1, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.MANY, P99, Servers.COMET_JETTY, 1, 1, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.POLL, CPU, Servers.COMET_JETTY, 1, 0.7, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.POLL, CPU, Servers.COMET_JETTY, 0.5, 0.3, Servers.COMETD),
            less(Compare.POLL_MANY, CPU, Servers.COMET_JETTY, 1, 0.7, Servers.BLOCKING_JETTY, Servers.LISTENER_JETTY),
            less(Compare.POLL_MANY, CPU, Servers.COMET_JETTY, 0.5, 0.3, Servers.COMETD),
            less(Compare.SMALL, CPU, Servers.COMET_JETTY, 0.4, 0.3, Servers.SPRING),
            less(Compare.LARGE, CPU, Servers.COMET_JETTY, 0.4, 0.3, Servers.SPRING),
            less(Compare.IDLE, BYTES, Servers.COMET_JETTY, 1.05, 0.88, Servers.TUNED_JETTY),
            less(Compare.IDLE, BYTES, Servers.COMET_STOCK, 12_000, 9_000),
            less(Compare.IDLE, BYTES, Servers.COMET_TOMCAT_SMALL, 40_000, 20_000));

    private static Aim more(String work, String ours, double reach, double aim, String... others) {
        return new Aim(work, RATE, true, ours, List.of(others), reach, aim);
    }

    private static Aim less(String work, String figure, String ours, double reach, double aim, String... others) {
        return new Aim(work, figure, false, ours, List.of(others), reach, aim);
    }

    /** Ours over the best of the others; NaN when either was not measured. */
    double value(Figures figures) {
        double mine = figures.median(work, ours, figure);
        double best = Double.NaN;
        for (String other : others) {
            double theirs = figures.median(work, other, figure);
            if (!Double.isNaN(theirs)) {
                best = Double.isNaN(best) ? theirs : more ? Math.max(best, theirs) : Math.min(best, theirs);
            }
        }
        return others.isEmpty() ? mine : mine / best;
    }

    String verdict(double value) {
        return reaches(value, aim) ? "aim reached" : reaches(value, reach) ? "reached" : "**missed**";
    }

    private boolean reaches(double value, double wanted) {
        return more ? value >= wanted : value <= wanted;
    }
}
