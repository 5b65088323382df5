/** Modules: their constructors take a {@code Parameters} path and read like the state dict. */
@NullMarked
package dev.azimuth.nn;

import org.jspecify.annotations.NullMarked;
