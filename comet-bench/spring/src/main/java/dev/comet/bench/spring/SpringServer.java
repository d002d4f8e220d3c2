package dev.comet.bench.spring;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** A Spring Boot application with its usual container. */
@SpringBootApplication
@RestController
public class SpringServer {
    private final Map<String, Set<SseEmitter>> channels = new ConcurrentHashMap<>();

    /** The port. */
    public static void main(String[] args) {
        SpringApplication.run(
                SpringServer.class,
                "--server.port=" + args[0],
                "--server.address=127.0.0.1",
                "--server.tomcat.max-connections=20000",
                "--server.tomcat.max-keep-alive-requests=-1",
                "--spring.main.banner-mode=off");
    }

    private Set<SseEmitter> channel(String name) {
        return channels.computeIfAbsent(name, n -> ConcurrentHashMap.newKeySet());
    }

    /** A stream. */
    @GetMapping("/sse")
    public SseEmitter stream(@RequestParam("ch") String ch) throws IOException {
        SseEmitter emitter = new SseEmitter(0L);
        Set<SseEmitter> all = channel(ch);
        emitter.onCompletion(() -> all.remove(emitter));
        emitter.onError(e -> all.remove(emitter));
        emitter.send(SseEmitter.event().comment("hello")); // or else the headers wait for the first message
        all.add(emitter);
        return emitter;
    }

    /** Publishes. */
    @SuppressWarnings("ModifyCollectionInEnhancedForLoop") // a concurrent set lets that be done
    @PostMapping("/pub")
    public void publish(@RequestParam("ch") String ch, @RequestBody String body) {
        Set<SseEmitter> all = channel(ch);
        for (SseEmitter emitter : all) {
            try {
                emitter.send(body);
            } catch (IOException | IllegalStateException e) {
                all.remove(emitter);
            }
        }
    }
}
