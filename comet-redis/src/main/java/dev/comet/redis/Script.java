package dev.comet.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The steps that Redis takes as one. Each is {@code hub.lua}, which all share, and a file of its own. */
enum Script {
    APPEND(""),
    OPEN(""),
    REMOVE(""),
    CLEAR(""),
    CHANNELS(""),
    SECRET(""),
    NOTE(""),
    MEMBER("roster"),
    MEMBERS(""),
    PRESENT(""),
    LEASE("roster");

    private final String source;

    /** One that shares another file with some. */
    Script(String more) {
        source = read("hub") + (more.isEmpty() ? "" : read(more)) + read(name().toLowerCase(Locale.ROOT));
    }

    String source() {
        return source;
    }

    private static String read(String file) {
        try (InputStream in = Script.class.getResourceAsStream(file + ".lua")) {
            if (in == null) {
                throw new IllegalStateException("there is no " + file + ".lua");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
