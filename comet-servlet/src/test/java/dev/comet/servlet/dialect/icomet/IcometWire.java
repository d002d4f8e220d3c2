package dev.comet.servlet.dialect.icomet;

import dev.comet.Authorizer;
import dev.comet.CloseReason;
import dev.comet.Comet;
import dev.comet.RefusedException;
import dev.comet.Subscriber;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Dialect;
import dev.comet.servlet.dialect.Frames;
import dev.comet.servlet.dialect.Framing;
import dev.comet.servlet.dialect.Header;
import dev.comet.servlet.dialect.ManualScheduler;
import dev.comet.servlet.dialect.Problem;
import dev.comet.servlet.dialect.Reply;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Values;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A hub with iComet's two mounts, without a server, in virtual time. What the container's side does is done here in few lines. */
final class IcometWire implements AutoCloseable {
    static final Duration MAX_AGE = Duration.ofMinutes(30);

    final ManualScheduler time = new ManualScheduler();
    final Comet comet;
    final IcometDialect front;
    final IcometAdminDialect admin;

    /** Whether what is opened now is slow from its beginning. */
    boolean slow;

    /** With settings as {@code name=value}. */
    IcometWire(String... settings) {
        this(Comet.builder(), Access.NO_OPINION, settings);
    }

    IcometWire(Comet.Builder hub, Authorizer authorizer, String... settings) {
        IcometSettings read = settings(settings);
        comet = hub.scheduler(time).build();
        front = new IcometDialect(comet, read, new Access(Rules.PUBLIC, authorizer, Set.of(), Set.of()), MAX_AGE);
        admin = new IcometAdminDialect(
                comet,
                read,
                new Access(read.admins(), authorizer, Set.of(), Set.of()),
                MAX_AGE,
                time::currentTimeMillis);
    }

    static IcometSettings settings(String... settings) {
        Map<String, String> given = new TreeMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            given.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        Values values = new Values("icomet", given);
        IcometSettings read = IcometSettings.read(values);
        values.requireNoOthers();
        return read;
    }

    @Override
    public void close() {
        comet.close();
    }

    static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /** The front's answer to a GET. */
    Answer front(String target) {
        return answer(front, Ask.get(target));
    }

    /** The admin endpoints' answer to a GET from this machine. */
    Answer admin(String target) {
        return answer(admin, Ask.get(target).from(Ask.LOCAL));
    }

    Answer adminForm(String path, String form) {
        return answer(admin, Ask.form(path, form).from(Ask.LOCAL));
    }

    /** An answer that is whole: at once, or after what the hub refuses. */
    Answer answer(Dialect dialect, Ask ask) {
        Reply reply = reply(dialect, ask);
        if (reply instanceof Reply.Hold hold) {
            Held held = attach(dialect, ask, hold);
            if (held.refusal == null) {
                held.advanceUntilEnd();
                return new Answer(200, held.headers, held.body());
            }
            reply = held.refusal;
        }
        Reply.Now now = (Reply.Now) reply;
        return new Answer(now.status(), headers(now.headers()), Client.text(now.body()));
    }

    /** The dialect sees the body only when it asks for it. */
    Reply reply(Dialect dialect, Ask ask) {
        try {
            Reply reply = dialect.answer(ask.request().withBody(new byte[0]));
            return reply instanceof Reply.Read read ? read.then().apply(ask.request()) : reply;
        } catch (RefusedException e) {
            return dialect.refused(ask.request(), e);
        } catch (Problem e) {
            return dialect.refused(ask.request(), e);
        }
    }

    /** Opens what is held by the front. */
    Held open(String target) {
        return open(front, Ask.get(target));
    }

    Held open(Dialect dialect, Ask ask) {
        Reply reply = reply(dialect, ask);
        if (reply instanceof Reply.Now now) {
            throw new AssertionError(now.status() + " " + Client.text(now.body()));
        }
        Held held = attach(dialect, ask, (Reply.Hold) reply);
        if (held.refusal != null) {
            throw new AssertionError(Client.text(held.refusal.body()));
        }
        return held;
    }

