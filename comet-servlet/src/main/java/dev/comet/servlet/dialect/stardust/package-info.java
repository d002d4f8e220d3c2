/** Stardust: docs/dialects/stardust.md. Not exported. */
@NullMarked
package dev.comet.servlet.dialect.stardust;

import org.jspecify.annotations.NullMarked;
