package dev.comet.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Redis, and what the scripts do there, in Java. Pages are small, so that there are some. <i>Owned by one run.</i>
 */
final class ModelRedis {
    private static final int ARGUMENTS = 5; // that all scripts have
    private static final int MOST_POPPED = 2;

    /** A script is refused. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(String text) {
            super(text);
        }
    }

    /** A connection, as it is seen from here. */
    interface Peer {
        boolean isSubscribed(String key);

        void announce(String key, byte[] text);
    }

    /** Who keeps books. */
    interface Witness {
        void stored(String channel, int epoch, long seq, long id, byte[] entry);

        void over(String channel, int epoch, boolean inOrder);
    }

    /** A message. */
    record Held(long seq, long id, long time, long bytes, ByteBuffer text) {}

    /** A channel's life. */
    static final class Stored {
        String options = "";
        int epoch;
        long seq;
        long bytes;
        long time;
        long gone;
        long born;
        long cleared;
        long expires = Long.MAX_VALUE;

        /** One of its two keys was thrown away. */
        boolean torn;

        @Nullable
        String secret;

        List<Held> held = new ArrayList<>();

        private Stored copy() {
            Stored s = new Stored();
            s.options = options;
            s.epoch = epoch;
            s.seq = seq;
            s.bytes = bytes;
            s.time = time;
            s.gone = gone;
            s.born = born;
            s.cleared = cleared;
            s.expires = expires;
            s.torn = torn;
            s.secret = secret;
            s.held = new ArrayList<>(held);
            return s;
        }

        @Override
        public String toString() {
            return epoch + "." + (seq + 1) + " holding " + held.size();
        }

        private long option(int n) {
            return Long.parseLong(options.split(" ", -1)[n]);
        }
    }

    private record Note(String text, long expires) {}

    /** What it holds. */
    private static final class Data {
        String replid = "";
        long born;
        long id;
        final Map<String, Stored> channels = new LinkedHashMap<>();
        final Map<String, Long> all = new LinkedHashMap<>();
        final Map<String, Map<String, Set<String>>> rosters = new LinkedHashMap<>();
        final Map<String, Set<String>> nodes = new LinkedHashMap<>();
        final Map<String, Long> leases = new LinkedHashMap<>();
        final Map<String, byte[]> figures = new LinkedHashMap<>();
        final Map<String, Long> links = new LinkedHashMap<>();
        final Map<String, Note> notes = new LinkedHashMap<>();

        Data copy() {
            Data d = new Data();
            d.replid = replid;
            d.born = born;
            d.id = id;
            channels.forEach((name, stored) -> d.channels.put(name, stored.copy()));
            d.all.putAll(all);
            rosters.forEach((name, roster) -> {
                Map<String, Set<String>> copy = new LinkedHashMap<>();
                roster.forEach((member, on) -> copy.put(member, new LinkedHashSet<>(on)));
                d.rosters.put(name, copy);
            });
            nodes.forEach((node, there) -> d.nodes.put(node, new LinkedHashSet<>(there)));
            d.leases.putAll(leases);
            d.links.putAll(links);
            d.figures.putAll(figures);
            d.notes.putAll(notes);
            return d;
        }
    }

    private final Witness witness;
    private final String replid;
    private final int page;
    private final Data data;

    /** Whether who publishes is announced to before his answer. */
    final boolean announcesFirst;

    final List<Peer> peers = new ArrayList<>();

    /** Takes no more that needs memory. */
    boolean full;

    /** Has become a replica. */
    boolean readOnly;

    // Of the script that runs.
    private boolean wrote;
    private long now;
    private boolean trusted;
    private String name = "";
    private String hubKey = "";
    private List<byte[]> arguments = List.of();
    private @Nullable Peer caller;
    private final List<Runnable> afterwards = new ArrayList<>();

    private ModelRedis(Witness witness, String replid, int page, boolean announcesFirst, Data data) {
        this.witness = witness;
        this.replid = replid;
        this.page = page;
        this.announcesFirst = announcesFirst;
        this.data = data;
    }

    /** An empty one. */
    static ModelRedis empty(Witness witness, String replid, int page, boolean announcesFirst) {
        return new ModelRedis(witness, replid, page, announcesFirst, new Data());
    }

    /** One that has the same now, and goes on by itself. */
    ModelRedis copy(String otherReplid) {
        return new ModelRedis(witness, otherReplid, page, announcesFirst, data.copy());
    }

    // ---- for the world