    private Held attach(Dialect dialect, Ask ask, Reply.Hold hold) {
        Held held = new Held(hold);
        try {
            held.begin(hold.attach(comet, held::woken));
        } catch (RefusedException e) {
            held.refusal = (Reply.Now) dialect.refused(ask.request(), e);
        }
        return held;
    }

    private static Map<String, String> headers(List<Header> headers) {
        Map<String, String> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach(h -> {
            if (byName.put(h.name(), h.value()) != null) {
                throw new AssertionError(h.name() + " twice");
            }
        });
        return byName;
    }

    /** What was answered. */
    record Answer(int status, Map<String, String> headers, String body) {
        String type() {
            return headers.getOrDefault("Content-Type", "");
        }
    }

    /** A held response with a socket that takes everything at once, unless it is told to be slow. */
    final class Held {
        final Map<String, String> headers;
        final Framing framing;

        /** While true nothing is read from the hub. */
        boolean slow = IcometWire.this.slow;

        boolean ended;

        Reply.@Nullable Now refusal;

        private final Frames frames = new Frames();
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private @Nullable Subscriber from;
        private boolean begun;
        private boolean lastWords;
        private boolean draining;
        private boolean again;
        private boolean heartbeatDue;
        private long lastWrite;
        private int taken;

        private Held(Reply.Hold hold) {
            framing = hold.framing();
            headers = headers(framing.headers());
        }

        private void begin(Subscriber subscriber) {
            from = subscriber;
            lastWrite = time.nanoTime();
            long age = framing.holdFor().toNanos();
            time.schedule(() -> subscriber.end(framing.expiry()), age);
            if (!framing.heartbeatEvery().isZero()) {
                watch();
            }
            drain();
        }

        private void watch() {
            long every = framing.heartbeatEvery().toNanos();
            time.schedule(
                    () -> {
                        if (ended) {
                            return;
                        }
                        if (time.nanoTime() - lastWrite >= every) {
                            heartbeatDue = true;
                            lastWrite = time.nanoTime();
                            drain();
                        }
                        watch();
                    },
                    Math.max(1, every - (time.nanoTime() - lastWrite)));
        }

        private void woken() {
            drain();
        }

        void drain() {
            Subscriber subscriber = from;
            again = true;
            if (draining || slow || subscriber == null) {
                return;
            }
            draining = true;
            while (again) {
                again = false;
                while (fill(subscriber)) {
                    received.write(frames.bytes(), 0, frames.size());
                    lastWrite = time.nanoTime();
                }
            }
            if (lastWords && !ended) {
                ended = true;
                framing.written(subscriber);
                subscriber.close(CloseReason.DONE);
            }
            draining = false;
        }

        private boolean fill(Subscriber subscriber) {
            frames.clear();
            if (lastWords) {
                return false;
            }
            boolean more = true;
            if (!begun) {
                begun = true;
                more = framing.begin(subscriber, frames);
            }
            Subscriber.Read read = Subscriber.Read.MORE;
            if (more && !frames.isFull()) {
                read = subscriber.read(event -> framing.event(event, subscriber, frames) && !frames.isFull());
            }
            if (read == Subscriber.Read.CLOSED || framing.isDone()) {
                lastWords = true;
                framing.end(
                        read == Subscriber.Read.CLOSED
                                ? subscriber.ending().orElse(CloseReason.CLOSED)
                                : CloseReason.DONE,
                        subscriber,
                        frames);
            }
            if (heartbeatDue) {
                heartbeatDue = false;
                if (frames.size() == 0 && !lastWords) {
                    framing.heartbeat(frames);
                }
            }
            return frames.size() > 0;
        }

        /** All that has come so far. */
        String body() {
            return Client.text(received.toByteArray());
        }

        /** What has come since the last call. */
        String take() {
            String all = body();
            String more = all.substring(taken);
            taken = all.length();
            return more;
        }

        private void advanceUntilEnd() {
            for (int i = 0; i < 3600 && !ended; i++) {
                time.advance(Duration.ofSeconds(1));
            }
            if (!ended) {
                throw new AssertionError("the response is held: " + body());
            }
        }

        /** Its client leaves. */
        void leave() {
            Subscriber subscriber = from;
            ended = true;
            if (subscriber != null) {
                subscriber.close(CloseReason.DISCONNECTED);
            }
        }
    }
}
