package dev.azimuth.nn;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.Arrays;

/** How a new parameter's values are drawn, in the published order of its elements. */
@FunctionalInterface
public interface Initialization {
  /** Values for a parameter of this published shape. */
  float[] draw(TorchRandom random, Shape shape);

  /** All zero. */
  static Initialization zeros() {
    return (random, shape) -> new float[shape.size()];
  }

  /** All one. */
  static Initialization ones() {
    return (random, shape) -> {
      float[] values = new float[shape.size()];
      Arrays.fill(values, 1);
      return values;
    };
  }

  /** Uniform in (-bound, bound). */
  static Initialization uniform(double bound) {
    return (random, shape) -> {
      float[] values = random.rand(shape.size());
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) ((2 * values[i] - 1) * bound);
      }
      return values;
    };
  }

  /**
   * Uniform in ±1/√fanIn: what PyTorch's {@code Linear} and {@code Conv2d} start from, weights and
   * biases alike ({@code kaiming_uniform_} with a = √5).
   */
  static Initialization fanIn(int fanIn) {
    return uniform(1 / Math.sqrt(fanIn));
  }

  /** Normal with mean 0. */
  static Initialization normal(double standardDeviation) {
    return (random, shape) -> {
      float[] values = random.randn(shape.size());
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (values[i] * standardDeviation);
      }
      return values;
    };
  }
}
