/** CometD on Jetty. */
@NullMarked
package dev.comet.bench.cometd;

import org.jspecify.annotations.NullMarked;
