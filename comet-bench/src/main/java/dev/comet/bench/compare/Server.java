package dev.comet.bench.compare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * A server that can be started.
 *
 * @param name as in the tables
 * @param command what starts it on a port
 * @param java whether it is a JVM, which can be asked to collect its garbage
 * @param kinds which work it can do
 * @param wires how it is spoken to
 */
record Server(String name, IntFunction<List<String>> command, boolean java, List<Work.Kind> kinds, Wires wires) {

    /**
     * How it is spoken to.
     *
     * @param streamPath what a stream is asked for by
     * @param publishPath what a message is posted to
     * @param stalledPath what those who do not read ask for
     * @param fillPath what is posted to for them alone
     */
    record Wires(String streamPath, Wire poll, String publishPath, String stalledPath, String fillPath) {
        Wires(String streamPath, Wire poll, String publishPath) {
            this(streamPath, poll, publishPath, streamPath, publishPath);
        }

        Wire stream() {
            return Wire.stream(streamPath);
        }

        Wire stalled() {
            return Wire.stream(stalledPath);
        }

        Wire.Template publish() {
            return Wire.Template.post(publishPath);
        }

        Wire.Template fill() {
            return Wire.Template.post(fillPath);
        }
    }

    /** Starts it and waits until it takes connections. */
    Running start(Path log) throws IOException, InterruptedException {
        int port;
        try (ServerSocket any = new ServerSocket(0)) {
            port = any.getLocalPort();
        }
        Process process = new ProcessBuilder(command.apply(port))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        for (int i = 0; i < 600; i++) {
            if (!process.isAlive()) {
                throw new IOException(name + " ended with " + process.exitValue() + "; see " + log);
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return new Running(this, process, port);
            } catch (IOException e) {
                Thread.sleep(100); // not yet
            }
        }
        process.destroyForcibly();
        throw new IOException(name + " does not listen on " + port + "; see " + log);
    }

    /** One that runs. */
    record Running(Server server, Process process, int port) implements AutoCloseable {
        long pid() {
            return process.pid();
        }

        Wires wires() {
            return server.wires;
        }

        /** Has it collect its garbage. */
        void collect() throws IOException, InterruptedException {
            if (!server.java) {
                return;
            }
            String jcmd = Path.of(server.command.apply(port).get(0))
                    .resolveSibling("jcmd")
                    .toString();
            for (int i = 0; i < 2; i++) { // what a first one finalises a second one frees
                Process gc = new ProcessBuilder(jcmd, Long.toString(pid()), "GC.run")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                if (gc.waitFor() != 0) {
                    throw new IOException("jcmd ended with " + gc.exitValue());
                }
            }
        }

        @Override
        public void close() {
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
