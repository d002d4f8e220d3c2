package dev.comet.example;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A client that follows one old server's rules: which cursor it keeps, and what it asks next. What it is given it hands on as it
 * came, so that whoever looks sees what is there twice, or not at all. <i>Owned by one thread.</i>
 */
abstract class DialectClient implements AutoCloseable {
    /** A message as the wire shows it; its number counts from 1, and is 0 where the wire has none. */
    record Seen(String channel, long number, String payload) {}

    private final URI at;
    private KeepAlive connection;

    DialectClient(URI at) throws IOException {
        this.at = at;
        connection = new KeepAlive(at);
    }

    /** What it does before it asks for messages. */
    void open() throws IOException {}

    /** Asks once; nothing, where the server had nothing to say. */
    abstract List<Seen> more() throws IOException;

    final KeepAlive connection() {
        return connection;
    }

    /** Leaves what is open, and comes back. */
    final void reconnect() throws IOException {
        connection.close();
        connection = new KeepAlive(at);
    }

    @Override
    public final void close() throws IOException {
        connection.close();
    }

    private static long number(Map<String, Object> of, String key) throws IOException {
        if (of.get(key) instanceof Number n) {
            return n.longValue();
        }
        throw new IOException(key + " is no number: " + of);
    }

    private static String text(Map<String, Object> of, String key) throws IOException {
        if (of.get(key) instanceof String text) {
            return text;
        }
        throw new IOException(key + " is no text: " + of);
    }

    /** What stands between two texts. */
    private static String between(String before, String body, String after) throws IOException {
        if (body.length() < before.length() + after.length() || !body.startsWith(before) || !body.endsWith(after)) {
            throw new IOException("not " + before + "\u2026" + after + ": " + body);
        }
        return body.substring(before.length(), body.length() - after.length());
    }

    /** iComet's rules: {@code seq} is the next that it wants; a heartbeat does not change it. */
    private abstract static class Icomet extends DialectClient {
        private final String channel;
        private long next = 1;

        Icomet(URI at, String channel) throws IOException {
            super(at);
            this.channel = channel;
        }

        /** {@code /sign} says where a client is to start: at the oldest that is buffered. */
        @Override
        final void open() throws IOException {
            String sign = connection().get("/icomet-admin/sign?cname=" + channel);
            next = number(Json.object(sign), "seq");
        }

        final String query() {
            return "?cname=" + channel + "&seq=" + next;
        }

        final void take(Map<String, Object> object, List<Seen> into) throws IOException {
            switch (text(object, "type")) {
                case "data" -> {
                    long seq = number(object, "seq");
                    into.add(new Seen(text(object, "cname"), seq, text(object, "content")));
                    next = seq + 1;
                }
                case "noop" -> {}
                default -> throw new IOException("not for a client of " + channel + " at " + next + ": " + object);
            }
        }
    }

    /** {@code /sub}, which answers with one message or an array. */
    static final class IcometPoll extends Icomet {
        IcometPoll(URI at, String channel) throws IOException {
            super(at, channel);
        }

        @Override
        List<Seen> more() throws IOException {
            String body = connection().get("/icomet/sub" + query());
            List<Seen> seen = new ArrayList<>();
            for (Map<String, Object> object : body.startsWith("[") ? Json.objects(body) : List.of(Json.object(body))) {
                take(object, seen);
            }
            return seen;
        }
    }

    /** {@code /stream} and {@code /sse}: a line each. It leaves after a while, as networks have it, and comes back. */
    static final class IcometStream extends Icomet {
        private final String path;
        private final String prefix;
        private final int stay;
        private final StringBuilder rest = new StringBuilder();
        private int left;

        /**
         * A client that is yet to connect.
         *
         * @param prefix of every line
         * @param stay for how many messages it stays
         */
        IcometStream(URI at, String channel, String path, String prefix, int stay) throws IOException {
            super(at, channel);
            this.path = path;
            this.prefix = prefix;
            this.stay = stay;
        }

