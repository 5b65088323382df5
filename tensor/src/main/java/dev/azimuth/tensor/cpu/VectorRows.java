package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Reductions of a contiguous run of floats. Sums are kept in float per lane for {@link #BLOCK}
 * elements at a time, and in double across blocks, so that the error doesn't grow with length.
 */
final class VectorRows {
  private static final int BLOCK = 64 * LANES;

  private VectorRows() {}

  /** The largest of {@code count} elements; negative infinity if there are none. */
  static float max(float[] x, int offset, int count) {
    FloatVector m0 = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    int i = 0;
    for (; i <= count - 2 * LANES; i += 2 * LANES) {
      m0 = m0.max(FloatVector.fromArray(SPECIES, x, offset + i));
      m1 = m1.max(FloatVector.fromArray(SPECIES, x, offset + i + LANES));
    }
    float max = m0.max(m1).reduceLanes(VectorOperators.MAX);
    for (; i < count; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  /**
   * Sum of the lanes in a fixed order: {@code reduceLanes} leaves the order open, and compiled code
   * takes another one than interpreted code.
   */
  static float sum(FloatVector v) {
    float[] lanes = v.toArray();
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /** Sum of {@code count} elements. */
  static double sum(float[] x, int offset, int count) {
    double sum = 0;
    for (int from = 0; from < count; from += BLOCK) {
      sum += blockSum(x, offset + from, Math.min(BLOCK, count - from));
    }
    return sum;
  }

  private static double blockSum(float[] x, int offset, int count) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= count - 2 * LANES; i += 2 * LANES) {
      s0 = s0.add(FloatVector.fromArray(SPECIES, x, offset + i));
      s1 = s1.add(FloatVector.fromArray(SPECIES, x, offset + i + LANES));
    }
    double sum = sum(s0.add(s1));
    for (; i < count; i++) {
      sum += x[offset + i];
    }
    return sum;
  }

  /** Sets {@code moments} to the sums of x - center and of its square. */
  static void moments(float[] x, int offset, int count, float center, double[] moments) {
    Arrays.fill(moments, 0);
    for (int from = 0; from < count; from += BLOCK) {
      addMoments(x, offset + from, Math.min(BLOCK, count - from), center, moments);
    }
  }

  private static void addMoments(float[] x, int offset, int count, float center, double[] moments) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector q0 = s0;
    FloatVector q1 = s0;
    int i = 0;
    for (; i <= count - 2 * LANES; i += 2 * LANES) {
      FloatVector d0 = FloatVector.fromArray(SPECIES, x, offset + i).sub(center);
      FloatVector d1 = FloatVector.fromArray(SPECIES, x, offset + i + LANES).sub(center);
      s0 = s0.add(d0);
      s1 = s1.add(d1);
      q0 = d0.fma(d0, q0);
      q1 = d1.fma(d1, q1);
    }
    double sum = sum(s0.add(s1));
    double squares = sum(q0.add(q1));
    for (; i < count; i++) {
      float d = x[offset + i] - center;
      sum += d;
      squares += d * d;
    }
    moments[0] += sum;
    moments[1] += squares;
  }

  /** Sum of a·b. */
  static double dot(float[] a, int aOffset, float[] b, int bOffset, int count) {
    double sum = 0;
    for (int from = 0; from < count; from += BLOCK) {
      sum += blockDot(a, aOffset + from, b, bOffset + from, Math.min(BLOCK, count - from));
    }
    return sum;
  }

  private static double blockDot(float[] a, int aOffset, float[] b, int bOffset, int count) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= count - 2 * LANES; i += 2 * LANES) {
      FloatVector a0 = FloatVector.fromArray(SPECIES, a, aOffset + i);
      FloatVector a1 = FloatVector.fromArray(SPECIES, a, aOffset + i + LANES);
      s0 = a0.fma(FloatVector.fromArray(SPECIES, b, bOffset + i), s0);
      s1 = a1.fma(FloatVector.fromArray(SPECIES, b, bOffset + i + LANES), s1);
    }
    double sum = sum(s0.add(s1));
    for (; i < count; i++) {
      sum += (double) a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  /** Writes y = exp(x - shift), where shift is at least x's maximum, and returns the sum of y. */
  static double exp(float[] x, int offset, float shift, float[] y, int yOffset, int count) {
    double sum = 0;
    for (int from = 0; from < count; from += BLOCK) {
      int size = Math.min(BLOCK, count - from);
      sum += blockExp(x, offset + from, shift, y, yOffset + from, size);
    }
    return sum;
  }

  private static double blockExp(
      float[] x, int offset, float shift, float[] y, int yOffset, int count) {
    FloatVector sum = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector d = FloatVector.fromArray(SPECIES, x, offset + i).sub(shift);
      FloatVector e = VectorMath.boundedExp(d);
      e.intoArray(y, yOffset + i);
      sum = sum.add(e);
    }
    double total = sum(sum);
    for (; i < count; i++) {
      float e = (float) Math.exp(x[offset + i] - shift);
      y[yOffset + i] = e;
      total += e;
    }
    return total;
  }

  /** Multiplies {@code count} elements by {@code factor}. */
  static void scale(float[] x, int offset, int count, float factor) {
    for (int i = offset; i < offset + count; i++) {
      x[i] *= factor;
    }
  }
}
