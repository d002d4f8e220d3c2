/** Several hubs that share their channels by Redis: docs/cluster.md. */
@NullMarked
package dev.comet.redis;

import org.jspecify.annotations.NullMarked;
