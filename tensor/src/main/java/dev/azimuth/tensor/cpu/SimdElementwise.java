package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.UnaryFunction;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** Element-wise kernels of one shape on float32 vectors. */
final class SimdElementwise {
  private static final float QUICK_GELU_SCALE = 1.702f;

  private SimdElementwise() {}

  static void run(Kernel.Fill kernel, WorkPool pool) {
    float[] y = HostBuffer.floats(kernel.y());
    float value = (float) kernel.value();
    Ranges.split(pool, y.length, 1, (from, to) -> Arrays.fill(y, from, to, value));
  }

  static void run(Kernel.Unary kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    UnaryFunction f = kernel.function();
    Ranges.split(
        pool,
        y.length,
        1,
        (from, to) -> {
          int whole = to - (to - from) % LANES;
          unary(f, x, y, from, whole);
          float[] value = new float[LANES];
          System.arraycopy(x, whole, value, 0, to - whole);
          float[] result = new float[LANES];
          unary(f, value, result, 0, LANES);
          System.arraycopy(result, 0, y, whole, to - whole);
        });
  }

  // One loop per function: with the choice inside a loop the vectors would go through memory as
  // objects. Counts are multiples of the lanes.

  private static void unary(UnaryFunction f, float[] x, float[] y, int from, int to) {
    switch (f) {
      case EXP -> exp(x, y, from, to);
      case TANH -> tanh(x, y, from, to);
      case SIGMOID -> sigmoid(x, y, from, to);
      case SILU -> silu(x, y, 1f, from, to);
      case QUICK_GELU -> silu(x, y, QUICK_GELU_SCALE, from, to);
      case GELU -> {
        gaussian(x, y, from, to);
        gelu(x, y, from, to);
      }
      case NEGATE -> {
        for (int i = from; i < to; i++) {
          y[i] = -x[i];
        }
      }
      case ABS -> {
        for (int i = from; i < to; i++) {
          y[i] = Math.abs(x[i]);
        }
      }
      case SQUARE -> {
        for (int i = from; i < to; i++) {
          y[i] = x[i] * x[i];
        }
      }
      case RECIPROCAL -> {
        for (int i = from; i < to; i++) {
          y[i] = 1f / x[i];
        }
      }
      case SQRT -> {
        for (int i = from; i < to; i++) {
          y[i] = (float) Math.sqrt(x[i]);
        }
      }
      case LOG, SIN, COS, SOFTPLUS -> {
        for (int i = from; i < to; i++) {
          y[i] = (float) f.value(x[i]);
        }
      }
    }
  }

  private static void exp(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      VectorMath.exp(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
    }
  }

  private static void tanh(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      VectorMath.tanh(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
    }
  }

  private static void sigmoid(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      VectorMath.sigmoid(FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
    }
  }

  /** y = x σ(scale x). */
  private static void silu(float[] x, float[] y, float scale, int from, int to) {
    FloatVector factor = FloatVector.broadcast(SPECIES, scale);
    for (int i = from; i < to; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      v.mul(VectorMath.sigmoid(v.mul(factor))).intoArray(y, i);
    }
  }

  private static void gaussian(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector t = VectorMath.distance(FloatVector.fromArray(SPECIES, x, i));
      VectorMath.gaussian(t).intoArray(y, i);
    }
  }

  /** y from exp(-x²/2) to x Φ(x). */
  private static void gelu(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector e = FloatVector.fromArray(SPECIES, y, i);
      v.mul(VectorMath.normalCdf(v, e)).intoArray(y, i);
    }
  }

  static void run(Kernel.UnaryVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    UnaryFunction f = kernel.function();
    Ranges.split(
        pool,
        dx.length,
        1,
        (from, to) -> {
          int whole = to - (to - from) % LANES;
          slope(f, x, y, dx, from, whole);
          float[] argument = new float[LANES];
          float[] value = new float[LANES];
          float[] slope = new float[LANES];
          System.arraycopy(x, whole, argument, 0, to - whole);
          System.arraycopy(y, whole, value, 0, to - whole);
          slope(f, argument, value, slope, 0, LANES);
          System.arraycopy(slope, 0, dx, whole, to - whole);
          for (int i = from; i < to; i++) {
            dx[i] *= dy[i];
          }
        });
  }

  /** Writes f'(x) to dx; counts are multiples of the lanes. */
  private static void slope(UnaryFunction f, float[] x, float[] y, float[] dx, int from, int to) {
    switch (f) {
      case SILU -> siluSlope(x, dx, 1f, from, to);
      case QUICK_GELU -> siluSlope(x, dx, QUICK_GELU_SCALE, from, to);
      case GELU -> {
        gaussian(x, dx, from, to);
        geluSlope(x, dx, from, to);
      }
      case SOFTPLUS -> sigmoid(x, dx, from, to);
      case EXP -> System.arraycopy(y, from, dx, from, to - from);
      case NEGATE -> Arrays.fill(dx, from, to, -1f);
      case SQUARE -> {
        for (int i = from; i < to; i++) {
          dx[i] = 2 * x[i];
        }
      }
      case TANH -> {
        for (int i = from; i < to; i++) {
          dx[i] = 1 - y[i] * y[i];
        }
      }
      case SIGMOID -> {
        for (int i = from; i < to; i++) {
          dx[i] = y[i] * (1 - y[i]);
        }
      }
      case ABS, RECIPROCAL, LOG, SQRT, SIN, COS -> {
        for (int i = from; i < to; i++) {
          dx[i] = (float) f.derivative(x[i], y[i]);
        }
      }
    }
  }

  /** dx = derivative of x σ(scale x). */
  private static void siluSlope(float[] x, float[] dx, float scale, int from, int to) {
    FloatVector factor = FloatVector.broadcast(SPECIES, scale);
    for (int i = from; i < to; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i).mul(factor);
      VectorMath.siluSlope(v, VectorMath.sigmoid(v)).intoArray(dx, i);
    }
  }

  /** dx from exp(-x²/2) to Φ(x) + x φ(x). */
  private static void geluSlope(float[] x, float[] dx, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector e = FloatVector.fromArray(SPECIES, dx, i);
      FloatVector cdf = VectorMath.normalCdf(v, e);
      v.fma(VectorMath.normalPdf(e), cdf).intoArray(dx, i);
    }
  }

  static void run(Kernel.Affine kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    float scale = (float) kernel.scale();
    float shift = (float) kernel.shift();
    Ranges.split(
        pool,
        y.length,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            y[i] = Math.fma(scale, x[i], shift);
          }
        });
  }

  static void run(Kernel.Clamp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    float low = (float) kernel.low();
    float high = (float) kernel.high();
    Ranges.split(
        pool,
        y.length,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            y[i] = Math.min(Math.max(x[i], low), high);
          }
        });
  }

  static void run(Kernel.ClampVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    double low = kernel.low();
    double high = kernel.high();
    Ranges.split(
        pool,
        dx.length,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0f;
          }
        });
  }

  static void run(Kernel.Select kernel, WorkPool pool) {
    float[] condition = HostBuffer.floats(kernel.condition());
    float[] a = HostBuffer.floats(kernel.a());
    float[] b = HostBuffer.floats(kernel.b());
    float[] y = HostBuffer.floats(kernel.y());
    Ranges.split(
        pool,
        y.length,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            y[i] = condition[i] != 0f ? a[i] : b[i];
          }
        });
  }
}
