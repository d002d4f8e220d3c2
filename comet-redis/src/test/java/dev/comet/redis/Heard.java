package dev.comet.redis;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What is said to the log about Redis, from warnings up, until it is closed. <i>Thread-safe.</i> */
final class Heard extends Handler implements AutoCloseable {
    private final Logger log = Logger.getLogger("dev.comet.redis");
    private final List<String> warnings = new CopyOnWriteArrayList<>();

    Heard() {
        log.addHandler(this);
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    @Override
    public void publish(LogRecord said) {
        if (said.getLevel().intValue() >= Level.WARNING.intValue()) {
            warnings.add(said.getMessage());
        }
    }

    @Override
    public void flush() {
        // there is nothing between
    }

    @Override
    public void close() {
        log.removeHandler(this);
    }
}
