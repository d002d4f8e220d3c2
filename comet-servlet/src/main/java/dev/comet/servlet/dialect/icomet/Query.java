package dev.comet.servlet.dialect.icomet;

import dev.comet.servlet.dialect.Parameters;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Script;
import java.util.Optional;

/** The parameters of a request by their types; of one with a form, those of the form first. <i>Immutable.</i> */
record Query(Parameters form, Parameters query) {

    static Query of(Request request) {
        return new Query(Parameters.NONE, request.query());
    }

    static Query ofForm(Request request) {
        return new Query(request.form(), request.query());
    }

    private Optional<String> first(String name) {
        return form.first(name).or(() -> query.first(name));
    }

    String text(String name) {
        return first(name).orElse("");
    }

    String cname() {
        return text("cname");
    }

    /** A whole number; 0 where there is none. */
    long number(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            return 0;
        }
        if (value.matches("-?\\d{1,18}")) {
            return Long.parseLong(value);
        }
        throw new Problem(400, name + ": must be a whole number");
    }

    /** {@code noop}: a counter of 32 bits, which clients let run over. */
    int noop() {
        long value = number("noop");
        if (value == (int) value) {
            return (int) value;
        }
        throw new Problem(400, "noop: must be a whole number of 32 bits");
    }

    /**
     * {@code cb}: what the answer is handed to; empty for bare JSON. It is run by browsers, so nothing passes but a path of names.
     *
     * @param otherwise where the parameter is absent, not where it is empty
     */
    String callback(String otherwise) {
        String cb = first("cb").orElse(otherwise);
        if (cb.isEmpty() || Script.isCallback(cb)) {
            return cb;
        }
        throw new Problem(400, "cb: must be a JavaScript identifier path of at most 128 characters, as in a.b_c.d");
    }
}
