package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;

/** The oracle's matrix product. */
final class ScalarMatmul {
  private ScalarMatmul() {}

  static void matmul(WorkPool pool, Kernel.Matmul kernel) {
    double[] a = Elements.of(kernel.a());
    double[] b = Elements.of(kernel.b());
    double[] y = new double[kernel.y().shape().size()];
    double[] bias = kernel.bias() == null ? new double[kernel.n()] : Elements.of(kernel.bias());
    int m = kernel.m();
    pool.run(
        kernel.aOffsets().length * m,
        task -> {
          int batch = task / m;
          double[] row = rowOfA(kernel, a, kernel.aOffsets()[batch], task % m);
          int bOffset = kernel.bOffsets()[batch];
          if (kernel.transposeB()) {
            timesTransposed(row, b, bOffset, y, task * kernel.n(), kernel.n());
          } else {
            times(row, b, bOffset, y, task * kernel.n(), kernel.n());
          }
          for (int j = 0; j < kernel.n(); j++) {
            y[task * kernel.n() + j] += bias[j];
          }
        });
    Elements.store(y, kernel.y());
  }

  private static double[] rowOfA(Kernel.Matmul kernel, double[] a, int offset, int i) {
    double[] row = new double[kernel.k()];
    for (int p = 0; p < row.length; p++) {
      row[p] =
          kernel.transposeA() ? a[offset + p * kernel.m() + i] : a[offset + i * row.length + p];
    }
    return row;
  }

  /** y_j = sum over p of row_p b_pj. */
  private static void times(double[] row, double[] b, int bOffset, double[] y, int first, int n) {
    for (int p = 0; p < row.length; p++) {
      for (int j = 0; j < n; j++) {
        y[first + j] += row[p] * b[bOffset + p * n + j];
      }
    }
  }

  /** y_j = sum over p of row_p b_jp. */
  private static void timesTransposed(
      double[] row, double[] b, int bOffset, double[] y, int first, int n) {
    int k = row.length;
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        sum += row[p] * b[bOffset + j * k + p];
      }
      y[first + j] = sum;
    }
  }
}
