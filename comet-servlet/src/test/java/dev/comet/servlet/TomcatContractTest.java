package dev.comet.servlet;

import java.io.IOException;

/** The contract on Tomcat, over HTTP/1.1. */
final class TomcatContractTest extends ContractTest {
    @Override
    Container container() {
        return new TomcatContainer();
    }

    @Override
    Client connect(int port, int receiveBuffer) throws IOException {
        return new Http1Client(port, receiveBuffer);
    }
}
