/** Spring's SseEmitter, as its guides have it. */
@NullMarked
package dev.comet.bench.spring;

import org.jspecify.annotations.NullMarked;
