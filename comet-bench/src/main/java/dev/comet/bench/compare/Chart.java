package dev.comet.bench.compare;

import java.util.ArrayList;
import java.util.List;

/** Draws charts as SVG: bars, and curves over a logarithmic axis. */
public final class Chart {
    private static final int WIDTH = 760;
    private static final int LABELS = 220;
    private static final int ROW = 24;
    private static final int TOP = 40;
    private static final int PLOT = 260;
    private static final String[] COLOURS = {"#2a6f97", "#bc4749", "#6a994e", "#8d6b94", "#e09f3e"};

    private final StringBuilder svg = new StringBuilder();

    private Chart(String title, int height) {
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")
                .append(WIDTH + " " + height)
                .append(
                        "\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text(10, 22, "start", title, "bold");
    }

    /** A bar. */
    record Bar(String label, double value) {}

    /** A bar for each, the longest as wide as there is room. Those of a label that begins with {@code ours} stand out. */
    static String bars(String title, String ours, List<Bar> bars) {
        Chart chart = new Chart(title, TOP + ROW * bars.size() + 10);
        double most = bars.stream().mapToDouble(Bar::value).max().orElse(1);
        int room = WIDTH - LABELS - 90;
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            int y = TOP + ROW * i;
            double width = most > 0 ? bar.value() / most * room : 0;
            chart.text(LABELS - 8, y + 15, "end", bar.label(), "normal");
            chart.svg.append(String.format(
                    java.util.Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                    LABELS,
                    y + 3,
                    width,
                    ROW - 7,
                    bar.label().startsWith(ours) ? COLOURS[0] : "#b8c4cc"));
            chart.text(LABELS + (int) width + 6, y + 15, "start", Figures.text(bar.value()), "normal");
        }
        return chart.end();
    }

    /** A curve: its name, and points by x. */
    public record Curve(String name, List<double[]> points) {}

    /** Curves over a logarithmic x axis; the y axis begins at 0. */
    public static String curves(String title, String x, List<Curve> curves) {
        Chart chart = new Chart(title, TOP + PLOT + 60);
        double low = Double.MAX_VALUE;
        double high = 1;
        double most = 0;
        for (Curve curve : curves) {
            for (double[] point : curve.points()) {
                low = Math.min(low, point[0]);
                high = Math.max(high, point[0]);
                most = Math.max(most, point[1]);
            }
        }
        double span = Math.max(1e-9, Math.log10(high) - Math.log10(low));
        int left = 70;
        int room = WIDTH - left - 40;
        for (int i = 0; i <= 4; i++) {
            double y = TOP + PLOT - PLOT * i / 4.0;
            chart.svg.append(
                    String.format(java.util.Locale.ROOT, "<path d=\"M%d %.1fh%d\" stroke=\"#ddd\"/>%n", left, y, room));
            chart.text(left - 8, (int) y + 5, "end", Figures.text(most * i / 4), "normal");
        }
        for (double tick = Math.pow(10, Math.ceil(Math.log10(low))); tick <= high * 1.001; tick *= 10) {
            int at = left + (int) ((Math.log10(tick) - Math.log10(low)) / span * room);
            chart.text(at, TOP + PLOT + 18, "middle", Figures.text(tick), "normal");
        }
        chart.text(left + room / 2, TOP + PLOT + 36, "middle", x, "normal");
        for (int c = 0; c < curves.size(); c++) {
            List<String> path = new ArrayList<>();
            for (double[] point : curves.get(c).points()) {
                path.add(String.format(
                        java.util.Locale.ROOT,
                        "%.1f %.1f",
                        left + (Math.log10(point[0]) - Math.log10(low)) / span * room,
                        TOP + PLOT - point[1] / most * PLOT));
            }
            String colour = COLOURS[c % COLOURS.length];
            chart.svg.append("<path d=\"M" + String.join("L", path) + "\" fill=\"none\" stroke-width=\"2\" stroke=\""
                    + colour + "\"/>\n");
            chart.svg.append("<rect x=\"" + (left + 150 * c) + "\" y=\"" + (TOP + PLOT + 44)
                    + "\" width=\"12\" height=\"12\" fill=\"" + colour + "\"/>\n");
            chart.text(
                    left + 150 * c + 18, TOP + PLOT + 55, "start", curves.get(c).name(), "normal");
        }
        return chart.end();
    }

    private void text(int x, int y, String anchor, String text, String weight) {
        svg.append("<text x=\"" + x + "\" y=\"" + y + "\" text-anchor=\"" + anchor + "\" font-weight=\"" + weight
                        + "\">")
                .append(text.replace("&", "&amp;").replace("<", "&lt;"))
                .append("</text>\n");
    }

    private String end() {
        return svg.append("</svg>\n").toString();
    }
}
