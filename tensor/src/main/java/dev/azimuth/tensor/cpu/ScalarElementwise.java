package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.ErrorFunction;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.IntToDoubleFunction;

/** Element-wise kernels of the oracle. */
final class ScalarElementwise {
  private static final int ELEMENTS_PER_TASK = 1 << 12;

  private ScalarElementwise() {}

  /** y_i = f(i) for every element of y. */
  private static void map(WorkPool pool, Tensor y, IntToDoubleFunction f) {
    double[] out = new double[y.shape().size()];
    forEach(pool, out.length, i -> out[i] = f.applyAsDouble(i));
    Elements.store(out, y);
  }

  /** Runs {@code body} for 0 .. size - 1. */
  static void forEach(WorkPool pool, int size, IntConsumer body) {
    pool.run(
        Math.ceilDiv(size, ELEMENTS_PER_TASK),
        task -> {
          int from = task * ELEMENTS_PER_TASK;
          int to = Math.min(size, from + ELEMENTS_PER_TASK);
          for (int i = from; i < to; i++) {
            body.accept(i);
          }
        });
  }

  static void fill(Kernel.Fill kernel) {
    double[] out = new double[kernel.y().shape().size()];
    Arrays.fill(out, kernel.value());
    Elements.store(out, kernel.y());
  }

  static void unary(WorkPool pool, Kernel.Unary kernel) {
    double[] x = Elements.of(kernel.x());
    map(pool, kernel.y(), i -> kernel.function().value(x[i]));
  }

  static void unaryVjp(WorkPool pool, Kernel.UnaryVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] y = Elements.of(kernel.y());
    double[] dy = Elements.of(kernel.dy());
    map(pool, kernel.dx(), i -> dy[i] * kernel.function().derivative(x[i], y[i]));
  }

  static void affine(WorkPool pool, Kernel.Affine kernel) {
    double[] x = Elements.of(kernel.x());
    map(pool, kernel.y(), i -> kernel.scale() * x[i] + kernel.shift());
  }

  static void clamp(WorkPool pool, Kernel.Clamp kernel) {
    double[] x = Elements.of(kernel.x());
    map(pool, kernel.y(), i -> Math.min(Math.max(x[i], kernel.low()), kernel.high()));
  }

  static void clampVjp(WorkPool pool, Kernel.ClampVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] dy = Elements.of(kernel.dy());
    map(pool, kernel.dx(), i -> kernel.low() <= x[i] && x[i] <= kernel.high() ? dy[i] : 0);
  }

  static void binary(WorkPool pool, Kernel.Binary kernel) {
    double[] a = Elements.of(kernel.a());
    double[] b = Elements.of(kernel.b());
    Shape shape = kernel.y().shape();
    int[] aStrides = kernel.a().shape().broadcastStrides(shape);
    int[] bStrides = kernel.b().shape().broadcastStrides(shape);
    map(
        pool,
        kernel.y(),
        i ->
            kernel
                .function()
                .value(a[position(i, shape, aStrides)], b[position(i, shape, bStrides)]));
  }

  /** Where an operand with these strides keeps what belongs to element {@code i} of a shape. */
  private static int position(int i, Shape shape, int[] strides) {
    int rest = i;
    int position = 0;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      position += rest % shape.dim(axis) * strides[axis];
      rest /= shape.dim(axis);
    }
    return position;
  }

  static void select(WorkPool pool, Kernel.Select kernel) {
    double[] condition = Elements.of(kernel.condition());
    double[] a = Elements.of(kernel.a());
    double[] b = Elements.of(kernel.b());
    map(pool, kernel.y(), i -> condition[i] != 0 ? a[i] : b[i]);
  }

  static void geglu(WorkPool pool, Kernel.Geglu kernel) {
    double[] x = Elements.of(kernel.x());
    int d = kernel.y().shape().dim(-1);
    map(
        pool,
        kernel.y(),
        i -> {
          int a = i / d * 2 * d + i % d;
          return x[a] * UnaryFunction.GELU.value(x[a + d]);
        });
  }

  static void gegluVjp(WorkPool pool, Kernel.GegluVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] dy = Elements.of(kernel.dy());
    double[] dx = new double[x.length];
    int d = kernel.dy().shape().dim(-1);
    forEach(
        pool,
        dy.length,
        i -> {
          int a = i / d * 2 * d + i % d;
          double g = x[a + d];
          double phi = ErrorFunction.normalCdf(g);
          dx[a] = dy[i] * g * phi;
          dx[a + d] = dy[i] * x[a] * (phi + g * ErrorFunction.normalPdf(g));
        });
    Elements.store(dx, kernel.dx());
  }
}
