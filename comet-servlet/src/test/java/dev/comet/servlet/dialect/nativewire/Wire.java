package dev.comet.servlet.dialect.nativewire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.Event;
import dev.comet.RefusedException;
import dev.comet.Sink;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.ManualScheduler;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Rules;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A hub and its native endpoint, without a server: what the container's side does with replies is done here in few lines. */
final class Wire implements AutoCloseable {
    static final NativeSettings SETTINGS = new NativeSettings(
            Duration.ofSeconds(15), Duration.ofSeconds(25), Duration.ofMinutes(30), Duration.ofSeconds(2), Set.of());

    /** Lets everything pass. */
    static final Authorizer ANYTHING = question -> Authorizer.Decision.ALLOW;

    final ManualScheduler time = new ManualScheduler();
    final Comet comet;
    final NativeDialect dialect;

    Wire() {
        this(Comet.builder());
    }

    Wire(Comet.Builder hub) {
        this(hub, SETTINGS, new Access(Rules.PUBLIC, ANYTHING, Set.of(), Set.of()));
    }

    Wire(NativeSettings settings) {
        this(Comet.builder(), settings, new Access(Rules.PUBLIC, ANYTHING, Set.of(), Set.of()));
    }

    Wire(Comet.Builder hub, NativeSettings settings, Access access) {
        comet = hub.scheduler(time).build();
        dialect = new NativeDialect(comet, settings, access);
    }

    /** Public, with an authorizer. */
    static Wire with(Authorizer authorizer) {
        return new Wire(Comet.builder(), SETTINGS, new Access(Rules.PUBLIC, authorizer, Set.of(), Set.of()));
    }

    /** An authorizer that denies one action. */
    static Authorizer denying(Action denied) {
        return question -> question.action() == denied ? Authorizer.Decision.DENY : Authorizer.Decision.ALLOW;
    }

    @Override
    public void close() {
        comet.close();
    }

    /** The reply, refusals in their shape. The dialect sees the body only when it asks for it. */
    Reply reply(Ask ask) {
        try {
            Reply reply = dialect.answer(ask.request().withBody(new byte[0]));
            return reply instanceof Reply.Read read ? read.then().apply(ask.request()) : reply;
        } catch (RefusedException e) {
            return dialect.refused(ask.request(), e);
        } catch (Problem e) {
            return dialect.refused(ask.request(), e);
        }
    }

    /** The most bytes that the body may have. */
    long bodyLimit(Ask ask) {
        return ((Reply.Read) dialect.answer(ask.request())).limit();
    }

    /** An answer that is whole; a hold that the hub refuses is one too. */
    Answer answer(Ask ask) {
        Reply reply = reply(ask);
        if (reply instanceof Reply.Hold hold) {
            try {
                Subscriber subscriber = hold.attach(comet, () -> {});
                subscriber.close(CloseReason.DONE);
                throw new AssertionError("the response is held");
            } catch (RefusedException e) {
                reply = dialect.refused(ask.request(), e);
            }
        }
        return new Answer(((Reply.Now) reply).withRetryAfter(SETTINGS.retry()));
    }

    Held open(Ask ask) {
        Reply reply = reply(ask);
        if (reply instanceof Reply.Now now) {
            throw new AssertionError(now.status() + " " + Parsed.text(now.body()));
        }
        return new Held((Reply.Hold) reply);
    }

    Held open(String query) {
        return open(Ask.get("/events?" + query));
    }

    static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    static Map<String, List<String>> headers(List<Header> headers) {
        Map<String, List<String>> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach(
                h -> byName.computeIfAbsent(h.name(), n -> new ArrayList<>()).add(h.value()));
        return byName;
    }

    /** What was answered. */
    static final class Answer {
        final int status;
        final Map<String, List<String>> headers;
        final byte[] body;

        private Answer(Reply.Now now) {
            status = now.status();
            headers = headers(now.headers());
            body = now.body();
        }

        Map<String, Object> json() {
            return Parsed.object(body);
        }

        /** Asserts an RFC 9457 problem and nothing else. */
        Answer problem(int expected, String type) {
            Map<String, Object> problem = json();
            assertThat(problem.keySet()).containsExactly("type", "title", "status", "detail");
            assertThat(status).as("%s", problem).isEqualTo(expected);
            assertThat(problem.get("status")).isEqualTo((long) expected);
            assertThat(problem.get("type")).isEqualTo(type);
            assertThat((String) problem.get("title")).isNotBlank();
            assertThat((String) problem.get("detail")).isNotBlank();
            assertThat(headers.get("Content-Type")).containsExactly("application/problem+json");
            return this;
        }

        String detail() {
            return (String) java.util.Objects.requireNonNull(json().get("detail"));
        }
    }

    /** A held response: what HeldResponse does between the subscriber and the socket, with a socket that takes everything. */
    final class Held {
        final List<Header> headers;
        final Framing framing;
        final Subscriber from;

        /** Runs after each event, in the middle of a read. */
        Runnable afterEvent = () -> {};

        boolean ended;
        boolean woken;
        int writes;

        private final Frames frames = new Frames();
        private boolean begun;
        private boolean lastWords;
        private boolean heartbeatDue;
        private CloseReason reason = CloseReason.DISCONNECTED;

        private Held(Reply.Hold hold) {
            framing = hold.framing();
            headers = framing.headers();
            from = hold.attach(comet, () -> woken = true);
        }

        /** Everything that it has to say now. */
        byte[] take() {
            woken = false;
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            while (fill()) {
                out.write(frames.bytes(), 0, frames.size());
                writes++;
            }
            if (lastWords && !ended) {
                ended = true;
                framing.written(from);
                from.close(reason);
            }
            return out.toByteArray();
        }

        private boolean fill() {
            frames.clear();
            if (lastWords) {
                return false;
            }
            boolean more = true;
            if (!begun) {
                begun = true;
                more = framing.begin(from, frames);
            }
            Subscriber.Read read = Subscriber.Read.MORE;
            if (more && !frames.isFull()) {
                read = from.read(new Sink() {
                    @Override
                    public boolean accept(Event event) {
                        boolean another = framing.event(event, from, frames) && !frames.isFull();
                        afterEvent.run();
                        return another;
                    }

                    @Override
                    public boolean takesGaps() {
                        return framing.takesGaps();
                    }
                });
            }
            if (read == Subscriber.Read.CLOSED || framing.isDone()) {
                reason = read == Subscriber.Read.CLOSED ? from.ending().orElse(CloseReason.CLOSED) : CloseReason.DONE;
                lastWords = true;
                framing.end(reason, from, frames);
            } else if (heartbeatDue && frames.size() == 0) {
                framing.heartbeat(frames);
            }
            heartbeatDue = false;
            return frames.size() > 0;
        }

        SseReader sse() {
            return SseReader.read(take());
        }

        List<Map<String, Object>> lines() {
            return Parsed.lines(take());
        }

        Map<String, Object> poll() {
            Map<String, Object> answer = Parsed.object(take());
            assertThat(ended).isTrue();
            assertThat(answer.keySet()).containsExactly("cursor", "gaps", "messages");
            return answer;
        }

        byte[] heartbeat() {
            heartbeatDue = true;
            return take();
        }

        /** Its time is over. */
        byte[] expire() {
            from.end(framing.expiry());
            return take();
        }

        /** Its client leaves. */
        void leave() {
            from.close(CloseReason.DISCONNECTED);
        }
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> objects(Map<String, Object> of, String field) {
        return (List<Map<String, Object>>) java.util.Objects.requireNonNull(of.get(field));
    }
}
