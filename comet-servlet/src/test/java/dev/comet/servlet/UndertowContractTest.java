package dev.comet.servlet;

import java.io.IOException;

/** The contract on Undertow, over HTTP/1.1. */
final class UndertowContractTest extends ContractTest {
    @Override
    Container container() {
        return new UndertowContainer();
    }

    @Override
    Client connect(int port, int receiveBuffer) throws IOException {
        return new Http1Client(port, receiveBuffer);
    }
}
