package dev.comet.example.cluster;

import dev.comet.example.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Publishes to one node after another, and never the same twice: what was not acknowledged may be stored or not. <i>Owned by one
 * thread, but for the figures.</i>
 */
final class Publisher {
    private final String name;
    private final Ledger ledger;
    private final List<ExampleNode> nodes;
    private final LongAdder acknowledged;
    private final LongAdder failed;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private int node;
    private int number;
    private long last;

    /** One that begins with the node of this index, and goes on with the next when that one refuses. */
    Publisher(String name, int node, List<ExampleNode> nodes, Ledger ledger, LongAdder acknowledged, LongAdder failed) {
        this.name = name;
        this.node = node;
        this.nodes = nodes;
        this.ledger = ledger;
        this.acknowledged = acknowledged;
        this.failed = failed;
    }

    /** The id that it got; 0: it was not acknowledged. */
    long publish(String channel) throws InterruptedException {
        String text = name + "." + ++number;
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + nodes.get(node % nodes.size()).port() + "/comet/channels/" + channel))
                .timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString(text + " " + System.nanoTime()))
                .build();
        try {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 201) {
                acknowledged.increment();
                return acknowledged(channel, text, Json.object(answer.body()));
            }
            if (answer.statusCode() != 503) {
                ledger.fault(text + " was answered with " + answer.statusCode() + " " + answer.body());
            }
        } catch (IOException e) {
            // the node died, or is not there: that is what this is about
        }
        failed.increment();
        node++;
        return 0;
    }

    private long acknowledged(String channel, String text, Map<String, Object> place) {
        long id = ((Number) place.get("id")).longValue();
        ledger.note(channel, id, ((Number) place.get("seq")).longValue(), text);
        if (id <= last) {
            ledger.fault(text + " has id " + id + ", and what was acknowledged before it has " + last);
        }
        last = id;
        return id;
    }
}
