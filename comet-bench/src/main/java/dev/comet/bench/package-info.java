/** Benchmarks: docs/benchmarks.md has the commands and the figures. */
@NullMarked
package dev.comet.bench;

import org.jspecify.annotations.NullMarked;
