/** The engine of Comet: channels, subscribers, cursors. */
module dev.comet.core {
    requires static org.jspecify;
    // Only for Comet.Builder.jmx.
    requires static java.management;

    exports dev.comet;
    exports dev.comet.spi;
}
