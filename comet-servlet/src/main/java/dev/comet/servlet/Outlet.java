package dev.comet.servlet;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
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
    /** One for each class of output stream, for as long as that class is loaded. */
    private static final ClassValue<Outlet> OF = new ClassValue<>() {
        @Override
        protected Outlet computeValue(Class<?> type) {
            return new Outlet(type);
        }
    };

    private static final Pattern JETTY = Pattern.compile("org\\.eclipse\\.jetty\\.ee\\d+\\.servlet\\.HttpOutput");

    private final @Nullable MethodHandle write;

    private Outlet(Class<?> type) {
        this.write = JETTY.matcher(type.getName()).matches() ? write(type) : null;
    }

    static Outlet of(ServletOutputStream out) {
        return OF.get(out.getClass());
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