    /** The life that a channel has; null when it has none that goes on. */
    @Nullable
    Stored present(String channel, long millis, boolean trust) {
        Stored s = data.channels.get(channel);
        boolean there = s != null
                && s.expires > millis
                && !s.torn
                && s.born == data.born
                && (trust || data.replid.equals(replid));
        return there ? s : null;
    }

    /** Throws away a channel, or only its messages: as one does that may evict what it likes. */
    void throwAway(String channel, boolean messagesOnly) {
        Stored s = data.channels.get(channel);
        if (s == null) {
            return;
        }
        if (messagesOnly) {
            s.torn |= !s.held.isEmpty();
            s.held.clear();
        } else {
            data.channels.remove(channel);
            witness.over(channel, s.epoch, true);
        }
    }

    /** Whether somebody has made it his hub's. */
    boolean isUsed() {
        return data.born != 0 && data.replid.equals(replid);
    }

    Set<String> channels() {
        return data.channels.keySet();
    }

    // ---- scripts

    /** Runs one. Who is announced to is told in turn: the caller after {@code answered}, unless it is told first. */
    void run(
            Peer by,
            long millis,
            Script script,
            List<String> keys,
            List<byte[]> all,
            Consumer<List<Object>> answered,
            Consumer<Refused> refused) {
        caller = by;
        now = millis;
        wrote = false;
        hubKey = keys.get(0);
        name = keys.get(1).substring(hubKey.length() + 1);
        arguments = all;
        trusted = text(1).equals("1");
        try {
            List<Object> answer = run(script);
            answered.accept(answer);
        } catch (Refused e) {
            refused.accept(e);
        }
        afterwards.forEach(Runnable::run);
        afterwards.clear();
    }

    private List<Object> run(Script script) {
        if (readOnly) {
            throw new Refused("READONLY");
        }
        hub();
        return switch (script) {
            case APPEND -> append();
            case OPEN -> open();
            case REMOVE -> remove();
            case CLEAR -> clear();
            case CHANNELS -> channelNames();
            case SECRET -> secret();
            case NOTE -> note();
            case MEMBER -> member();
            case MEMBERS ->
                new ArrayList<>(roster(name).keySet().stream().map(Wire::bytes).toList());
            case PRESENT -> present();
            case LEASE -> lease();
        };
    }

    private String text(int n) {
        return new String(arguments.get(n), StandardCharsets.UTF_8);
    }

    private long number(int n) {
        return Long.parseLong(text(n));
    }

    /** A write that Redis refuses where it has no memory, unless the script has written before. */
    private void needsMemory() {
        if (full && !wrote) {
            throw new Refused("OOM");
        }
        wrote = true;
    }

    private void needsNone() {
        wrote = true;
    }

    private void hub() {
        if (data.born == 0 || (!data.replid.equals(replid) && !trusted)) {
            needsMemory();
            data.born = Math.max(now * 100, data.id + 1);
            data.id = data.born;
            data.replid = replid;
        }
    }

    private void announce(String channel, String head, byte[] rest) {
        byte[] start = head.getBytes(StandardCharsets.UTF_8);
        byte[] whole = Arrays.copyOf(start, start.length + rest.length);
        System.arraycopy(rest, 0, whole, start.length, rest.length);
        String key = hubKey + text(4) + "c" + channel;
        for (Peer peer : List.copyOf(peers)) {
            if (peer.isSubscribed(key)) {
                if (peer == caller && !announcesFirst) {
                    afterwards.add(() -> peer.announce(key, whole));
                } else {
                    peer.announce(key, whole);
                }
            }
        }
    }

    private @Nullable Stored stored() {
        Stored s = data.channels.get(name);
        if (s != null && s.expires <= now) {
            data.channels.remove(name);
            witness.over(name, s.epoch, true);
            return null;
        }
        return s;
    }

    private @Nullable Stored load(boolean create) {
        Stored c = stored();
        if (c == null) {
            if (!create) {
                return null;
            }
            if (data.all.values().stream().filter(goes -> goes >= now).count() >= number(3)) {
                throw new Refused("TOOMANY");
            }
        }
        if (c != null && c.born == data.born && !c.torn) {
            return c;
        }
        Stored fresh = new Stored();
        fresh.epoch = (int) number(0);
        fresh.gone = c == null ? data.born : data.id;
        fresh.born = data.born;
        fresh.options = c == null ? text(2) : c.options;
        needsMemory();
        if (c != null) {
            witness.over(name, c.epoch, false);
        }
        data.channels.put(name, fresh);
        data.all.values().removeIf(goes -> goes < now);
        return fresh;
    }

