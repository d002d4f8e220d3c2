package dev.comet.example.cluster;

import dev.comet.example.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber, over all its connections: it leaves a node with its cursor, and goes on at another. <i>Owned by the wanderers'
 * thread.</i>
 */
final class Wanderer {
    /** How it follows its channels; the last one's cursor is a single number, and it is not told of gaps. */
    enum Wire {
        SSE,
        POLL,
        NUMBER
    }

    private static final long MILLI = 1_000_000;

    /** A node that is busy has no room for whom it has not accepted yet; who waits for that waits longer each time. */
    private static final long CONNECT_MILLIS = 1_000;

    private final Wanderers all;
    private final String name;
    private final Wire wire;
    private final boolean stays;
    private final List<Track> tracks;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(128);

    private @Nullable SocketChannel socket;
    private boolean connected;
    private Answer answer = new Answer();
    private int node;
    private long comesAt; // while it has no connection
    private long leavesAt; // while it has one
    private String cursor = "";
    private long since;
    private long lastId;
    private long bereaved; // when its node left it; 0: not, or it has had a message since

    // Of the event that is being read.
    private String event = "";
    private String data = "";
    private String id = "";

    Wanderer(Wanderers all, int number, Wire wire, boolean stays, List<String> channels) {
        this.all = all;
        this.name = number + " by " + wire;
        this.wire = wire;
        this.stays = stays;
        this.tracks = channels.stream().map(Track::new).toList();
        this.node = all.anyNode();
    }

    List<Track> tracks() {
        return tracks;
    }

    boolean isTold() {
        return wire != Wire.NUMBER;
    }

    @Override
    public String toString() {
        return name;
    }

    // ---- come and go

    /** Does what is due. */
    void tick(long now, boolean mayLeave) throws IOException {
        if (socket == null && now >= comesAt && all.mayConnect()) {
            connect();
        } else if (socket != null && !connected && now >= leavesAt) {
            leave(0);
        } else if (socket != null && connected && mayLeave && !stays && now >= leavesAt) {
            all.left();
            leave(0);
        }
    }

