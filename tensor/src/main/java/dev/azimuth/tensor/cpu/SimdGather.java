package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;
import java.util.Arrays;

/** Rows of a table by index, and the sums that are its transpose. */
final class SimdGather {
  private SimdGather() {}

  static void run(Kernel.Gather kernel, WorkPool pool) {
    float[] table = HostBuffer.floats(kernel.table());
    float[] y = HostBuffer.floats(kernel.y());
    int[] index = kernel.index();
    int width = kernel.table().shape().dim(1);
    Ranges.split(
        pool,
        index.length,
        width,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            System.arraycopy(table, index[i] * width, y, i * width, width);
          }
        });
  }

  static void run(Kernel.GatherVjp kernel, WorkPool pool) {
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dTable = HostBuffer.floats(kernel.dTable());
    int[] index = kernel.index();
    int width = kernel.dTable().shape().dim(1);
    // rows may be hit many times, so tasks share out columns; each column sums in index order
    Ranges.split(
        pool,
        width,
        Math.max(1, dTable.length / Math.max(1, width) + index.length),
        (from, to) -> {
          for (int row = 0; row < dTable.length; row += width) {
            Arrays.fill(dTable, row + from, row + to, 0f);
          }
          for (int i = 0; i < index.length; i++) {
            int target = index[i] * width;
            for (int c = from; c < to; c++) {
              dTable[target + c] += dy[i * width + c];
            }
          }
        });
  }
}
