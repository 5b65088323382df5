package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import jdk.incubator.vector.FloatVector;

/** Rows of a · gelu(g) from rows of [a, g], and their gradient. */
final class SimdGeglu {
  private SimdGeglu() {}

  static void run(Kernel.Geglu kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    int width = kernel.y().shape().dim(-1);
    int whole = width - width % LANES;
    int rest = width - whole;
    Ranges.split(
        pool,
        y.length / Math.max(1, width),
        width,
        (from, to) -> {
          float[] a = new float[LANES];
          float[] g = new float[LANES];
          float[] result = new float[LANES];
          for (int row = from; row < to; row++) {
            int value = 2 * row * width;
            int gate = value + width;
            int target = row * width;
            forward(x, value, x, gate, y, target, whole);
            if (rest > 0) {
              System.arraycopy(x, value + whole, a, 0, rest);
              System.arraycopy(x, gate + whole, g, 0, rest);
              forward(a, 0, g, 0, result, 0, LANES);
              System.arraycopy(result, 0, y, target + whole, rest);
            }
          }
        });
  }

  /** y = a · gelu(g) for whole vectors. */
  private static void forward(
      float[] a, int aOffset, float[] g, int gOffset, float[] y, int yOffset, int count) {
    gaussian(g, gOffset, y, yOffset, count);
    for (int i = 0; i < count; i += LANES) {
      FloatVector gate = FloatVector.fromArray(SPECIES, g, gOffset + i);
      FloatVector e = FloatVector.fromArray(SPECIES, y, yOffset + i);
      FloatVector cdf = VectorMath.normalCdf(gate, VectorMath.distance(gate), e);
      FloatVector value = FloatVector.fromArray(SPECIES, a, aOffset + i);
      value.mul(gate.mul(cdf)).intoArray(y, yOffset + i);
    }
  }

  // a loop of its own: together with what follows it would be more than the compiler inlines
  private static void gaussian(float[] g, int gOffset, float[] y, int yOffset, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector t = VectorMath.distance(FloatVector.fromArray(SPECIES, g, gOffset + i));
      VectorMath.gaussian(t).intoArray(y, yOffset + i);
    }
  }

  static void run(Kernel.GegluVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int width = kernel.dy().shape().dim(-1);
    int whole = width - width % LANES;
    int rest = width - whole;
    Ranges.split(
        pool,
        dy.length / Math.max(1, width),
        2 * width,
        (from, to) -> {
          float[] xPart = new float[2 * LANES];
          float[] dyPart = new float[LANES];
          float[] dxPart = new float[2 * LANES];
          for (int row = from; row < to; row++) {
            int value = 2 * row * width;
            int gate = value + width;
            int source = row * width;
            backward(x, value, gate, dy, source, dx, whole);
            if (rest > 0) {
              System.arraycopy(x, value + whole, xPart, 0, rest);
              System.arraycopy(x, gate + whole, xPart, LANES, rest);
              System.arraycopy(dy, source + whole, dyPart, 0, rest);
              backward(xPart, 0, LANES, dyPart, 0, dxPart, LANES);
              System.arraycopy(dxPart, 0, dx, value + whole, rest);
              System.arraycopy(dxPart, LANES, dx, gate + whole, rest);
            }
          }
        });
  }

  /** Both halves of dx, which lie in it as those of x do, for whole vectors. */
  private static void backward(
      float[] x, int value, int gate, float[] dy, int dyOffset, float[] dx, int count) {
    gaussian(x, gate, dx, gate, count);
    for (int i = 0; i < count; i += LANES) {
      FloatVector a = FloatVector.fromArray(SPECIES, x, value + i);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, dyOffset + i);
      FloatVector e = FloatVector.fromArray(SPECIES, dx, gate + i);
      FloatVector cdf = VectorMath.normalCdf(g, VectorMath.distance(g), e);
      d.mul(g.mul(cdf)).intoArray(dx, value + i);
      d.mul(a).mul(g.fma(VectorMath.normalPdf(e), cdf)).intoArray(dx, gate + i);
    }
  }
}
