package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.Comet;
import dev.comet.servlet.Client.Exchange;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The contract on Jetty, over HTTP/2 without TLS, and what only HTTP/2 has: several streams on one connection. */
final class JettyHttp2ContractTest extends ContractTest {
    @Override
    Container container() {
        return new JettyContainer();
    }

    @Override
    Client connect(int port, int receiveBuffer) throws IOException {
        return new Http2Client(port, receiveBuffer);
    }

    @Test
    void streamWithAClosedWindow_doesNotStopTheOthersOfItsConnection() throws Exception {
        Comet comet = started();
        Client client = another();
        Exchange stuck = client.get("/comet/events?channel=ballast");
        Exchange good = client.get("/comet/events?channel=a");
        assertThat(stuck.event().id()).isNotEmpty();
        assertThat(good.event().id()).isNotEmpty();
        comet.publish("ballast", "x".repeat(200_000)); // three times the stream's window, a fifth of the connection's
        for (int i = 0; i < 200; i++) {
            comet.publish("a", i + " " + "y".repeat(1000));
            assertThat(good.event().data()).startsWith(i + " ");
        }
        await("the one that is not read is ended", () -> comet.stats().closes().getOrDefault("stalled", 0L) == 1);
        comet.publish("a", "end");
        assertThat(good.event().data()).isEqualTo("end");
        stuck.drain();
    }
}
