package dev.comet.servlet;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What is logged, from here to {@link #close}, that a person would have to look at. <i>Thread-safe.</i> */
final class Complaints extends Handler implements AutoCloseable {
    private static final Logger ROOT = Logger.getLogger("");

    final List<LogRecord> records = new CopyOnWriteArrayList<>();

    Complaints() {
        ROOT.addHandler(this);
    }

    @Override
    public void publish(LogRecord r) {
        // UT005088: Undertow's own line for every complete() after a write that failed; XNIO007007: of Undertow that is
        // being
        // stopped while it closes what is left. Nothing of ours can prevent them.
        boolean ours = String.valueOf(r.getLoggerName()).startsWith("dev.comet");
        if (r.getLevel().intValue() >= Level.WARNING.intValue()
                && (ours || r.getThrown() != null)
                && !String.valueOf(r.getMessage()).contains("UT005088")
                && !String.valueOf(r.getThrown()).contains("XNIO007007")) {
            records.add(r);
        }
    }

    List<String> all() {
        return records.stream()
                .map(r -> r.getLoggerName() + ": " + r.getMessage() + " " + r.getThrown())
                .toList();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        ROOT.removeHandler(this);
    }
}
