package dev.comet.servlet;

import java.io.IOException;

/** The contract on Jetty, over HTTP/1.1. */
final class JettyContractTest extends ContractTest {
    @Override
    Container container() {
        return new JettyContainer();
    }

    @Override
    Client connect(int port, int receiveBuffer) throws IOException {
        return new Http1Client(port, receiveBuffer);
    }
}
