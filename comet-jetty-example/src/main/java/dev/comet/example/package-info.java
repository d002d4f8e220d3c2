/** The example: embedded Jetty with every endpoint. */
@NullMarked
package dev.comet.example;

import org.jspecify.annotations.NullMarked;
