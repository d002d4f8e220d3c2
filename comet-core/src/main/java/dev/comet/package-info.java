/** The engine of Comet: channels, subscribers, cursors. Begin with {@link dev.comet.Comet}. */
@NullMarked
package dev.comet;

import org.jspecify.annotations.NullMarked;
