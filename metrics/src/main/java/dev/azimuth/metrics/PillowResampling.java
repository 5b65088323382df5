package dev.azimuth.metrics;

import dev.azimuth.metrics.Resampling.Channel;
import java.util.function.DoubleUnaryOperator;

/**
 * Pillow's convolution: first along the rows, then along the columns, each rounded to 8 bits; a
 * direction that keeps its size is left out. When it shrinks, the kernel grows with the ratio.
 * Weights are integers in units of 2⁻²² (Pillow {@code Resample.c}).
 *
 * @param support half the kernel's width
 * @param kernel its weight at a distance
 */
record PillowResampling(double support, DoubleUnaryOperator kernel) {
  static final PillowResampling BILINEAR =
      new PillowResampling(1, t -> Math.max(0, 1 - Math.abs(t)));
  static final PillowResampling BICUBIC = new PillowResampling(2, PillowResampling::cubic);
  static final PillowResampling LANCZOS =
      new PillowResampling(3, t -> t >= -3 && t < 3 ? sinc(t) * sinc(t / 3) : 0);

  private static final double CUBIC = -0.5;
  private static final int PRECISION = 22;

  private static double cubic(double t) {
    double u = Math.abs(t);
    if (u < 1) {
      return ((CUBIC + 2) * u - (CUBIC + 3)) * u * u + 1;
    }
    return u < 2 ? (((u - 5) * u + 8) * u - 4) * CUBIC : 0;
  }

  private static double sinc(double t) {
    return t == 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
  }

  /** The inputs from {@code first} on that an output takes, and their weights. */
  @SuppressWarnings("ArrayRecordComponent") // read where it is made
  private record Taps(int first, int[] weights) {}

  int[] resize(Channel channel, int height, int width) {
    int[] rows = channel.values();
    if (width != channel.width()) {
      rows = along(rows, channel.height(), channel.width(), width);
    }
    if (height == channel.height()) {
      return rows == channel.values() ? rows.clone() : rows;
    }
    int[] turned = transposed(rows, channel.height(), width);
    return transposed(along(turned, width, channel.height(), height), width, height);
  }

  /** Each row of {@code n} values to {@code m}. */
  private int[] along(int[] x, int rows, int n, int m) {
    int[] y = new int[rows * m];
    for (int o = 0; o < m; o++) {
      Taps taps = taps(o, n, m);
      for (int row = 0; row < rows; row++) {
        int sum = 1 << (PRECISION - 1);
        for (int i = 0; i < taps.weights.length; i++) {
          sum += taps.weights[i] * x[row * n + taps.first + i];
        }
        y[row * m + o] = Math.clamp(sum >> PRECISION, 0, 255);
      }
    }
    return y;
  }

  private Taps taps(int o, int n, int m) {
    double scale = (double) n / m;
    double stretch = Math.max(scale, 1);
    double centre = (o + 0.5) * scale;
    int first = Math.max(0, (int) (centre - support * stretch + 0.5));
    int end = Math.min(n, (int) (centre + support * stretch + 0.5));
    double[] weights = new double[end - first];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = kernel.applyAsDouble((i + first - centre + 0.5) / stretch);
      sum += weights[i];
    }
    int[] integers = new int[weights.length];
    for (int i = 0; i < weights.length; i++) {
      double scaled = weights[i] / sum * (1 << PRECISION);
      integers[i] = (int) (scaled + Math.copySign(0.5, scaled)); // half away from zero
    }
    return new Taps(first, integers);
  }

  private static int[] transposed(int[] x, int rows, int columns) {
    int[] y = new int[x.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        y[column * rows + row] = x[row * columns + column];
      }
    }
    return y;
  }
}
