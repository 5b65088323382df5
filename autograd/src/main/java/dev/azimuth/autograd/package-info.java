/**
 * Reverse-mode differentiation over the {@link dev.azimuth.tensor.History} that tracked tensors
 * keep: {@code Gradients} as a value, {@code Checkpoint} to recompute instead of store, {@code
 * GradCheck} to hold any gradient against difference quotients.
 */
@NullMarked
package dev.azimuth.autograd;

import org.jspecify.annotations.NullMarked;
