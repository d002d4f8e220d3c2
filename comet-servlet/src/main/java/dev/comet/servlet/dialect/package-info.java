/**
 * What a dialect is made of: a function from {@link dev.comet.servlet.dialect.Request} to {@link dev.comet.servlet.dialect.Reply},
 * and framings. No Jakarta types, no threads, no state beyond settings. Not exported.
 */
@NullMarked
package dev.comet.servlet.dialect;

import org.jspecify.annotations.NullMarked;
