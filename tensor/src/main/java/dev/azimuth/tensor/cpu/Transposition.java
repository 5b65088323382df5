package dev.azimuth.tensor.cpu;

/** Transposed copies between row-major matrices. */
final class Transposition {
  private Transposition() {}

  /**
   * {@code to[toStart + j * toStride + i] = from[fromStart + i * fromStride + j]} for i below rows,
   * j below columns.
   */
  static void copy(
      float[] from,
      int fromStart,
      int fromStride,
      int rows,
      int columns,
      float[] to,
      int toStart,
      int toStride) {
    int whole = rows / 8 * 8;
    for (int i = 0; i < whole; i += 8) {
      eightRows(from, fromStart + i * fromStride, fromStride, columns, to, toStart + i, toStride);
    }
    for (int i = whole; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        to[toStart + j * toStride + i] = from[fromStart + i * fromStride + j];
      }
    }
  }

  private static void eightRows(
      float[] from, int start, int stride, int columns, float[] to, int toStart, int toStride) {
    for (int j = start; j < start + columns; j++) {
      int target = toStart + (j - start) * toStride;
      to[target] = from[j];
      to[target + 1] = from[j + stride];
      to[target + 2] = from[j + 2 * stride];
      to[target + 3] = from[j + 3 * stride];
      to[target + 4] = from[j + 4 * stride];
      to[target + 5] = from[j + 5 * stride];
      to[target + 6] = from[j + 6 * stride];
      to[target + 7] = from[j + 7 * stride];
    }
  }
}
