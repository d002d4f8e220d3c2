package dev.comet.servlet.dialect.icomet;

import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import java.util.ArrayList;
import java.util.List;

/** Answers in words, a line each. The original calls them HTML; a channel's name in them would then be markup. */
final class Texts {
    private Texts() {}

    static Reply line(int status, String text) {
        return line(status, text, List.of());
    }

    private static Reply line(int status, String text, List<Header> more) {
        List<Header> headers = new ArrayList<>(Envelope.headers("text/plain"));
        headers.addAll(more);
        return new Reply.Now(status, headers, Json.bytes(text + "\n"));
    }

    static Reply refused(Problem problem) {
        return line(problem.status(), problem.detail(), problem.headers());
    }

    static Reply refused(RefusedException e) {
        return line(status(e.refusal()), e.detail());
    }

    /** The page knows a full server as 429, "too many"; 503 is for one that goes. */
    private static int status(Refusal refusal) {
        int status = Problem.status(refusal);
        return status == 503 && refusal != Refusal.SHUTTING_DOWN && refusal != Refusal.UNAVAILABLE ? 429 : status;
    }
}
