package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;

/** The oracle's kernels that only move elements, and the transpose of one that adds them up. */
final class ScalarIndexing {
  private ScalarIndexing() {}

  @FunctionalInterface
  private interface Move {
    void accept(int from, int to);
  }

  static void copy(Kernel.Copy kernel) {
    // on the stored type: what y holds elsewhere must stay, and nothing is computed
    if (kernel.x().dtype() == DType.FLOAT32) {
      float[] x = HostBuffer.floats(kernel.x());
      float[] y = HostBuffer.floats(kernel.y());
      walk(kernel, 0, kernel.xOffset(), kernel.yOffset(), (from, to) -> y[to] = x[from]);
    } else {
      double[] x = HostBuffer.doubles(kernel.x());
      double[] y = HostBuffer.doubles(kernel.y());
      walk(kernel, 0, kernel.xOffset(), kernel.yOffset(), (from, to) -> y[to] = x[from]);
    }
  }

  private static void walk(Kernel.Copy kernel, int axis, int from, int to, Move move) {
    if (axis == kernel.sizes().length) {
      move.accept(from, to);
      return;
    }
    int xStride = kernel.xStrides()[axis];
    int yStride = kernel.yStrides()[axis];
    for (int i = 0; i < kernel.sizes()[axis]; i++) {
      walk(kernel, axis + 1, from + i * xStride, to + i * yStride, move);
    }
  }

  static void gather(Kernel.Gather kernel) {
    double[] table = Elements.of(kernel.table());
    double[] y = new double[kernel.y().shape().size()];
    int[] index = kernel.index();
    int d = kernel.table().shape().dim(-1);
    for (int row = 0; row < index.length; row++) {
      System.arraycopy(table, index[row] * d, y, row * d, d);
    }
    Elements.store(y, kernel.y());
  }

  static void gatherVjp(Kernel.GatherVjp kernel) {
    double[] dy = Elements.of(kernel.dy());
    double[] dTable = new double[kernel.dTable().shape().size()];
    int[] index = kernel.index();
    int d = kernel.dTable().shape().dim(-1);
    for (int row = 0; row < index.length; row++) {
      for (int j = 0; j < d; j++) {
        dTable[index[row] * d + j] += dy[row * d + j];
      }
    }
    Elements.store(dTable, kernel.dTable());
  }
}
