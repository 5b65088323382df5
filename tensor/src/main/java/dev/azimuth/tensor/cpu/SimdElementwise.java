package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.UnaryFunction;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Element-wise kernels of one shape on float32 vectors. */
final class SimdElementwise {
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
    Ranges.split(pool, y.length, 1, (from, to) -> unary(f, x, y, from, to));
  }

  private static void unary(UnaryFunction f, float[] x, float[] y, int from, int to) {
    switch (f) {
      case SQRT, LOG, SIN, COS, SOFTPLUS -> {
        for (int i = from; i < to; i++) {
          y[i] = (float) f.value(x[i]);
        }
      }
      default -> {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
          value(f, FloatVector.fromArray(SPECIES, x, i)).intoArray(y, i);
        }
        if (i < to) {
          VectorMask<Float> tail = VectorMath.mask(i, to);
          value(f, FloatVector.fromArray(SPECIES, x, i, tail)).intoArray(y, i, tail);
        }
      }
    }
  }

  private static FloatVector value(UnaryFunction f, FloatVector x) {
    return switch (f) {
      case NEGATE -> x.neg();
      case ABS -> x.abs();
      case SQUARE -> x.mul(x);
      case RECIPROCAL -> FloatVector.broadcast(SPECIES, 1f).div(x);
      case EXP -> VectorMath.exp(x);
      case TANH -> VectorMath.tanh(x);
      case SIGMOID -> VectorMath.sigmoid(x);
      case SILU -> x.mul(VectorMath.sigmoid(x));
      case GELU -> VectorMath.gelu(x);
      case QUICK_GELU -> x.mul(VectorMath.sigmoid(x.mul(1.702f)));
      case SQRT, LOG, SIN, COS, SOFTPLUS -> throw new AssertionError(f + " has a scalar loop");
    };
  }

  static void run(Kernel.UnaryVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    UnaryFunction f = kernel.function();
    Ranges.split(pool, dx.length, 1, (from, to) -> unaryVjp(f, x, y, dy, dx, from, to));
  }

  private static void unaryVjp(
      UnaryFunction f, float[] x, float[] y, float[] dy, float[] dx, int from, int to) {
    switch (f) {
      case SIN, COS -> {
        for (int i = from; i < to; i++) {
          dx[i] = (float) (dy[i] * f.derivative(x[i], y[i]));
        }
      }
      default -> {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
          FloatVector vx = FloatVector.fromArray(SPECIES, x, i);
          FloatVector vy = FloatVector.fromArray(SPECIES, y, i);
          slope(f, vx, vy).mul(FloatVector.fromArray(SPECIES, dy, i)).intoArray(dx, i);
        }
        if (i < to) {
          VectorMask<Float> tail = VectorMath.mask(i, to);
          FloatVector vx = FloatVector.fromArray(SPECIES, x, i, tail);
          FloatVector vy = FloatVector.fromArray(SPECIES, y, i, tail);
          FloatVector vdy = FloatVector.fromArray(SPECIES, dy, i, tail);
          slope(f, vx, vy).mul(vdy).intoArray(dx, i, tail);
        }
      }
    }
  }

  private static FloatVector slope(UnaryFunction f, FloatVector x, FloatVector y) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    return switch (f) {
      case NEGATE -> one.neg();
      case ABS -> signum(x);
      case SQUARE -> x.add(x);
      case RECIPROCAL -> y.mul(y).neg();
      case EXP -> y;
      case LOG -> one.div(x);
      case SQRT -> FloatVector.broadcast(SPECIES, 0.5f).div(y);
      case TANH -> y.neg().fma(y, one);
      case SIGMOID -> one.sub(y).mul(y);
      case SILU -> VectorMath.siluSlope(x, VectorMath.sigmoid(x));
      case GELU -> VectorMath.geluSlope(x);
      case QUICK_GELU -> {
        FloatVector t = x.mul(1.702f);
        yield VectorMath.siluSlope(t, VectorMath.sigmoid(t));
      }
      case SOFTPLUS -> VectorMath.sigmoid(x);
      case SIN, COS -> throw new AssertionError(f + " has a scalar loop");
    };
  }

  private static FloatVector signum(FloatVector x) {
    // x itself where it is 0 or NaN
    return x.blend(1f, x.compare(VectorOperators.GT, 0f))
        .blend(-1f, x.compare(VectorOperators.LT, 0f));
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
