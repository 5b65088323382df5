/** The operations: one record each, holding its value and its vector-Jacobian product. */
@NullMarked
package dev.azimuth.tensor.op;

import org.jspecify.annotations.NullMarked;
