/** Comet for any Jakarta Servlet 6 container. */
@NullMarked
package dev.comet.servlet;

import org.jspecify.annotations.NullMarked;
