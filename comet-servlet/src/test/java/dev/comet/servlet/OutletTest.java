package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a stream that is held costs in the container's buffers. */
@Timeout(60)
final class OutletTest {
    private static final int STREAMS = 20;

    /** 32 KiB each it was, from the first small write to the end. */
    @Test
    void streams_thatHaveGotAMessage_keepNoBufferOnJetty() throws Exception {
        JettyContainer jetty = new JettyContainer();
        List<Socket> streams = new ArrayList<>();
        try (Comet comet = Comet.builder().build()) {
            jetty.start(Map.of("/comet", new CometServlet(comet, CometConfig.defaults())), Map.of());
            List<BufferedReader> readers = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                Socket stream = new Socket(InetAddress.getLoopbackAddress(), jetty.port());
                streams.add(stream);
                stream.getOutputStream()
                        .write("GET /comet/events?channel=a HTTP/1.1\r\nHost: x\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                readers.add(new BufferedReader(new InputStreamReader(stream.getInputStream(), StandardCharsets.UTF_8)));
                readUpTo("retry: ", readers.get(i));
            }
            comet.publish("a", "hello");
            for (BufferedReader reader : readers) {
                readUpTo("data: hello", reader);
            }
            ContractTest.await("no buffer in use", () -> jetty.bufferBytes() < STREAMS * 1024);
        } finally {
            for (Socket stream : streams) {
                stream.close();
            }
            jetty.stop();
        }
    }

    private static void readUpTo(String begin, BufferedReader reader) throws IOException {
        String line = reader.readLine();
        while (line != null && !line.startsWith(begin)) {
            line = reader.readLine();
        }
        assertThat(line).startsWith(begin);
    }
}
