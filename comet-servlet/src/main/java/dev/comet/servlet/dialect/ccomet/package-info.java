/** The protocol of CComet: docs/dialects/ccomet.md. Not exported. */
@NullMarked
package dev.comet.servlet.dialect.ccomet;

import org.jspecify.annotations.NullMarked;
