/** A log that hubs share by Redis. */
@SuppressWarnings("requires-automatic") // neither Lettuce nor what it needs has descriptors for all
module dev.comet.redis {
    requires static org.jspecify;
    requires transitive dev.comet.core;
    requires lettuce.core;
    requires io.netty.transport;
    requires io.netty.common;

    exports dev.comet.redis;
}
