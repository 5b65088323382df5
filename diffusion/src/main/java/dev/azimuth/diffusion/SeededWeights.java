package dev.azimuth.diffusion;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.random.TorchRandom;

/**
 * Weights drawn from a seed, as replay records and configurations without a file of weights have
 * them.
 */
public final class SeededWeights {
  private SeededWeights() {}

  /**
   * The elements of one parameter: with z = {@code torch.manual_seed(seed); torch.randn(shape)}, z
   * / √fan_in where it has two or more axes (fan_in is the product of all but the first), 1 + 0.1 z
   * where it has one and its name ends in {@code weight}, (1 + 0.1 z)² / 2 where it ends in {@code
   * running_var}, else 0.1 z.
   */
  public static float[] draw(String name, Shape shape, long seed) {
    float[] z = new TorchRandom(seed).randn(shape.size());
    if (shape.rank() >= 2) {
      // the reference divides by the float root
      float root = (float) Math.sqrt(shape.product(1, shape.rank()));
      for (int i = 0; i < z.length; i++) {
        z[i] /= root;
      }
      return z;
    }
    boolean isVector = shape.rank() == 1;
    boolean isVariance = isVector && name.endsWith("running_var");
    float offset = isVariance || (isVector && name.endsWith("weight")) ? 1 : 0;
    for (int i = 0; i < z.length; i++) {
      float value = offset + 0.1f * z[i];
      z[i] = isVariance ? 0.5f * value * value : value;
    }
    return z;
  }
}
