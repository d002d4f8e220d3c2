package dev.comet.example;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What the example's tests need of HTTP. */
final class Http {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Http() {}

    static HttpResponse<String> get(URI at) throws IOException, InterruptedException {
        return CLIENT.send(HttpRequest.newBuilder(at).timeout(LIMIT).build(), HttpResponse.BodyHandlers.ofString());
    }

    static HttpResponse<String> post(URI at, String body) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(at)
                        .timeout(LIMIT)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    static HttpResponse<String> form(URI at, String form) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(at)
                        .timeout(LIMIT)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A stream of events, open when this returns. Its lines block until they come. */
    static BufferedReader stream(URI at) throws IOException, InterruptedException {
        HttpResponse<java.io.InputStream> response = CLIENT.send(
                HttpRequest.newBuilder(at).header("Accept", "text/event-stream").build(),
                HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** Reads on to a line that begins like this. */
    static String lineAfter(BufferedReader lines, String beginning) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(beginning)) {
                return line;
            }
        }
        throw new IOException("the stream ended before a line that begins with " + beginning);
    }
}
