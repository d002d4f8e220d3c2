/**
 * What a log must do that several hubs share, and what it is told by them. For those who write such a log; it may change in any
 * release.
 *
 * <pre>
 *   hub ── append ──────────────▶ log ── applied, gone, began, ended ──▶ {@link dev.comet.spi.Follower}, one per channel of a hub
 *    ╰──── follow, open, close ──▶  ╰─── reached ──▶ hub
 * </pre>
 */
@NullMarked
package dev.comet.spi;

import org.jspecify.annotations.NullMarked;
