package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import java.util.List;

/**
 * Launches reduce.cu: a warp for each run of a row, a thread for each run of a column, again until
 * one value is left. The runs' lengths depend on the sizes alone.
 */
final class ReduceLauncher {
  private static final KernelSpec SUM_ROWS = rows("reduce_sum_rows_f32");
  private static final KernelSpec SUM_COLUMNS = columns("reduce_sum_columns_f32");
  private static final KernelSpec MAX_ROWS = rows("reduce_max_rows_f32");
  private static final KernelSpec MAX_COLUMNS = columns("reduce_max_columns_f32");

  static final List<KernelSpec> SPECS = List.of(SUM_ROWS, SUM_COLUMNS, MAX_ROWS, MAX_COLUMNS);

  /** Elements of a row that a warp joins: 64 for each lane. */
  private static final int ROW_CHUNK = 2048;

  /** Elements of a column that a thread joins. */
  private static final int COLUMN_CHUNK = 128;

  private ReduceLauncher() {}

  private static KernelSpec rows(String entry) {
    return new KernelSpec("reduce.ptx", entry, MAP_THREADS, PTR, PTR, I32, I32, I32, I32, F32);
  }

  private static KernelSpec columns(String entry) {
    return new KernelSpec("reduce.ptx", entry, MAP_THREADS, PTR, PTR, I32, I32, I32, I32, I32, F32);
  }

  static void reduce(Launch cuda, Kernel.Reduce k) {
    float divisor = k.reduction() == Reduction.MEAN ? k.reduced() : 1;
    boolean isSum = k.reduction() != Reduction.MAX;
    reduce(
        cuda, isSum, cuda.in(k.x()), cuda.out(k.y()), k.outer(), k.reduced(), k.inner(), divisor);
  }

  /** Sums of the columns of x [rows, columns]. */
  static void columnSums(Launch cuda, DevicePointer x, DevicePointer y, int rows, int columns) {
    reduce(cuda, true, x, y, 1, rows, columns, 1);
  }

  private static void reduce(
      Launch cuda,
      boolean isSum,
      DevicePointer x,
      DevicePointer y,
      int outer,
      int reduced,
      int inner,
      float divisor) {
    int chunk = inner == 1 ? ROW_CHUNK : COLUMN_CHUNK;
    int chunks = Math.max(1, Math.ceilDiv(reduced, chunk));
    int size = Math.multiplyExact(outer * inner, chunks);
    boolean isLast = chunks == 1;
    DevicePointer to = isLast ? y : cuda.scratch(size);
    float by = isLast ? divisor : 1;
    if (inner == 1) {
      KernelSpec spec = isSum ? SUM_ROWS : MAX_ROWS;
      cuda.map(spec, 32L * size, x, to, outer, reduced, chunk, chunks, by);
    } else {
      KernelSpec spec = isSum ? SUM_COLUMNS : MAX_COLUMNS;
      cuda.map(spec, size, x, to, size, reduced, inner, chunk, chunks, by);
    }
    if (!isLast) {
      reduce(cuda, isSum, to, y, outer, chunks, inner, divisor);
    }
  }
}
