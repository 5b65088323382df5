package dev.azimuth.benchmarks;

import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import java.util.Map;
import java.util.Set;

/**
 * Operands that follow from their names, uniform with mean 0. Inputs have variance 1. Weights keep
 * it: divided by √fan_in (all axes but the first) if they have two or more axes, else 1 or 0 with a
 * tenth of it added. No layer is zero, as some are when training begins: both sides must agree in
 * every one.
 */
record Operands(Map<String, Shape> shapes) implements ParameterSource {
  /** The place of operands that aren't weights. */
  static final String INPUT = "input";

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final float ROOT_3 = (float) Math.sqrt(3); // uniform in ±√3 has variance 1

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public Shape shape(String name) {
    Shape shape = shapes.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("no operand named " + name);
    }
    return shape;
  }

  @Override
  public float[] values(String name) {
    Shape shape = shape(name);
    float[] values = uniform(shape.size(), name.hashCode());
    if (name.startsWith(INPUT + ".")) {
      return values;
    }
    boolean isMatrix = shape.rank() >= 2;
    float factor = isMatrix ? (float) (1 / Math.sqrt(shape.product(1, shape.rank()))) : 0.1f;
    float offset = !isMatrix && name.endsWith("weight") ? 1 : 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = offset + factor * values[i];
    }
    return values;
  }

  /** Values of variance 1 from SplitMix64 (Steele et al. 2014): full-size models need 10⁹. */
  static float[] uniform(int count, long seed) {
    float[] values = new float[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state += GOLDEN;
      long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      values[i] = ((z ^ (z >>> 31)) >> 40) * (ROOT_3 / (1 << 23));
    }
    return values;
  }
}
