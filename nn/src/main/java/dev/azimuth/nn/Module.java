package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/**
 * A part of a network that maps one tensor to one; parts with more inputs have their own method.
 */
@FunctionalInterface
public interface Module {
  /** The output for {@code x}. */
  Tensor forward(Tensor x);
}
