package dev.comet.servlet.dialect.simplecomet;

import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Script;

/**
 * What an answer's JSON stands in: the resource's suffix says whether that is nothing, a comment or the call of a function.
 * <i>Immutable.</i>
 *
 * @param known whether it is a suffix that there is
 * @param callable false: whatever the answer is, the body is the comment {@code before}, and nothing runs
 */
record Output(String type, String before, String after, boolean known, boolean callable) {
    private static final String CALLBACK = "_JSONP_comet_cb";
    private static final String PREFIX = "_JSONP_";

    /** The output of a request, whatever is wrong with it. */
    static Output of(Request request, boolean quoteJson) {
        boolean json = request.path().endsWith(".json");
        if (!json && request.path().endsWith(".jsonp")) {
            return jsonp(callback(request));
        }
        return new Output("application/json", quoteJson ? "/*-secure- " : "", quoteJson ? " */" : "", json, true);
    }

    private static Output jsonp(String callback) {
        if (!callback.startsWith(PREFIX)) {
            return comment("/* incomplete JSONP callback name */");
        }
        if (!Script.isCallback(callback) || callback.indexOf('$') >= 0) {
            return comment("/* invalid JSONP callback name */");
        }
        return new Output(script(), callback + "(", ");", true, true);
    }

    private static Output comment(String text) {
        return new Output(script(), text, "", true, false);
    }

    /** A page of another charset would read it in that one. */
    private static String script() {
        return "application/javascript;charset=utf-8";
    }

    private static String callback(Request request) {
        try {
            return request.query().first("cb").orElse(CALLBACK);
        } catch (Problem e) {
            return CALLBACK; // the query cannot be read, and somebody is to be told so
        }
    }

    Header contentType() {
        return new Header("Content-Type", type);
    }

    String body(Json json) {
        return callable ? before + json + after : before;
    }
}
