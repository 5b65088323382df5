/** The {@code azimuth} command: one class for each subcommand. */
@NullMarked
package dev.azimuth.app;

import org.jspecify.annotations.NullMarked;
