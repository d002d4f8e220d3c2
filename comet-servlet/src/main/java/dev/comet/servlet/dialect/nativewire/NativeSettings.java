package dev.comet.servlet.dialect.nativewire;

import java.time.Duration;
import java.util.Set;

/**
 * The settings of the native endpoint: docs/native.md, "Settings". <i>Immutable.</i>
 *
 * @param heartbeat how long a stream is silent before a heartbeat
 * @param pollWait how long a poll is held that does not say how long
 * @param maxAge how long a stream lives at most
 * @param retry how long clients are told to wait before they come back
 * @param corsOrigins origins that may read the answers, in lower case; {@code *} for all
 */
public record NativeSettings(
        Duration heartbeat, Duration pollWait, Duration maxAge, Duration retry, Set<String> corsOrigins) {}
