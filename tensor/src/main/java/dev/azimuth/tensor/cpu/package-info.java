/** The CPU backends: the scalar oracle and the Vector API. */
@NullMarked
package dev.azimuth.tensor.cpu;

import org.jspecify.annotations.NullMarked;
