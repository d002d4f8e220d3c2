package dev.comet.servlet.dialect.ccomet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Values;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A hub and its CComet endpoint, and what a browser makes of the scripts that it gets. */
final class CComet implements AutoCloseable {
    final Talk talk;

    CComet(String... settings) {
        this(Comet.builder(), question -> Authorizer.Decision.UNKNOWN, settings);
    }

    CComet(Comet.Builder hub, Authorizer authorizer, String... settings) {
        Map<String, String> given = new HashMap<>();
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            given.put(parts[0], parts[1]);
        }
        Values values = new Values("ccomet", given);
        CCometSettings read = CCometSettings.read(values);
        values.requireNoOthers();
        Access access = new Access(CCometDialect.RULES, authorizer, Set.of(), Set.of());
        talk = new Talk(hub, comet -> new CCometDialect(comet, read, access));
    }

    @Override
    public void close() {
        talk.close();
    }

    Comet comet() {
        return talk.comet();
    }

    Held get(String target) {
        return talk.ask(Ask.get(target));
    }

    Held sign(String channel, String name) {
        return get("/sign?channel=" + Talk.encoded(channel) + "&sname=" + Talk.encoded(name) + "&callback=cb");
    }

    Held publish(String channel, String name, String text) {
        return get("/publish?channel=" + Talk.encoded(channel) + "&sname=" + Talk.encoded(name) + "&msg="
                + Talk.encoded(text) + "&callback=cb");
    }

    Held subscribe(String channel, String name, long seqid) {
        return get("/subscribe?channel=" + Talk.encoded(channel) + "&sname=" + Talk.encoded(name) + "&seqid=" + seqid
                + "&callback=cb");
    }

    /** What the function {@code cb} was called with, and parsed. */
    static List<Map<String, Object>> items(Held held) {
        assertThat(held.status()).isEqualTo(200);
        assertThat(held.header("Content-Type")).containsExactly("text/javascript; charset=utf-8");
        return items("cb", held.text());
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> items(String callback, String script) {
        assertThat(script).startsWith(callback + "(").endsWith(")");
        return (List<Map<String, Object>>)
                Talk.json(literal(script.substring(callback.length() + 1, script.length() - 1)));
    }

    static Map<String, Object> message(String text, String name, long seqid, String channel) {
        return Map.of("type", "MSG", "msg", text, "sname", name, "seqid", Long.toString(seqid), "channel", channel);
    }

    static Map<String, Object> sign(String name, long seqid, String channel) {
        return Map.of("type", "SIGN", "msg", "SIGN", "sname", name, "seqid", Long.toString(seqid), "channel", channel);
    }

    static List<Map<String, Object>> wrong(String reason) {
        return List.of(Map.of("type", "400", "reason", reason));
    }

    /**
     * The value of a JavaScript string literal in single quotes, and nothing after it: as an engine of any age reads it, inside of
     * a script element too.
     */
    static String literal(String source) {
        if (source.length() < 2 || source.charAt(0) != '\'') {
            throw new AssertionError("no string in single quotes: " + source);
        }
        StringBuilder value = new StringBuilder();
        for (int i = 1; i < source.length(); i++) {
            char c = source.charAt(i);
            if (c == '\'') {
                if (i != source.length() - 1) {
                    throw new AssertionError("something after the string, at " + i + ": " + source);
                }
                return value.toString();
            }
            if (c < ' ' || c == 0x2028 || c == 0x2029 || c == '<') {
                throw new AssertionError("raw U+" + Integer.toHexString(c) + " at " + i + ": " + source);
            }
            if (c != '\\') {
                value.append(c);
                continue;
            }
            char escape = source.charAt(++i);
            if (escape == 'u') {
                value.append((char) Integer.parseInt(source.substring(i + 1, i + 5), 16));
                i += 4;
            } else if (escape == '\\' || escape == '\'') {
                value.append(escape);
            } else {
                throw new AssertionError("an escape that nobody needs, \\" + escape + ": " + source);
            }
        }
        throw new AssertionError("the string does not end: " + source);
    }
}