        @Override
        List<Seen> more() throws IOException {
            if (left <= 0) {
                reconnect();
                rest.setLength(0);
                connection().open(path + query());
                left = stay;
            }
            byte[] piece = connection().piece();
            if (piece.length == 0) {
                throw new IOException("the stream ended");
            }
            rest.append(new String(piece, StandardCharsets.UTF_8));
            List<Seen> seen = new ArrayList<>();
            for (int end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
                String line = rest.substring(0, end);
                rest.delete(0, end + 1);
                if (!line.isEmpty()) {
                    take(Json.object(between(prefix, line, "")), seen);
                }
            }
            left -= seen.size();
            return seen;
        }
    }

    /** Simple-Comet's rules: one number over all channels, the {@code last_id} of the answer before. */
    static final class SimpleComet extends DialectClient {
        private final List<String> channels;
        private long since;

        SimpleComet(URI at, List<String> channels) throws IOException {
            super(at);
            this.channels = channels;
        }

        @Override
        List<Seen> more() throws IOException {
            String names = String.join("%7C", channels);
            Map<String, Object> answer =
                    Json.object(connection().get("/simple-comet/channels/" + names + ".json?since=" + since));
            if (number(answer, "return_code") != 1) {
                throw new IOException("refused: " + answer);
            }
            since = number(answer, "last_id");
            List<Seen> seen = new ArrayList<>();
            @SuppressWarnings("unchecked")
            Map<String, List<Map<String, Object>>> messages =
                    (Map<String, List<Map<String, Object>>>) answer.get("messages");
            for (Map.Entry<String, List<Map<String, Object>>> channel : messages.entrySet()) {
                for (Map<String, Object> message : channel.getValue()) {
                    seen.add(new Seen(channel.getKey(), 0, text(message, "content")));
                }
            }
            return seen;
        }
    }

    /** Stardust's rules: an id that it made up; the server knows how far it is. */
    static final class Stardust extends DialectClient {
        private final String path;

        Stardust(URI at, List<String> channels, int id) throws IOException {
            super(at);
            this.path = "/stardust/channel/" + String.join("+", channels) + "/stream/0." + id;
        }

        /** The first request of an id opens the session. */
        @Override
        void open() throws IOException {
            if (!more().isEmpty()) {
                throw new IOException("nothing comes before the session is open");
            }
        }

        @Override
        List<Seen> more() throws IOException {
            List<Seen> seen = new ArrayList<>();
            for (Map<String, Object> object : Json.objects(connection().get(path))) {
                seen.add(new Seen(text(object, "_ch"), 0, text(object, "data")));
            }
            return seen;
        }
    }

    /** CComet's rules: it signs in, and asks for the last item's seqid plus one, unless that item is a SIGN. */
    static final class CComet extends DialectClient {
        private final String who;
        private long seqid;

        CComet(URI at, String channel, int id) throws IOException {
            super(at);
            this.who = "?channel=" + channel + "&sname=client" + id + "&callback=cb";
        }

        @Override
        void open() throws IOException {
            String signed = connection().get("/ccomet/sign" + who);
            between("cb('[{\"type\" : \"sign in\"", signed, "}]')");
        }

        @Override
        List<Seen> more() throws IOException {
            String body = connection().get("/ccomet/subscribe" + who + "&seqid=" + seqid);
            List<Seen> seen = new ArrayList<>();
            for (Map<String, Object> item : Json.objects(between("cb('", body, "')"))) {
                switch (text(item, "type")) {
                    case "MSG" -> {
                        long number = Long.parseLong(text(item, "seqid")) + 1;
                        seen.add(new Seen(text(item, "channel"), number, text(item, "msg")));
                        seqid = number;
                    }
                    case "SIGN" -> {}
                    default -> throw new IOException("not for a client at " + seqid + ": " + item);
                }
            }
            return seen;
        }
    }
}
