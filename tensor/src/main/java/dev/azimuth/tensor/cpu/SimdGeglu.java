package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Rows of a · gelu(g) from rows of [a, g], and their gradient. */
final class SimdGeglu {
  private SimdGeglu() {}

  static void run(Kernel.Geglu kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    int width = kernel.y().shape().dim(-1);
    Ranges.split(
        pool,
        y.length / Math.max(1, width),
        width,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            forward(x, 2 * row * width, y, row * width, width);
          }
        });
  }

  private static void forward(float[] x, int xOffset, float[] y, int yOffset, int width) {
    int gate = xOffset + width;
    int i = 0;
    for (; i <= width - LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(SPECIES, x, xOffset + i);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i);
      a.mul(VectorMath.gelu(g)).intoArray(y, yOffset + i);
    }
    if (i < width) {
      VectorMask<Float> tail = VectorMath.mask(i, width);
      FloatVector a = FloatVector.fromArray(SPECIES, x, xOffset + i, tail);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i, tail);
      a.mul(VectorMath.gelu(g)).intoArray(y, yOffset + i, tail);
    }
  }

  static void run(Kernel.GegluVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int width = kernel.dy().shape().dim(-1);
    Ranges.split(
        pool,
        dy.length / Math.max(1, width),
        2 * width,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            backward(x, dy, dx, row, width);
          }
        });
  }

  private static void backward(float[] x, float[] dy, float[] dx, int row, int width) {
    int value = 2 * row * width;
    int gate = value + width;
    int from = row * width;
    int i = 0;
    for (; i <= width - LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(SPECIES, x, value + i);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, from + i);
      FloatVector e = VectorMath.gaussian(g);
      FloatVector cdf = VectorMath.normalCdf(g, e);
      d.mul(g.mul(cdf)).intoArray(dx, value + i);
      d.mul(a).mul(g.fma(VectorMath.normalPdf(e), cdf)).intoArray(dx, gate + i);
    }
    if (i < width) {
      VectorMask<Float> tail = VectorMath.mask(i, width);
      FloatVector a = FloatVector.fromArray(SPECIES, x, value + i, tail);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i, tail);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, from + i, tail);
      FloatVector e = VectorMath.gaussian(g);
      FloatVector cdf = VectorMath.normalCdf(g, e);
      d.mul(g.mul(cdf)).intoArray(dx, value + i, tail);
      d.mul(a).mul(g.fma(VectorMath.normalPdf(e), cdf)).intoArray(dx, gate + i, tail);
    }
  }
}
