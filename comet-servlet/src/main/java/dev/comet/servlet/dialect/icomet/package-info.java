/** iComet's wire protocol: docs/dialects/icomet.md. Not exported. */
@NullMarked
package dev.comet.servlet.dialect.icomet;

import org.jspecify.annotations.NullMarked;
