package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Sums, means and maxima over the middle axis of [outer, reduced, inner].
 *
 * <p>Long sums are cut into pieces of a fixed size; a piece is summed in float over few elements at
 * a time and in double beyond, and pieces are added in order.
 */
final class SimdReduce {
  // rows of a column sum added in float before the total goes to double
  private static final int FLOAT_ROWS = 64;
  private static final int TILE_COLUMNS = 1024;

  private SimdReduce() {}

  static void run(Kernel.Reduce kernel, WorkPool pool) {
    if (kernel.outer() == 0 || kernel.inner() == 0) {
      return;
    }
    if (kernel.inner() == 1) {
      rows(kernel, pool);
    } else {
      columns(kernel, pool);
    }
  }

  private static void rows(Kernel.Reduce kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    Reduction reduction = kernel.reduction();
    int length = kernel.reduced();
    if (length <= Ranges.GRAIN) {
      Ranges.split(
          pool,
          kernel.outer(),
          length,
          (from, to) -> {
            for (int row = from; row < to; row++) {
              y[row] = finished(reduction, ofRun(reduction, x, row * length, length), length);
            }
          });
      return;
    }
    int pieces = Math.ceilDiv(length, Ranges.GRAIN);
    double[] partial = new double[kernel.outer() * pieces];
    pool.run(
        partial.length,
        task -> {
          int from = task % pieces * Ranges.GRAIN;
          int count = Math.min(Ranges.GRAIN, length - from);
          partial[task] = ofRun(reduction, x, task / pieces * length + from, count);
        });
    for (int row = 0; row < kernel.outer(); row++) {
      double total = partial[row * pieces];
      for (int piece = 1; piece < pieces; piece++) {
        total = combined(reduction, total, partial[row * pieces + piece]);
      }
      y[row] = finished(reduction, total, length);
    }
  }

  private static double ofRun(Reduction reduction, float[] x, int offset, int count) {
    return switch (reduction) {
      case SUM, MEAN -> VectorRows.sum(x, offset, count);
      case MAX -> VectorRows.max(x, offset, count);
    };
  }

  private static double combined(Reduction reduction, double a, double b) {
    return reduction == Reduction.MAX ? Math.max(a, b) : a + b;
  }

  private static float finished(Reduction reduction, double total, int count) {
    return (float) (reduction == Reduction.MEAN ? total / count : total);
  }

  private static void columns(Kernel.Reduce kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    Reduction reduction = kernel.reduction();
    int reduced = kernel.reduced();
    int inner = kernel.inner();
    int tileColumns = Math.min(inner, TILE_COLUMNS);
    int tiles = Math.ceilDiv(inner, tileColumns);
    int pieceRows = Math.max(FLOAT_ROWS, Ranges.GRAIN / tileColumns);
    int pieces = Math.max(1, Math.ceilDiv(reduced, pieceRows));
    double[] partial = new double[pieces == 1 ? 0 : kernel.outer() * pieces * inner];
    int perOuter = pieces * tiles;
    Ranges.split(
        pool,
        kernel.outer() * perOuter,
        Math.min(reduced, pieceRows) * tileColumns,
        (from, to) -> {
          double[] total = new double[tileColumns];
          float[] run = new float[tileColumns];
          for (int task = from; task < to; task++) {
            int piece = task / tiles;
            int column = task % tiles * tileColumns;
            int count = Math.min(tileColumns, inner - column);
            int outer = task / perOuter;
            int row = piece % pieces * pieceRows;
            int rows = Math.min(pieceRows, reduced - row);
            int offset = (outer * reduced + row) * inner + column;
            Arrays.fill(total, reduction == Reduction.MAX ? Double.NEGATIVE_INFINITY : 0);
            ofColumns(reduction, x, offset, rows, inner, count, run, total);
            if (pieces == 1) {
              for (int c = 0; c < count; c++) {
                y[outer * inner + column + c] = finished(reduction, total[c], reduced);
              }
            } else {
              System.arraycopy(total, 0, partial, piece * inner + column, count);
            }
          }
        });
    if (pieces > 1) {
      combine(reduction, partial, pieces, reduced, y, inner);
    }
  }

  private static void combine(
      Reduction reduction, double[] partial, int pieces, int reduced, float[] y, int inner) {
    for (int outer = 0; outer < y.length / inner; outer++) {
      int first = outer * pieces * inner;
      for (int c = 0; c < inner; c++) {
        double total = partial[first + c];
        for (int piece = 1; piece < pieces; piece++) {
          total = combined(reduction, total, partial[first + piece * inner + c]);
        }
        y[outer * inner + c] = finished(reduction, total, reduced);
      }
    }
  }

  private static void ofColumns(
      Reduction reduction,
      float[] x,
      int offset,
      int rows,
      int stride,
      int columns,
      float[] run,
      double[] total) {
    for (int row = 0; row < rows; row += FLOAT_ROWS) {
      int end = Math.min(rows, row + FLOAT_ROWS);
      if (reduction == Reduction.MAX) {
        Arrays.fill(run, Float.NEGATIVE_INFINITY);
        for (int r = row; r < end; r++) {
          int at = offset + r * stride;
          for (int c = 0; c < columns; c++) {
            run[c] = Math.max(run[c], x[at + c]);
          }
        }
        for (int c = 0; c < columns; c++) {
          total[c] = Math.max(total[c], run[c]);
        }
      } else {
        Arrays.fill(run, 0f);
        addRows(x, offset + row * stride, end - row, stride, columns, run);
        for (int c = 0; c < columns; c++) {
          total[c] += run[c];
        }
      }
    }
  }

  /** run[c] += the sum of column c over the rows, four at a time. */
  private static void addRows(
      float[] x, int offset, int rows, int stride, int columns, float[] run) {
    int r = 0;
    for (; r <= rows - 4; r += 4) {
      int a = offset + r * stride;
      int b = a + stride;
      int c = b + stride;
      int d = c + stride;
      int i = 0;
      for (; i <= columns - LANES; i += LANES) {
        FloatVector ab =
            FloatVector.fromArray(SPECIES, x, a + i).add(FloatVector.fromArray(SPECIES, x, b + i));
        FloatVector cd =
            FloatVector.fromArray(SPECIES, x, c + i).add(FloatVector.fromArray(SPECIES, x, d + i));
        FloatVector.fromArray(SPECIES, run, i).add(ab.add(cd)).intoArray(run, i);
      }
      for (; i < columns; i++) {
        run[i] += x[a + i] + x[b + i] + (x[c + i] + x[d + i]);
      }
    }
    for (; r < rows; r++) {
      int a = offset + r * stride;
      for (int i = 0; i < columns; i++) {
        run[i] += x[a + i];
      }
    }
  }
}
