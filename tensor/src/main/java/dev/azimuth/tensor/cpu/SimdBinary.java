package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Binary element-wise kernels with broadcasting.
 *
 * <p>Neighbouring axes along which both operands step alike are merged first: equal shapes become
 * one long row, a bias [C] and a per-sample vector [N, 1, 1, C] become rows of C. What remains is a
 * loop over rows in which each operand either advances or stands still.
 */
final class SimdBinary {
  private SimdBinary() {}

  static void run(Kernel.Binary kernel, WorkPool pool) {
    float[] a = HostBuffer.floats(kernel.a());
    float[] b = HostBuffer.floats(kernel.b());
    float[] y = HostBuffer.floats(kernel.y());
    if (y.length == 0) {
      return;
    }
    BinaryFunction f = kernel.function();
    Strided grid =
        Strided.merged(
            kernel.y().shape().toArray(),
            kernel.a().shape().broadcastStrides(kernel.y().shape()),
            kernel.b().shape().broadcastStrides(kernel.y().shape()));
    int last = grid.rank() - 1;
    int columns = grid.size(last);
    int rows = y.length / columns;
    boolean isScalarA = grid.xStride(last) == 0;
    boolean isScalarB = grid.yStride(last) == 0;
    if (rows == 1) {
      Ranges.split(
          pool,
          columns,
          1,
          (from, to) -> {
            Operand left = new Operand(a, isScalarA);
            Operand right = new Operand(b, isScalarB);
            left.moveTo(isScalarA ? 0 : from);
            right.moveTo(isScalarB ? 0 : from);
            row(f, left, right, y, from, to - from);
          });
      return;
    }
    Ranges.split(
        pool,
        rows,
        columns,
        (from, to) -> {
          Operand left = new Operand(a, isScalarA);
          Operand right = new Operand(b, isScalarB);
          Strided.Cursor cursor = grid.cursor(last, from);
          for (int row = from; row < to; row++) {
            left.moveTo(cursor.x());
            right.moveTo(cursor.y());
            row(f, left, right, y, row * columns, columns);
            cursor.advance();
          }
        });
  }

  /** An operand along a row: its own elements, or one of them in every lane. */
  private static final class Operand {
    private final float[] source;
    private final float[] values;
    // what an index into the row is multiplied by
    private final int step;
    private int offset;

    Operand(float[] source, boolean isScalar) {
      this.source = source;
      this.values = isScalar ? new float[LANES] : source;
      this.step = isScalar ? 0 : 1;
    }

    void moveTo(int position) {
      if (step == 1) {
        offset = position;
      } else {
        Arrays.fill(values, source[position]);
      }
    }
  }

  private static void row(
      BinaryFunction f, Operand left, Operand right, float[] y, int offset, int count) {
    float[] a = left.values;
    float[] b = right.values;
    int aStep = left.step;
    int bStep = right.step;
    int aOffset = left.offset;
    int bOffset = right.offset;
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector p = FloatVector.fromArray(SPECIES, a, aOffset + i * aStep);
      FloatVector q = FloatVector.fromArray(SPECIES, b, bOffset + i * bStep);
      value(f, p, q).intoArray(y, offset + i);
    }
    if (i < count) {
      VectorMask<Float> tail = VectorMath.mask(i, count);
      FloatVector p = FloatVector.fromArray(SPECIES, a, aOffset + i * aStep, tail);
      FloatVector q = FloatVector.fromArray(SPECIES, b, bOffset + i * bStep, tail);
      value(f, p, q).intoArray(y, offset + i, tail);
    }
  }

  private static FloatVector value(BinaryFunction f, FloatVector a, FloatVector b) {
    return switch (f) {
      case ADD -> a.add(b);
      case SUBTRACT -> a.sub(b);
      case MULTIPLY -> a.mul(b);
      case DIVIDE -> a.div(b);
      case MAXIMUM -> a.max(b);
      case MINIMUM -> a.min(b);
      case LESS -> indicator(a.compare(VectorOperators.LT, b));
      case LESS_OR_EQUAL -> indicator(a.compare(VectorOperators.LE, b));
      case GREATER -> indicator(a.compare(VectorOperators.GT, b));
      case GREATER_OR_EQUAL -> indicator(a.compare(VectorOperators.GE, b));
      case EQUAL -> indicator(a.compare(VectorOperators.EQ, b));
      case NOT_EQUAL -> indicator(a.compare(VectorOperators.NE, b));
    };
  }

  private static FloatVector indicator(VectorMask<Float> mask) {
    return FloatVector.zero(SPECIES).blend(1f, mask);
  }
}
