package dev.comet.bench.compare;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How subscribers and publishers speak to a server. Requests are templates, in which stand {@code {ch}}, the number of the
 * channel; {@code {cursor}}, what stood behind the cursor's key when a response was read; {@code {1}} and {@code {2}}, the values
 * of captured headers. A line with a value that is still empty is left out. <i>Immutable.</i>
 *
 * @param endless whether a response is a stream; if not, the last request is sent again when its response has ended
 * @param requests what a subscriber sends, one after the other
 * @param cursorKey what stands before the cursor in a body; empty: there is none
 * @param firstCursor the cursor before there was one
 * @param captured the headers to capture
 */
record Wire(boolean endless, List<Template> requests, String cursorKey, String firstCursor, List<String> captured) {

    static Wire stream(String path) {
        Template request = Template.of("GET " + path, "", "Accept: text/event-stream");
        return new Wire(true, List.of(request), "", "", List.of());
    }

    static Wire poll(String path, String cursorKey, String firstCursor) {
        return new Wire(false, List.of(Template.get(path)), cursorKey, firstCursor, List.of());
    }

    /** Where the position is in headers, as nchan has it. */
    static Wire conditionalPoll(String path) {
        Template request = Template.of("GET " + path, "", "If-Modified-Since: {1}", "If-None-Match: {2}");
        return new Wire(false, List.of(request), "", "", List.of("Last-Modified", "Etag"));
    }

    static Wire bayeux(String path, String channel) {
        String client = "\"clientId\":\"{cursor}\"";
        String connect =
                "[{\"id\":\"3\",\"channel\":\"/meta/connect\"," + client + ",\"connectionType\":\"long-polling\"";
        return new Wire(
                false,
                List.of(
                        json(
                                path + "/handshake",
                                "[{\"id\":\"1\",\"channel\":\"/meta/handshake\",\"version\":\"1.0\","
                                        + "\"supportedConnectionTypes\":[\"long-polling\"]}]"),
                        json(
                                path + "/subscribe",
                                "[{\"id\":\"2\",\"channel\":\"/meta/subscribe\"," + client + ",\"subscription\":\""
                                        + channel + "\"}]"),
                        json(path + "/connect", connect + ",\"advice\":{\"timeout\":0}}]"),
                        json(path + "/connect", connect + "}]")),
                "\"clientId\":\"",
                "",
                List.of("Set-Cookie"));
    }

    private static Template json(String path, String body) {
        return Template.of("POST " + path, body, "Content-Type: application/json", "Cookie: {1}");
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** What a template's places are filled with. */
    interface Values {
        int channel();

        byte[] cursor();

        byte[] captured(int index);
    }

    /** A request. */
    record Template(List<List<Piece>> head, List<Piece> body, boolean hasBody) {
        private static final Pattern PLACE = Pattern.compile("\\{(ch|cursor|1|2)}");

        static Template get(String path) {
            return of("GET " + path, "");
        }

        /** The payload is in the cursor's place. */
        static Template post(String path) {
            return of("POST " + path, "{cursor}", "Content-Type: text/plain");
        }

        static Template of(String methodAndPath, String body, String... headers) {
            List<List<Piece>> head = new ArrayList<>();
            head.add(pieces(methodAndPath + " HTTP/1.1\r\n"));
            head.add(pieces("Host: 127.0.0.1\r\n"));
            for (String header : headers) {
                head.add(pieces(header + "\r\n"));
            }
            return new Template(head, pieces(body), methodAndPath.startsWith("POST"));
        }

        private static List<Piece> pieces(String text) {
            List<Piece> pieces = new ArrayList<>();
            Matcher places = PLACE.matcher(text);
            int at = 0;
            while (places.find()) {
                pieces.add(new Piece(Place.TEXT, ascii(text.substring(at, places.start()))));
                pieces.add(new Piece(Place.named(places.group(1)), new byte[0]));
                at = places.end();
            }
            pieces.add(new Piece(Place.TEXT, ascii(text.substring(at))));
            return pieces;
        }

        void write(ByteBuffer to, Values values) {
            for (int i = 0; i < head.size(); i++) {
                int begin = to.position();
                if (!write(to, head.get(i), values) && i > 0) {
                    to.position(begin);
                }
            }
            if (hasBody) {
                int begin = to.position();
                write(to, body, values);
                int length = to.position() - begin;
                to.position(begin);
                to.put(ascii("Content-Length: " + length + "\r\n\r\n"));
                write(to, body, values);
            } else {
                to.put((byte) '\r').put((byte) '\n');
            }
        }

        /** False when a value is empty. */
        private static boolean write(ByteBuffer to, List<Piece> pieces, Values values) {
            boolean full = true;
            for (int i = 0; i < pieces.size(); i++) {
                Piece piece = pieces.get(i);
                switch (piece.place) {
                    case TEXT -> to.put(piece.text);
                    case CHANNEL -> to.put(ascii(Integer.toString(values.channel())));
                    case CURSOR -> to.put(values.cursor());
                    case FIRST, SECOND -> {
                        byte[] value = values.captured(piece.place == Place.FIRST ? 0 : 1);
                        full &= value.length > 0;
                        to.put(value);
                    }
                }
            }
            return full;
        }
    }

    /** What a piece of a template is. */
    enum Place {
        TEXT,
        CHANNEL,
        CURSOR,
        FIRST,
        SECOND;

        private static Place named(String name) {
            return switch (name) {
                case "ch" -> CHANNEL;
                case "cursor" -> CURSOR;
                case "1" -> FIRST;
                default -> SECOND;
            };
        }
    }

    /** Text, or a place for a value. */
    static final class Piece {
        private final Place place;
        private final byte[] text;

        Piece(Place place, byte[] text) {
            this.place = place;
            this.text = text;
        }
    }
}
