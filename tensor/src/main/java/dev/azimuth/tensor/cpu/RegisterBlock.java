package dev.azimuth.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loop of every product: 4 rows by 2 vectors of the result stay in registers while k
 * runs.
 *
 * <p>8 accumulators hide the latency of two multiply-adds per cycle and, with the 2 vectors of the
 * right factor and a broadcast in flight, fit 16 registers; taller blocks make the compiler spill
 * unless their left factor is packed first. The left factor is read where it lies, row-major, or
 * from quadruples of rows if it had to be transposed; the right factor is a panel {@code
 * [k][COLUMNS]}.
 */
final class RegisterBlock {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /** Rows of a block. */
  static final int ROWS = 4;

  /** Columns of a block, the width of a panel. */
  static final int COLUMNS = 2 * LANES;

  private RegisterBlock() {}

  /**
   * c = a · b + addend for one block.
   *
   * @param k inner size
   * @param a left factor, {@code a[aStart + row * aStride + p]}
   * @param b right factor's panel, {@code b[bStart + p * COLUMNS + column]}
   * @param addend {@code addend[addStart + row * addStride + column]}; may be c itself
   * @param c result, {@code c[cStart + row * cStride + column]}
   */
  static void multiply(
      int k,
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
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c20 = FloatVector.zero(SPECIES);
    FloatVector c21 = FloatVector.zero(SPECIES);
    FloatVector c30 = FloatVector.zero(SPECIES);
    FloatVector c31 = FloatVector.zero(SPECIES);
    // the loop runs over a's own index: every index is then affine in it and range checks vanish
    for (int p = aStart; p < aStart + k; p++) {
      int q = bStart + (p - aStart) * COLUMNS;
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, q);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, q + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[p]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[p + aStride]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[p + 2 * aStride]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[p + 3 * aStride]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    store(c00, c01, addend, addStart, c, cStart);
    store(c10, c11, addend, addStart + addStride, c, cStart + cStride);
    store(c20, c21, addend, addStart + 2 * addStride, c, cStart + 2 * cStride);
    store(c30, c31, addend, addStart + 3 * addStride, c, cStart + 3 * cStride);
  }

  /**
   * {@link #multiply} for a left factor whose 4 rows are interleaved, as a transposed one is
   * packed.
   *
   * @param k inner size
   * @param a left factor, {@code a[aStart + p * ROWS + row]}
   * @param b right factor's panel, {@code b[bStart + p * COLUMNS + column]}
   * @param addend {@code addend[addStart + row * addStride + column]}; may be c itself
   * @param c result, {@code c[cStart + row * cStride + column]}
   */
  static void multiplyInterleaved(
      int k,
      float[] a,
      int aStart,
      float[] b,
      int bStart,
      float[] addend,
      int addStart,
      int addStride,
      float[] c,
      int cStart,
      int cStride) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c20 = FloatVector.zero(SPECIES);
    FloatVector c21 = FloatVector.zero(SPECIES);
    FloatVector c30 = FloatVector.zero(SPECIES);
    FloatVector c31 = FloatVector.zero(SPECIES);
    for (int p = aStart; p < aStart + k * ROWS; p += ROWS) {
      int q = bStart + (p - aStart) * (COLUMNS / ROWS);
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, q);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, q + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[p]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[p + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[p + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[p + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    store(c00, c01, addend, addStart, c, cStart);
    store(c10, c11, addend, addStart + addStride, c, cStart + cStride);
    store(c20, c21, addend, addStart + 2 * addStride, c, cStart + 2 * cStride);
    store(c30, c31, addend, addStart + 3 * addStride, c, cStart + 3 * cStride);
  }

  /** y += x for {@code count} neighbours, a multiple of the vector's. */
  static void add(float[] x, int xStart, int count, float[] y, int yStart) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, y, yStart + i)
          .add(FloatVector.fromArray(SPECIES, x, xStart + i))
          .intoArray(y, yStart + i);
    }
  }

  private static void store(
      FloatVector left, FloatVector right, float[] addend, int from, float[] c, int to) {
    left.add(FloatVector.fromArray(SPECIES, addend, from)).intoArray(c, to);
    right.add(FloatVector.fromArray(SPECIES, addend, from + LANES)).intoArray(c, to + LANES);
  }
}
