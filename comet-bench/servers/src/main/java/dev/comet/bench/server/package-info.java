/**
 * Servers for the comparison: Comet, and what one would write by hand in its place, each on Jetty and on Tomcat. The servlets by
 * hand speak alike: {@code GET /sse?ch=N} is a stream; {@code GET /poll?ch=N&cur=K} answers with what came after K, or waits for
 * it; {@code POST /pub?ch=N} publishes its body.
 */
@NullMarked
package dev.comet.bench.server;

import org.jspecify.annotations.NullMarked;
