/** {@code Tensor}, its shape and element type, and the {@code Backend} that it lives on. */
@NullMarked
package dev.azimuth.tensor;

import org.jspecify.annotations.NullMarked;
