/** The protocol of Simple-Comet-Server: docs/dialects/simple-comet.md. Not exported. */
@NullMarked
package dev.comet.servlet.dialect.simplecomet;

import org.jspecify.annotations.NullMarked;
