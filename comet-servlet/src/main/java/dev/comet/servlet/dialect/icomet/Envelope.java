package dev.comet.servlet.dialect.icomet;

import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Reply;
import java.util.ArrayList;
import java.util.List;

/** What stands around each message of a response, and what before the first: protocol page, "Envelopes". <i>Immutable.</i> */
final class Envelope {
    /**
     * The forever-iframe's. A frame of another host below the same domain may reach its parent only when both have widened
     * document.domain; one of the same origin must not, or it no longer could. So it tries as far as it must, and only then.
     */
    private static final String FRAME = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><script>"
            + "(function(){var d=location.hostname.split('.');"
            + "for(;;){try{if(parent.document)return}catch(e){}"
            + "d.shift();if(d.length<2)return;"
            + "try{document.domain=d.join('.')}catch(e){return}}})();"
            + "</script></head><body>\n";

    private final List<Header> headers;
    private final byte[] head;
    private final byte[] before;
    private final byte[] after;

    private Envelope(List<Header> headers, String head, String before, String after) {
        this.headers = headers;
        this.head = Json.bytes(head);
        this.before = Json.bytes(before);
        this.after = Json.bytes(after);
    }

    /** A poll's, and ping's: a script that calls back, or bare JSON where the callback is empty. */
    static Envelope call(String callback) {
        return callback.isEmpty()
                ? new Envelope(headers("application/json"), "", "", "\n")
                : new Envelope(headers("text/javascript"), "", callback + "(", ");\n");
    }

    /** {@code /push}'s and {@code /pub}'s: called a script even where it is none. */
    static Envelope script(String callback) {
        return callback.isEmpty() ? new Envelope(headers("text/javascript"), "", "", "\n") : call(callback);
    }

    static Envelope stream() {
        return new Envelope(headers("application/json"), "", "", "\n");
    }

    static Envelope iframe() {
        return new Envelope(headers("text/html"), FRAME, "<script>parent.icomet_cb(", ");</script>\n");
    }

    static Envelope sse() {
        List<Header> headers = new ArrayList<>(headers("text/event-stream"));
        headers.add(new Header("Access-Control-Allow-Origin", "*"));
        return new Envelope(headers, "", "data: ", "\n\n");
    }

    /** Protocol page, "Headers"; and nginx, when it stands before us, is not to gather what is held. */
    static List<Header> headers(String contentType) {
        return List.of(
                new Header("Content-Type", contentType + "; charset=utf-8"),
                new Header("Expires", "0"),
                new Header("Cache-Control", "no-cache"),
                new Header("X-Accel-Buffering", "no"));
    }

    List<Header> headers() {
        return headers;
    }

    Frames begin(Frames out) {
        return out.add(head);
    }

    Frames open(Frames out) {
        return out.add(before);
    }

    Frames close(Frames out) {
        return out.add(after);
    }

    /** An object, wrapped. */
    Frames wrap(byte[] object, Frames out) {
        return close(open(out).add(object));
    }

    /** An answer of one object. */
    Reply answer(byte[] object) {
        Frames out = wrap(object, begin(new Frames()));
        return new Reply.Now(200, headers, java.util.Arrays.copyOf(out.bytes(), out.size()));
    }
}
