/**
 * The comparison with other servers, over sockets: {@link dev.comet.bench.compare.Compare} starts each in a process of its own,
 * {@link dev.comet.bench.compare.Load} drives it. docs/benchmarks.md has the commands and what came of them.
 */
@NullMarked
package dev.comet.bench.compare;

import org.jspecify.annotations.NullMarked;
