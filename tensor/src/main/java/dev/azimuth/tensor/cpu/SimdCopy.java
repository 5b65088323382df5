package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;
import java.util.Arrays;

/** Strided copies: contiguous runs, repeated elements, blocked transposes, and all others. */
final class SimdCopy {
  // both sides of a 16 x 16 block touch 16 cache lines
  private static final int BLOCK = 16;
  // below this a loop is faster than a call of arraycopy
  private static final int SHORT_RUN = 16;

  private SimdCopy() {}

  static void run(Kernel.Copy kernel, WorkPool pool) {
    for (int size : kernel.sizes()) {
      if (size == 0) {
        return;
      }
    }
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    Strided grid = Strided.merged(kernel.sizes(), kernel.xStrides(), kernel.yStrides());
    int last = grid.rank() - 1;
    int unitX = last;
    while (unitX >= 0 && grid.xStride(unitX) != 1) {
      unitX--;
    }
    if (grid.yStride(last) == 1 && unitX >= 0 && unitX != last) {
      transpose(grid, unitX, x, kernel.xOffset(), y, kernel.yOffset(), pool);
    } else {
      rows(grid, x, kernel.xOffset(), y, kernel.yOffset(), pool);
    }
  }

  private static void rows(
      Strided grid, float[] x, int xOffset, float[] y, int yOffset, WorkPool pool) {
    int last = grid.rank() - 1;
    int columns = grid.size(last);
    int rows = grid.count(last);
    int xStride = grid.xStride(last);
    int yStride = grid.yStride(last);
    if (rows == 1) {
      Ranges.split(
          pool,
          columns,
          1,
          (from, to) ->
              row(
                  x,
                  xOffset + from * xStride,
                  xStride,
                  y,
                  yOffset + from * yStride,
                  yStride,
                  to - from));
      return;
    }
    Ranges.split(
        pool,
        rows,
        columns,
        (from, to) -> {
          Strided.Cursor cursor = grid.cursor(last, from);
          for (int row = from; row < to; row++) {
            row(x, xOffset + cursor.x(), xStride, y, yOffset + cursor.y(), yStride, columns);
            cursor.advance();
          }
        });
  }

  private static void row(
      float[] x, int xOffset, int xStride, float[] y, int yOffset, int yStride, int count) {
    if (xStride == 1 && yStride == 1) {
      if (count >= SHORT_RUN) {
        System.arraycopy(x, xOffset, y, yOffset, count);
        return;
      }
      for (int i = 0; i < count; i++) {
        y[yOffset + i] = x[xOffset + i];
      }
    } else if (xStride == 0 && yStride == 1) {
      Arrays.fill(y, yOffset, yOffset + count, x[xOffset]);
    } else {
      for (int i = 0; i < count; i++) {
        y[yOffset + i * yStride] = x[xOffset + i * xStride];
      }
    }
  }

  /** y is contiguous along the last axis, x along {@code unitX}: block by block over those two. */
  private static void transpose(
      Strided grid, int unitX, float[] x, int xOffset, float[] y, int yOffset, WorkPool pool) {
    int rank = grid.rank();
    int[] order = new int[rank];
    int next = 0;
    for (int i = 0; i < rank - 1; i++) {
      if (i != unitX) {
        order[next++] = i;
      }
    }
    order[rank - 2] = unitX;
    order[rank - 1] = rank - 1;
    Strided planes = grid.ordered(order);
    int rows = planes.size(rank - 2);
    int columns = planes.size(rank - 1);
    int yStride = planes.yStride(rank - 2);
    int xStride = planes.xStride(rank - 1);
    int bands = Math.ceilDiv(rows, BLOCK);
    Ranges.split(
        pool,
        planes.count(rank - 2) * bands,
        BLOCK * columns,
        (from, to) -> {
          for (int task = from; task < to; task++) {
            Strided.Cursor plane = planes.cursor(rank - 2, task / bands);
            int row = task % bands * BLOCK;
            band(
                x,
                xOffset + plane.x() + row,
                xStride,
                y,
                yOffset + plane.y() + row * yStride,
                yStride,
                Math.min(BLOCK, rows - row),
                columns);
          }
        });
  }

  /** y[r · yStride + c] = x[r + c · xStride] for up to {@link #BLOCK} rows of y. */
  private static void band(
      float[] x,
      int xOffset,
      int xStride,
      float[] y,
      int yOffset,
      int yStride,
      int rows,
      int columns) {
    for (int c0 = 0; c0 < columns; c0 += BLOCK) {
      int end = Math.min(columns, c0 + BLOCK);
      for (int r = 0; r < rows; r++) {
        int to = yOffset + r * yStride;
        int from = xOffset + r;
        for (int c = c0; c < end; c++) {
          y[to + c] = x[from + c * xStride];
        }
      }
    }
  }
}
