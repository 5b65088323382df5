package dev.azimuth.metrics;

import dev.azimuth.metrics.Resampling.Channel;

/**
 * OpenCV's {@code INTER_AREA}: means over the rectangles that become a pixel; where a side is
 * enlarged, an interpolation between two neighbours with integer weights instead (OpenCV {@code
 * resize.cpp}).
 */
final class AreaResampling {
  /** What a weight of 1 is in the interpolation. */
  private static final int UNIT = 2048;

  private AreaResampling() {}

  /** An output's two inputs along an axis, and the integer weights of both. */
  private record Pair(int first, int second, int firstWeight, int secondWeight) {}

  static int[] resize(Channel x, int height, int width) {
    if (height > x.height() || width > x.width()) {
      return interpolated(x, height, width);
    }
    boolean isWhole = x.height() % height == 0 && x.width() % width == 0;
    return isWhole ? blocks(x, height, width) : rectangles(x, height, width);
  }

  private static int[] blocks(Channel x, int height, int width) {
    int rows = x.height() / height;
    int columns = x.width() / width;
    float part = 1f / (rows * columns);
    int[] y = new int[height * width];
    for (int i = 0; i < y.length; i++) {
      int sum = 0;
      for (int row = i / width * rows; row < (i / width + 1) * rows; row++) {
        for (int column = i % width * columns; column < (i % width + 1) * columns; column++) {
          sum += x.values()[row * x.width() + column];
        }
      }
      // halves are rounded up for two by two, to the even number elsewhere
      y[i] = rows == 2 && columns == 2 ? (sum + 2) >> 2 : (int) Math.rint(sum * part);
    }
    return y;
  }

  private static int[] rectangles(Channel x, int height, int width) {
    int[] y = new int[height * width];
    double tall = (double) x.height() / height;
    double wide = (double) x.width() / width;
    for (int i = 0; i < y.length; i++) {
      int above = i / width;
      double top = above * tall;
      double left = i % width * wide;
      double sum = 0;
      for (int row = (int) top; row < Math.min(x.height(), Math.ceil(top + tall)); row++) {
        double part = covered(row, top, top + tall);
        for (int column = (int) left;
            column < Math.min(x.width(), Math.ceil(left + wide));
            column++) {
          sum += part * covered(column, left, left + wide) * x.values()[row * x.width() + column];
        }
      }
      y[i] = (int) Math.rint(sum / (tall * wide));
    }
    return y;
  }

  /** How much of pixel {@code i} lies between two edges. */
  private static double covered(int i, double from, double to) {
    return Math.max(0, Math.min(i + 1, to) - Math.max(i, from));
  }

  private static int[] interpolated(Channel x, int height, int width) {
    int[] y = new int[height * width];
    for (int row = 0; row < height; row++) {
      Pair rows = pair(row, x.height(), height);
      for (int column = 0; column < width; column++) {
        Pair columns = pair(column, x.width(), width);
        int upper = between(x, rows.first, columns) >> 4;
        int lower = between(x, rows.second, columns) >> 4;
        int sum = ((rows.firstWeight * upper) >> 16) + ((rows.secondWeight * lower) >> 16);
        y[row * width + column] = (sum + 2) >> 2;
      }
    }
    return y;
  }

  private static int between(Channel x, int row, Pair columns) {
    int at = row * x.width();
    return columns.firstWeight * x.values()[at + columns.first]
        + columns.secondWeight * x.values()[at + columns.second];
  }

  private static Pair pair(int o, int n, int m) {
    double ratio = (double) m / n;
    int first = (int) (o * (1 / ratio));
    float t = (float) ((o + 1) - (first + 1) * ratio);
    t = t <= 0 ? 0 : t - (float) Math.floor(t);
    if (first >= n - 1) {
      first = n - 1;
      t = 0;
    }
    int firstWeight = (int) Math.rint((1 - t) * UNIT);
    return new Pair(first, Math.min(first + 1, n - 1), firstWeight, (int) Math.rint(t * UNIT));
  }
}