    private void evict(Stored c) {
        while (!c.held.isEmpty()) {
            Held first = c.held.get(0);
            if (c.held.size() <= c.option(0)
                    && (c.held.size() == 1 || c.bytes <= c.option(1))
                    && first.time() >= now - c.option(2)) {
                return;
            }
            needsNone();
            c.held.remove(0);
            c.bytes -= first.bytes();
            c.gone = first.id();
        }
    }

    private void keep(Stored c) {
        needsNone();
        long idle = c.option(3);
        c.expires = idle > 0 ? now + idle * 2 : Long.MAX_VALUE;
        data.all.put(name, c.expires);
    }

    private List<Object> append() {
        Stored c = load(text(ARGUMENTS).equals("1"));
        if (c == null) {
            return List.of();
        }
        needsMemory();
        c.seq++;
        c.time = Math.max(c.time, now);
        long bytes = number(ARGUMENTS + 1);
        c.bytes += bytes;
        long id = ++data.id;
        byte[] body = arguments.get(ARGUMENTS + 2);
        byte[] head = (c.seq + " " + id + " " + c.time + " " + bytes + " ").getBytes(StandardCharsets.UTF_8);
        byte[] entry = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, entry, head.length, body.length);
        c.held.add(new Held(c.seq, id, c.time, bytes, ByteBuffer.wrap(entry)));
        witness.stored(name, c.epoch, c.seq, id, entry);
        evict(c);
        keep(c);
        announce(name, "m " + c.epoch + " ", entry);
        return List.of((long) c.epoch, c.seq, id, c.time);
    }

    private List<Object> open() {
        boolean exists = stored() != null;
        String how = text(ARGUMENTS);
        if ((how.equals("FIND") && !exists) || (how.equals("CREATE") && exists)) {
            return List.of();
        }
        Stored c = load(true);
        if (c == null) {
            throw new IllegalStateException("was to be created");
        }
        evict(c);
        keep(c);
        long first = c.seq - c.held.size() + 1;
        int from = 0;
        if (c.epoch == number(ARGUMENTS + 1)) {
            from = (int) Math.min(c.held.size(), Math.max(0, number(ARGUMENTS + 2) - first));
        }
        List<Object> answer = new ArrayList<>(
                List.of((long) c.epoch, Wire.bytes(c.options), c.seq + 1, c.gone, data.id, c.cleared, first + from));
        for (int room = page; room > 0 && from < c.held.size(); from++) {
            byte[] entry = c.held.get(from).text().array();
            answer.add(entry);
            room -= entry.length;
        }
        return answer;
    }

    private List<Object> remove() {
        Stored c = stored();
        if (c == null || c.epoch != number(ARGUMENTS)) {
            return List.of();
        }
        needsNone();
        data.channels.remove(name);
        Map<String, Set<String>> roster = data.rosters.remove(name);
        if (roster != null) {
            roster.forEach((member, on) ->
                    on.forEach(node -> data.nodes.getOrDefault(node, Set.of()).remove(name + "/" + member)));
        }
        data.all.remove(name);
        long id = ++data.id;
        witness.over(name, c.epoch, true);
        announce(name, "r " + c.epoch + " 0 " + id + " ", new byte[0]);
        return List.of(0L, id);
    }

    private List<Object> clear() {
        Stored c = stored();
        if (c == null || c.epoch != number(ARGUMENTS)) {
            return List.of();
        }
        needsNone();
        long id = ++data.id;
        c.held.clear();
        c.bytes = 0;
        c.gone = id;
        c.cleared = c.seq + 1;
        announce(name, "c " + c.epoch + " " + c.cleared + " " + id + " ", new byte[0]);
        return List.of(c.cleared, id);
    }

    private List<Object> channelNames() {
        List<Object> answer = new ArrayList<>(List.of(Wire.bytes("0")));
        data.all.forEach((channel, goes) -> {
            if (goes >= now) {
                answer.add(Wire.bytes(channel));
            }
        });
        return answer;
    }

    private List<Object> secret() {
        Stored c = stored();
        if (c == null || c.epoch != number(ARGUMENTS)) {
            return List.of();
        }
        needsMemory();
        String known = c.secret == null ? text(ARGUMENTS + 1) : c.secret;
        c.secret = known;
        return List.of(Wire.bytes(known));
    }

    private List<Object> note() {
        String key = text(ARGUMENTS + 1);
        long expires = now + number(ARGUMENTS + 2);
        String text = text(ARGUMENTS + 3);
        data.notes.values().removeIf(note -> note.expires() <= now);
        Note note = data.notes.get(key);
        switch (text(ARGUMENTS)) {
            case "leave" -> {
                needsMemory();
                return note == null && data.notes.put(key, new Note(text, expires)) == null ? List.of(1L) : List.of();
            }
            case "change" -> {
                needsMemory();
                return note != null && data.notes.put(key, new Note(text, expires)) != null ? List.of(1L) : List.of();
            }
            case "find" -> {
                if (note == null) {
                    return List.of();
                }
                data.notes.put(key, new Note(note.text(), expires));
                return List.of(Wire.bytes(note.text()));
            }
            default -> {
                return data.notes.remove(key) == null ? List.of() : List.of(1L);
            }
        }
    }

    // ---- members

    private Map<String, Set<String>> roster(String channel) {
        return data.rosters.getOrDefault(channel, Map.of());
    }

    private void tell(String what, String channel, String member) {
        announce(channel, what + " 0 0 " + data.id + " " + member, new byte[0]);
    }

    private void leave(String channel, String member, String node) {
        needsNone();
        data.nodes.getOrDefault(node, new LinkedHashSet<>()).remove(channel + "/" + member);
        Set<String> on = roster(channel).get(member);
        if (on != null && on.remove(node) && on.isEmpty()) {
            roster(channel).remove(member);
            tell("l", channel, member);
        }
    }

    /** In pages of two; a cursor is how many came before. */
    private List<Object> present() {
        List<String> all = List.copyOf(data.nodes.getOrDefault(text(ARGUMENTS), Set.of()));
        int from = Math.min((int) number(ARGUMENTS + 1), all.size());
        int to = Math.min(from + 2, all.size());
        List<Object> answer = new ArrayList<>();
        answer.add(Wire.bytes(to == all.size() ? "0" : Integer.toString(to)));
        all.subList(from, to).forEach(one -> answer.add(Wire.bytes(one)));
        return answer;
    }

    private List<Object> member() {
        String node = text(ARGUMENTS);
        String member = text(ARGUMENTS + 1);
        refuseLate(node, number(ARGUMENTS + 5));
        if (text(ARGUMENTS + 2).equals("0")) {
            leave(name, member, node);
            return List.of();
        }
        Map<String, Set<String>> roster = roster(name);
        boolean isNew = !roster.containsKey(member);
        if (isNew && roster.size() >= number(ARGUMENTS + 3)) {
            return List.of(1L);
        }
        needsMemory();
        data.leases.putIfAbsent(node, 0L);
        data.nodes.computeIfAbsent(node, n -> new LinkedHashSet<>()).add(name + "/" + member);
        data.rosters
                .computeIfAbsent(name, c -> new LinkedHashMap<>())
                .computeIfAbsent(member, m -> new LinkedHashSet<>())
                .add(node);
        if (isNew) {
            tell("j", name, member);
        }
        if (text(ARGUMENTS + 4).equals("1")) {
            tell("s", name, member);
        }
        return List.of();
    }

    private void refuseLate(String node, long link) {
        if (data.links.getOrDefault(node, 0L) > link) {
            throw new Refused("OVER");
        }
    }

    private List<Object> lease() {
        String node = text(ARGUMENTS);
        long link = number(ARGUMENTS + 3);
        refuseLate(node, link);
        needsNone();
        Long until = data.leases.put(node, now + number(ARGUMENTS + 1));
        boolean known = until != null && until >= now && data.links.getOrDefault(node, 0L) == link;
        data.links.put(node, link);
        data.figures.put(node, arguments.get(ARGUMENTS + 2));
        String dead = data.leases.entrySet().stream()
                .filter(lease -> lease.getValue() < now)
                .min(Map.Entry.<String, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .orElse("");
        if (!dead.isEmpty()) {
            List<String> there = data.nodes.getOrDefault(dead, Set.of()).stream()
                    .limit(MOST_POPPED)
                    .toList();
            for (String one : there) {
                int slash = one.indexOf('/');
                leave(one.substring(0, slash), one.substring(slash + 1), dead);
            }
            if (there.size() < MOST_POPPED) {
                data.leases.remove(dead);
                data.figures.remove(dead);
                data.links.remove(dead);
            }
        }
        List<Object> answer = new ArrayList<>(List.of(known ? 1L : 0L, dead.isEmpty() ? 0L : 1L));
        data.figures.forEach((each, figures) -> {
            answer.add(Wire.bytes(each));
            answer.add(figures);
        });
        return answer;
    }
}