    private void connect() throws IOException {
        answer = new Answer();
        line.reset();
        event = "";
        data = "";
        connected = false;
        leavesAt = all.now() + CONNECT_MILLIS * MILLI;
        SocketChannel fresh = SocketChannel.open();
        fresh.configureBlocking(false);
        socket = fresh;
        all.connecting(1);
        fresh.register(all.selector(), SelectionKey.OP_CONNECT, this);
        fresh.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), all.port(node)));
    }

    void ready(SelectionKey key) throws IOException {
        SocketChannel from = (SocketChannel) key.channel();
        try {
            if (key.isConnectable()) {
                from.finishConnect();
                connected = true;
                all.connecting(-1);
                leavesAt = all.now() + all.random(2 * Wanderers.STAY_MILLIS) * MILLI;
                key.interestOps(SelectionKey.OP_READ);
                ask(from);
            } else {
                read(from);
            }
        } catch (IOException e) {
            leftAlone();
        }
    }

    private void ask(SocketChannel to) throws IOException {
        answer = new Answer();
        ByteBuffer request = ByteBuffer.wrap(
                ("GET " + path() + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        to.write(request);
        if (request.hasRemaining()) {
            throw new IOException("a socket that is new takes no " + request.limit() + " bytes");
        }
    }

    private String path() {
        if (wire == Wire.NUMBER) {
            String names = tracks.stream().map(Track::channel).collect(Collectors.joining("%7C"));
            return "/simple-comet/channels/" + names + ".json?since=" + since;
        }
        String names =
                tracks.stream().map(track -> "channel=" + track.channel()).collect(Collectors.joining("&"));
        String from = cursor.isEmpty() ? "&from=oldest" : "&cursor=" + cursor;
        return "/comet/events?" + names + from + (wire == Wire.SSE ? "&as=sse&envelope=true" : "&as=poll&wait=120");
    }

    private void read(SocketChannel from) throws IOException {
        ByteBuffer in = all.buffer();
        in.clear();
        if (from.read(in) < 0) {
            leftAlone();
            return;
        }
        in.flip();
        answer.feed(in);
        if (wire == Wire.SSE && answer.status() == 200) {
            for (byte b : answer.takeBody()) {
                if (b == '\n') {
                    take(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                } else {
                    line.write(b);
                }
            }
        } else if (answer.isDone()) {
            boolean served = answered(new String(answer.takeBody(), StandardCharsets.UTF_8));
            if (served && !answer.closesConnection() && socket != null) {
                ask(from);
            } else {
                leave(served ? 0 : all.random(500));
            }
        }
    }

    /** Half of them with what has come unread. */
    private void leave(long pauseMillis) throws IOException {
        SocketChannel was = socket;
        if (was == null) {
            return;
        }
        if (all.random(2) == 0 && was.isOpen()) { // it is not where nobody has listened
            was.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        was.close();
        socket = null;
        if (!connected) {
            all.connecting(-1);
        }
        node = all.anyNode();
        comesAt = all.now() + pauseMillis * MILLI;
    }

    /** Its node is dead: the connection is reset, or none is accepted. */
    private void leftAlone() throws IOException {
        if (connected && bereaved == 0) {
            bereaved = all.now();
        }
        leave(all.random(500));
    }

    // ---- what it is given

    /** A line of a stream of events. What is cut off before the blank line has not been seen. */
    private void take(String text) throws IOException {
        if (text.startsWith("id: ")) {
            id = text.substring(4);
        } else if (text.startsWith("event: ")) {
            event = text.substring(7);
        } else if (text.startsWith("data: ")) {
            data = text.substring(6);
        } else if (text.isEmpty()) {
            cursor = id;
            if (event.equals("gap")) {
                gap(Json.object(data));
            } else if (isFarewell()) {
                leave(all.random(500));
            } else if (!event.isEmpty()) {
                fault("was told " + event + " " + data);
            } else if (!data.isEmpty()) {
                message(Json.object(data));
            }
            event = "";
            data = "";
        }
    }

    /** Its node is stopped in order. */
    private boolean isFarewell() throws IOException {
        return event.equals("close") && "shutdown".equals(Json.object(data).get("reason"));
    }

    /** The whole body of an answer; whether it was one that leads on. */
    private boolean answered(String body) throws IOException {
        if (answer.status() != 200) {
            if (answer.status() != 503) {
                fault("was answered with " + answer.status() + " " + body);
            }
            all.refused();
            return false;
        }
        Map<String, Object> object = Json.object(body);
        if (wire == Wire.NUMBER) {
            return numbered(object, body);
        }
        objects(object.get("gaps")).forEach(this::gap);
        objects(object.get("messages")).forEach(this::message);
        cursor = (String) object.get("cursor");
        return true;
    }

    private boolean numbered(Map<String, Object> object, String body) {
        long code = number(object, "return_code");
        if (code != 1) {
            if (code != -5 && code != -2) { // no connection to Redis, or a Redis without channels
                fault("was answered with " + body);
            }
            all.refused();
            return false;
        }
        long upTo = number(object, "last_id");
        @SuppressWarnings("unchecked")
        Map<String, Object> messages = (Map<String, Object>) object.get("messages");
        for (Track track : tracks) {
            for (Map<String, Object> message : objects(messages.getOrDefault(track.channel(), List.of()))) {
                long messageId = number(message, "id");
                if (messageId <= since || messageId > upTo) {
                    fault("asked since " + since + ", and was answered with " + body);
                }
                track.message(messageId);
                seen(track, messageId, 0, (String) message.get("content"));
            }
        }
        since = upTo;
        return true;
    }

    private void message(Map<String, Object> message) {
        Track track = track(message);
        long messageId = number(message, "id");
        long seq = number(message, "seq");
        complain(track, track.message(messageId, seq));
        if (messageId <= lastId) {
            fault("was given " + messageId + " of " + track.channel() + " after " + lastId);
        }
        lastId = messageId;
        seen(track, messageId, seq, (String) message.get("data"));
    }

    private void seen(Track track, long messageId, long seq, String text) {
        int space = text.indexOf(' ');
        all.ledger().note(track.channel(), messageId, seq, text.substring(0, space));
        long now = System.nanoTime();
        all.seen(now - Long.parseLong(text.substring(space + 1)));
        if (bereaved != 0) {
            all.comforted(now - bereaved);
            bereaved = 0;
        }
    }

    private void gap(Map<String, Object> gap) {
        Track track = track(gap);
        if ("reset".equals(gap.get("reason"))) {
            track.reset(number(gap, "to"));
            all.reset();
        } else {
            complain(track, track.gap(number(gap, "from"), number(gap, "to")));
            all.gap(track.channel());
        }
    }

    private Track track(Map<String, Object> event) {
        return tracks.stream()
                .filter(track -> track.channel().equals(event.get("channel")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(name + " did not ask for " + event));
    }

    private void complain(Track track, Optional<String> wrong) {
        wrong.ifPresent(what -> fault(track.channel() + ": " + what));
    }

    private void fault(String what) {
        all.ledger().fault("subscriber " + name + " at node " + node + ": " + what);
    }

    private static long number(Map<String, Object> of, String field) {
        return ((Number) of.get(field)).longValue();
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Object list) {
        return new ArrayList<>((List<Map<String, Object>>) list);
    }
}
