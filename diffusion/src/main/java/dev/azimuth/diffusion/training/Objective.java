package dev.azimuth.diffusion.training;

import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;

/** What a stage makes small. */
@FunctionalInterface
interface Objective {
  /** The loss (a scalar) of one batch, drawn with this generator alone. */
  Tensor loss(TorchRandom random);
}
