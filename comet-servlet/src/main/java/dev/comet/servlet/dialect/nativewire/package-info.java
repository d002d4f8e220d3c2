/** The native endpoint: docs/native.md. Not exported. */
@NullMarked
package dev.comet.servlet.dialect.nativewire;

import org.jspecify.annotations.NullMarked;
