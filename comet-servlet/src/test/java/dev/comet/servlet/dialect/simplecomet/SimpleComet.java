package dev.comet.servlet.dialect.simplecomet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.dialect.Access;
import dev.comet.servlet.dialect.Ask;
import dev.comet.servlet.dialect.Talk;
import dev.comet.servlet.dialect.Talk.Held;
import dev.comet.servlet.dialect.Values;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A hub and its Simple-Comet endpoint, and what its users send: curl on this machine, browsers elsewhere. */
final class SimpleComet implements AutoCloseable {
    final Talk talk;

    SimpleComet(String... settings) {
        this(Comet.builder(), Set.of(), question -> Authorizer.Decision.UNKNOWN, settings);
    }

    SimpleComet(Comet.Builder hub, Set<String> cors, Authorizer authorizer, String... settings) {
        Map<String, String> given = new java.util.HashMap<>();
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            given.put(parts[0], parts.length == 1 ? "" : parts[1]);
        }
        Values values = new Values("simple-comet", given);
        SimpleCometSettings read = SimpleCometSettings.read(values);
        values.requireNoOthers();
        Access access = new Access(SimpleCometDialect.RULES, authorizer, Set.of(), cors);
        talk = new Talk(hub, comet -> new SimpleCometDialect(comet, read, access, cors));
    }

    @Override
    public void close() {
        talk.close();
    }

    Comet comet() {
        return talk.comet();
    }

    static Ask local(Ask ask) {
        return ask.from(Ask.LOCAL).with("Host", "localhost:4080");
    }

    Held post(String path, String form) {
        return talk.ask(local(Ask.form(path, form)));
    }

    /** A POST whose query chooses the callback. */
    Held post(String path, String query, String form) {
        return talk.ask(local(Ask.of("POST", path, query)
                .with("Content-Type", "application/x-www-form-urlencoded")
                .body(form)));
    }

    Held delete(String path) {
        return talk.ask(local(Ask.of("DELETE", path)));
    }

    Held get(String target) {
        return talk.ask(Ask.get(target));
    }

    void create(String... channels) {
        for (String channel : channels) {
            success(post("/channels.json", "channel_id=" + Talk.encoded(channel)));
        }
    }

    long publish(String channel, String content) {
        return (long) success(post("/channels/" + channel + ".json", "content=" + Talk.encoded(content)))
                .get("message_id");
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> json(Held held) {
        return (Map<String, Object>) Talk.json(held.text());
    }

    static Map<String, Object> success(Held held) {
        assertThat(held.status()).isEqualTo(200);
        assertThat(held.header("Content-Type")).containsExactly("application/json");
        Map<String, Object> json = json(held);
        assertThat(json).containsEntry("return_code", 1L).containsEntry("error_message", "");
        return json;
    }

    static void failure(Held held, int code, String message) {
        assertThat(held.status()).isEqualTo(200);
        assertThat(held.header("Content-Type")).containsExactly("application/json");
        assertThat(json(held)).isEqualTo(Map.of("return_code", (long) code, "error_message", message));
    }

    /** A refusal whose words are the hub's. */
    static String refusal(Held held, int code) {
        assertThat(held.status()).isEqualTo(200);
        Map<String, Object> json = json(held);
        assertThat(json.keySet()).containsExactly("return_code", "error_message");
        assertThat(json).containsEntry("return_code", (long) code);
        assertThat((String) json.get("error_message")).isNotBlank();
        return (String) json.get("error_message");
    }

    /** The contents by channel, in order, of an answer that has the page's fields and no other. */
    static Map<String, List<String>> contents(Map<String, Object> answer) {
        assertThat(answer.keySet())
                .containsExactlyInAnyOrder("since", "messages", "last_id", "return_code", "error_message");
        Map<String, List<String>> contents = new java.util.LinkedHashMap<>();
        messages(answer).forEach((channel, messages) -> {
            List<String> list = new ArrayList<>();
            long last = 0;
            for (Map<String, Object> message : messages) {
                assertThat(message.keySet()).containsExactlyInAnyOrder("content", "id", "ts");
                assertThat((long) message.get("id")).isGreaterThan(last);
                last = (long) message.get("id");
                list.add((String) message.get("content"));
            }
            assertThat((long) answer.get("last_id")).isGreaterThanOrEqualTo(last);
            contents.put(channel, list);
        });
        return contents;
    }

    static Map<String, List<String>> contents(Held held) {
        return contents(success(held));
    }

    @SuppressWarnings("unchecked")
    static Map<String, List<Map<String, Object>>> messages(Map<String, Object> answer) {
        return (Map<String, List<Map<String, Object>>>) answer.get("messages");
    }

    static long lastId(Held held) {
        return (long) success(held).get("last_id");
    }

    static Duration seconds(long n) {
        return Duration.ofSeconds(n);
    }
}
