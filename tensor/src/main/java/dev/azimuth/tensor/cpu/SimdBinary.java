package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

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

    float element(int i) {
      return values[offset + i * step];
    }

    FloatVector vector(int i) {
      return FloatVector.fromArray(SPECIES, values, offset + i * step);
    }
  }

  private static void row(
      BinaryFunction f, Operand left, Operand right, float[] y, int offset, int count) {
    switch (f) {
      case ADD -> add(left, right, y, offset, count);
      case SUBTRACT -> subtract(left, right, y, offset, count);
      case MULTIPLY -> multiply(left, right, y, offset, count);
      case DIVIDE -> divide(left, right, y, offset, count);
      case MAXIMUM, MINIMUM, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, EQUAL, NOT_EQUAL -> {
        for (int i = 0; i < count; i++) {
          y[offset + i] = (float) f.value(left.element(i), right.element(i));
        }
      }
    }
  }

  // One loop per function: with the choice inside a loop the vectors would go through memory as
  // objects.

  private static void add(Operand left, Operand right, float[] y, int offset, int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      left.vector(i).add(right.vector(i)).intoArray(y, offset + i);
    }
    for (; i < count; i++) {
      y[offset + i] = left.element(i) + right.element(i);
    }
  }

  private static void subtract(Operand left, Operand right, float[] y, int offset, int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      left.vector(i).sub(right.vector(i)).intoArray(y, offset + i);
    }
    for (; i < count; i++) {
      y[offset + i] = left.element(i) - right.element(i);
    }
  }

  private static void multiply(Operand left, Operand right, float[] y, int offset, int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      left.vector(i).mul(right.vector(i)).intoArray(y, offset + i);
    }
    for (; i < count; i++) {
      y[offset + i] = left.element(i) * right.element(i);
    }
  }

  private static void divide(Operand left, Operand right, float[] y, int offset, int count) {
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      left.vector(i).div(right.vector(i)).intoArray(y, offset + i);
    }
    for (; i < count; i++) {
      y[offset + i] = left.element(i) / right.element(i);
    }
  }
}
