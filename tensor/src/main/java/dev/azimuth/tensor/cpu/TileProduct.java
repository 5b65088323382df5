package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/** Products of a row-major matrix with one panel {@code [depth][COLUMNS]}, for any row count. */
final class TileProduct {
  /** Columns of a panel and of the result. */
  static final int COLUMNS = RegisterBlock.COLUMNS;

  private static final float[] ZEROS = new float[COLUMNS];

  private TileProduct() {}

  /** c = a · b; strides are distances between rows. */
  static void set(
      int rows,
      int depth,
      float[] a,
      int aStart,
      int aStride,
      float[] b,
      int bStart,
      float[] c,
      int cStart,
      int cStride) {
    run(rows, depth, a, aStart, aStride, b, bStart, ZEROS, 0, 0, c, cStart, cStride);
  }

  /** c = c + a · b; strides are distances between rows. */
  static void add(
      int rows,
      int depth,
      float[] a,
      int aStart,
      int aStride,
      float[] b,
      int bStart,
      float[] c,
      int cStart,
      int cStride) {
    run(rows, depth, a, aStart, aStride, b, bStart, c, cStart, cStride, c, cStart, cStride);
  }

  private static void run(
      int rows,
      int depth,
      float[] a,
      int aStart,
      int aStride,
      float[] b,
      int bStart,
      float[] addend,
      int addStart,
      int addStride,
      float[] c,
      int cStart,
      int cStride) {
    int row = 0;
    for (; row <= rows - RegisterBlock.ROWS; row += RegisterBlock.ROWS) {
      RegisterBlock.multiply(
          depth,
          a,
          aStart + row * aStride,
          aStride,
          b,
          bStart,
          addend,
          addStart + row * addStride,
          addStride,
          c,
          cStart + row * cStride,
          cStride);
    }
    for (; row < rows; row++) {
      int from = aStart + row * aStride;
      int plus = addStart + row * addStride;
      int to = cStart + row * cStride;
      FloatVector left = FloatVector.zero(SPECIES);
      FloatVector right = left;
      for (int p = from; p < from + depth; p++) {
        int q = bStart + (p - from) * COLUMNS;
        FloatVector factor = FloatVector.broadcast(SPECIES, a[p]);
        left = factor.fma(FloatVector.fromArray(SPECIES, b, q), left);
        right = factor.fma(FloatVector.fromArray(SPECIES, b, q + LANES), right);
      }
      left.add(FloatVector.fromArray(SPECIES, addend, plus)).intoArray(c, to);
      right.add(FloatVector.fromArray(SPECIES, addend, plus + LANES)).intoArray(c, to + LANES);
    }
  }
}
