package dev.comet.servlet;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How bytes are written to one class of output stream: as an array, or to Jetty's as a ByteBuffer. That it hands on to the
 * socket; of an array that is small it makes a copy, in a direct buffer of 32 KiB that the response keeps for as long as it is held.
 * (Undertow's stream has such a method, too, but what is large is lost there once the socket is full.)
 *
 * <p><i>Immutable.</i>
 */
final class Outlet {
    private static final Pattern JETTY = Pattern.compile("org\\.eclipse\\.jetty\\.ee\\d+\\.servlet\\.HttpOutput");

    /**
     * What is kept here a class keeps for as long as it is loaded, and the container's outlive the application: so it may be of no
     * class of ours. An Outlet there would keep the class loader of every application that was undeployed.
     */
    private static final ClassValue<Optional<MethodHandle>> WRITE = new ClassValue<>() {
        @Override
        protected Optional<MethodHandle> computeValue(Class<?> type) {
            return Optional.ofNullable(JETTY.matcher(type.getName()).matches() ? write(type) : null);
        }
    };

    private final @Nullable MethodHandle write;

    private Outlet(@Nullable MethodHandle write) {
        this.write = write;
    }

    static Outlet of(ServletOutputStream out) {
        return new Outlet(WRITE.get(out.getClass()).orElse(null));
    }

    private static @Nullable MethodHandle write(Class<?> type) {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(type, "write", MethodType.methodType(void.class, ByteBuffer.class))
                    .asType(MethodType.methodType(void.class, ServletOutputStream.class, ByteBuffer.class));
        } catch (NoSuchMethodException | IllegalAccessException e) { // there is none, or it is not for us
            return null;
        }
    }

    /** Whether what was written may wait for a flush. One that is not needed costs Jetty a tenth of the whole delivery. */
    boolean buffers() {
        return write == null;
    }

    /** Writes the first bytes of an array, which the container may keep until it is ready again. */
    void write(ServletOutputStream to, byte[] bytes, int length) throws IOException {
        if (write == null) {
            to.write(bytes, 0, length);
            return;
        }
        try {
            write.invokeExact(to, ByteBuffer.wrap(bytes, 0, length));
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException(e); // not possible: it declares IOException only
        }
    }
}
