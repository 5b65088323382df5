package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.ErrorFunction;
import dev.azimuth.tensor.Kernel;
import jdk.incubator.vector.FloatVector;

/** Rows of a · gelu(g) from rows of [a, g], and their gradient. */
final class SimdGeglu {
  private SimdGeglu() {}

  static void run(Kernel.Geglu kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    int width = kernel.y().shape().dim(-1);
    int rows = y.length / Math.max(1, width);
    Ranges.split(
        pool,
        rows,
        2 * width,
        (from, to) -> gaussians(x, y, width, 0, width, from, to),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            values(x, 2 * row * width, y, row * width, width);
          }
        });
  }

  /**
   * Writes exp(-g²/2) for rows of [a, g] to the columns from {@code column} on of rows of {@code
   * stride} elements.
   */
  private static void gaussians(
      float[] x, float[] to, int stride, int column, int width, int fromRow, int toRow) {
    for (int row = fromRow; row < toRow; row++) {
      int gate = (2 * row + 1) * width;
      int target = row * stride + column;
      int i = 0;
      for (; i <= width - LANES; i += LANES) {
        FloatVector t = VectorMath.distance(FloatVector.fromArray(SPECIES, x, gate + i));
        VectorMath.gaussian(t).intoArray(to, target + i);
      }
      for (; i < width; i++) {
        double g = x[gate + i];
        to[target + i] = (float) Math.exp(-0.5 * g * g);
      }
    }
  }

  /** A row of y from exp(-g²/2) to a · gelu(g). */
  private static void values(float[] x, int value, float[] y, int target, int width) {
    int gate = value + width;
    int i = 0;
    for (; i <= width - LANES; i += LANES) {
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i);
      FloatVector e = FloatVector.fromArray(SPECIES, y, target + i);
      FloatVector gelu = g.mul(VectorMath.normalCdf(g, e));
      FloatVector.fromArray(SPECIES, x, value + i).mul(gelu).intoArray(y, target + i);
    }
    for (; i < width; i++) {
      float g = x[gate + i];
      y[target + i] = (float) (x[value + i] * (g * ErrorFunction.normalCdf(g)));
    }
  }

  static void run(Kernel.GegluVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int width = kernel.dy().shape().dim(-1);
    int rows = dy.length / Math.max(1, width);
    Ranges.split(
        pool,
        rows,
        4 * width,
        (from, to) -> gaussians(x, dx, 2 * width, width, width, from, to),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            slopes(x, dy, dx, row, width);
          }
        });
  }

  /** A row of dx, in whose gate half exp(-g²/2) stands. */
  private static void slopes(float[] x, float[] dy, float[] dx, int row, int width) {
    int value = 2 * row * width;
    int gate = value + width;
    int source = row * width;
    int i = 0;
    for (; i <= width - LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(SPECIES, x, value + i);
      FloatVector g = FloatVector.fromArray(SPECIES, x, gate + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, source + i);
      FloatVector e = FloatVector.fromArray(SPECIES, dx, gate + i);
      FloatVector cdf = VectorMath.normalCdf(g, e);
      d.mul(g.mul(cdf)).intoArray(dx, value + i);
      d.mul(a).mul(g.fma(VectorMath.normalPdf(e), cdf)).intoArray(dx, gate + i);
    }
    for (; i < width; i++) {
      double g = x[gate + i];
      double cdf = ErrorFunction.normalCdf(g);
      dx[value + i] = (float) (dy[source + i] * g * cdf);
      double slope = cdf + g * ErrorFunction.normalPdf(g);
      dx[gate + i] = (float) (dy[source + i] * x[value + i] * slope);
    }
  }
}
