package dev.comet.servlet;

import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Refusal;
import dev.comet.RefusedException;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Bearers;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.Lease;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Request;
import dev.comet.servlet.dialect.Token;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Mounts a dialect in a container: request in, reply out. Nothing here blocks on a socket: bodies are read and large answers
 * written by the container's callbacks, and what is held goes to a {@link HeldResponse}.
 */
abstract class EndpointServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final System.Logger LOG = System.getLogger("dev.comet");

    /** What fits into any container's buffer, so that writing it does not touch the socket. */
    private static final int SMALL = 4096;

    private static final byte[] NO_BODY = {};

    private static final String IN_THE_LOG = "the server failed; its log says why";

    // Written by the constructor or by init().
    private transient @Nullable Comet comet;
    private transient @Nullable CometConfig config;
    private transient @Nullable Parts parts;

    /** What a request needs, once the servlet is in service. */
    private record Parts(Dialect dialect, Holds holds, CometConfig config) {
        Request identified(Request head) {
            return config.bearers().map(b -> b.identify(head)).orElse(head);
        }

        Request identifiedByForm(Request whole) {
            return config.bearers().map(b -> b.identifyByForm(whole)).orElse(whole);
        }
    }

    /** A request, with its token as far as it is known to be good, and what is answered to it. */
    private record Answered(Request request, Reply reply) {}

    EndpointServlet() {}

    EndpointServlet(Comet comet, CometConfig config) {
        this.comet = comet;
        this.config = config;
    }

    abstract Dialect dialect(Comet comet, CometConfig config);

    /** Whether this init parameter is a setting of the dialect's own, which {@link #dialect} reads. */
    boolean isOwn(String parameter) {
        return false;
    }

    @Override
    public void init() throws ServletException {
        Comet hub = comet;
        CometConfig settings = config;
        if (hub == null || settings == null) {
            CometOptions options = SharedHub.options(getServletConfig(), this::isOwn);
            settings = options.config();
            hub = SharedHub.join(getServletConfig(), options);
        }
        try {
            Dialect dialect = dialect(hub, settings);
            Holds holds = new Holds(hub, settings);
            parts = new Parts(dialect, holds, settings);
        } catch (IllegalArgumentException e) {
            if (comet == null) {
                SharedHub.leave(getServletContext()); // destroy() will not be called
            }
            throw new ServletException("Comet's init parameters: " + e.getMessage(), e);
        }
    }

    @Override
    public void destroy() {
        Parts p = parts;
        if (p == null) {
            return; // init() failed
        }
        boolean shared = comet == null;
        if (shared) {
            p.holds.comet().drain(Duration.ZERO); // the application stops: the other endpoints begin at once, too
        }
        p.holds.close(Holds.LAST_WORDS);
        if (shared) {
            SharedHub.leave(getServletContext());
        }
    }

    /** How many exchanges are open now: responses held, bodies being read, answers being written. */
    int held() {
        return parts().holds.count();
    }

    /** How many bytes of bodies are held now. */
    int reading() {
        return parts().holds.bodyBytes() - parts().holds.bodyRoom().availablePermits();
    }

    /** How many bytes of large answers are held now. */
    int answering() {
        return parts().holds.answerBytes() - parts().holds.answerRoom().availablePermits();
    }

    private Parts parts() {
        Parts p = parts;
        if (p == null) {
            throw new IllegalStateException(getClass().getSimpleName() + " was not initialised by its container");
        }
        return p;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Parts p = parts();
        Answered answered = answer(p, Requests.head(request, p.config), p::identified, p.dialect::answer);
        byte[] begun = NO_BODY;
        boolean bodyLeft = hasBody(request);
        if (answered.reply instanceof Reply.Read read
                && request.getContentLengthLong() <= Math.min(SMALL, read.limit())
                && request.isAsyncSupported()) { // or it would be found out only by those that come in pieces
            begun = Body.here(request);
            if (begun.length == request.getContentLengthLong()) {
                bodyLeft = false;
                answered = answerWhole(p, answered.request, read, begun);
            }
        }
        Request head = answered.request;
        Reply reply = answered.reply;
        if (!isSmall(reply) && p.holds.isFull()) {
            reply = full(p, head, reply);
        }
        if (!isSmall(reply) && !request.isAsyncSupported()) {
            logThatAsyncIsMissing(request);
            reply = p.dialect.refused(head, new Problem(500, IN_THE_LOG));
        }
        if (!(reply instanceof Reply.Read) && bodyLeft) {
            sayLast(response); // the body is not worth reading
        }
        if (reply instanceof Reply.Now now && isSmall(now)) {
            writeHead(p, response, now);
            response.setContentLength(now.body().length);
            if (!head.method().equals("HEAD")) {
                response.getOutputStream().write(now.body());
            }
            return;
        }
        AsyncContext async = startAsync(request);
        try {
            if (reply instanceof Reply.Read read) {
                readBody(p, head, read, begun, request, response, async);
            } else {
                send(p, head, reply, response, async);
            }
        } catch (Throwable e) { // out of memory, too
            Exchanges.fail(async, e);
        }
    }

    /** A held response more is a subscriber more, and is refused in the same shape. */
    private static Reply full(Parts p, Request head, Reply wanted) {
        String why = "this endpoint has as many requests open as it may: " + p.holds.most() + " (max-held)";
        return wanted instanceof Reply.Hold
                ? p.dialect.refused(head, new RefusedException(Refusal.TOO_MANY_SUBSCRIBERS, why))
                : p.dialect.refused(head, new Problem(503, why));
    }

    // ---- in

    private static boolean hasBody(HttpServletRequest request) {
        return request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    }

    /** Nothing can follow on this connection, and the client is to know. */
    private static void sayLast(HttpServletResponse response) {
        response.setHeader("Connection", "close");
    }

    private void readBody(
            Parts p,
            Request head,
            Reply.Read read,
            byte[] begun,
            HttpServletRequest request,
            HttpServletResponse response,
            AsyncContext async)
            throws IOException {
        Body body = new Body(read.limit(), p.holds, async, p.config.bodyTimeout(), (bytes, problem) -> {
            if (problem != null) {
                sayLast(response); // nor is the rest of this one
                send(p, head, p.dialect.refused(head, problem), response, async);
                return;
            }
            Answered answered = answerWhole(p, head, read, bytes);
            send(p, answered.request, answered.reply, response, async);
        });
        body.start(request.getContentLengthLong(), begun, request.getInputStream());
    }

    private static Answered answerWhole(Parts p, Request head, Reply.Read read, byte[] body) {
        UnaryOperator<Request> who = read.mayShowToken() ? p::identifiedByForm : UnaryOperator.identity();
        return answer(p, head.withBody(body), who, read.then());
    }

    private static Answered answer(Parts p, Request asked, UnaryOperator<Request> who, Function<Request, Reply> by) {
        Request request = asked;
        Reply reply;
        try {
            request = who.apply(asked);
            reply = by.apply(request);
        } catch (RefusedException e) {
            reply = p.dialect.refused(request, e);
        } catch (Problem e) {
            reply = p.dialect.refused(request, e);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a request failed", e);
            reply = p.dialect.refused(request, new Problem(500, IN_THE_LOG));
        }
        return new Answered(request, reply);
    }

    // ---- out

    private void send(Parts p, Request request, Reply reply, HttpServletResponse response, AsyncContext async)
            throws IOException {
        if (reply instanceof Reply.Now now) {
            int large = isSmall(now) ? 0 : now.body().length;
            if (!p.holds.answerRoom().tryAcquire(large)) {
                Problem full =
                        new Problem(503, "the server writes as much as it may at one time (max-answer-bytes-total)");
                send(p, request, p.dialect.refused(request, full), response, async);
                return;
            }
            Answer answer = new Answer(now.body(), large, p.holds, async);
            writeHead(p, response, now);
            response.setContentLength(now.body().length);
            if (!isSmall(now)) {
                sayLast(response); // Tomcat would keep the connection of one that is broken off, and its client waiting
            }
            answer.start(response.getOutputStream());
        } else if (reply instanceof Reply.Hold hold) {
            HeldResponse held = new HeldResponse(p.holds, hold.framing());
            Subscriber subscriber;
            try {
                subscriber = hold.attach(p.holds.comet(), held);
            } catch (RefusedException e) {
                send(p, request, p.dialect.refused(request, e), response, async);
                return;
            }
            Lease lease = lease(p, request, hold, subscriber);
            ServletOutputStream out;
            try {
                writeHead(response, 200, hold.framing().headers());
                if (hold.framing().endsItsConnection()
                        && async.getRequest().getProtocol().equals("HTTP/1.1")) {
                    sayLast(response);
                }
                if (p.config.identityEncoding()) {
                    response.setHeader("Content-Encoding", "identity");
                }
                out = response.getOutputStream();
            } catch (Throwable e) {
                subscriber.close(CloseReason.FAILED); // a filter took the writer, say: nobody else would end it
                if (lease != null) {
                    lease.close();
                }
                throw e;
            }
            held.start(subscriber, lease, async, out);
        } else {
            throw new IllegalStateException("the body has been read, and the dialect asks for it again");
        }
    }

    private static @Nullable Lease lease(Parts p, Request request, Reply.Hold hold, Subscriber subscriber) {
        Token token = request.token().orElse(null);
        Bearers bearers = p.config.bearers().orElse(null);
        return token == null || bearers == null
                ? null
                : bearers.open(
                        token, hold.framing().connection(), hold.options(), subscriber, p.config.tokenExpiring());
    }

    private static boolean isSmall(Reply reply) {
        return reply instanceof Reply.Now now && now.body().length <= SMALL;
    }

    private static void writeHead(Parts p, HttpServletResponse response, Reply.Now now) {
        Reply.Now whole = now.withRetryAfter(p.config.retry());
        writeHead(response, whole.status(), whole.headers());
        // What is held is of types that no browser guesses at, and would keep the header for as long as that.
        response.setHeader("X-Content-Type-Options", "nosniff");
    }

    private static void writeHead(HttpServletResponse response, int status, List<Header> headers) {
        response.setStatus(status);
        for (Header header : headers) {
            if (header.name().equals("Content-Type")) {
                response.setContentType(header.value());
            } else {
                response.addHeader(header.name(), header.value());
            }
        }
    }

    /** Time-outs are ours: a container's would dispatch an error into the stream. */
    private static AsyncContext startAsync(HttpServletRequest request) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        return async;
    }

    /** Not thrown: a container would show its own page with the stack trace to whoever asked. */
    private static void logThatAsyncIsMissing(HttpServletRequest request) {
        LOG.log(
                System.Logger.Level.ERROR,
                () ->
                        "Comet cannot answer: it needs async support from its servlet and from every filter before it. Put"
                                + " <async-supported>true</async-supported> into web.xml (in code: setAsyncSupported(true)) for the one that"
                                + " lacks it, among: servlet "
                                + request.getHttpServletMapping().getServletName() + ", filters "
                                + new TreeSet<>(request.getServletContext()
                                        .getFilterRegistrations()
                                        .keySet()));
    }
}
