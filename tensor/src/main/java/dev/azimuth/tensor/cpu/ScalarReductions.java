package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;

/** Sums and maxima along an axis, and the softmax family, of the oracle. */
final class ScalarReductions {
  private ScalarReductions() {}

  static void reduce(WorkPool pool, Kernel.Reduce kernel) {
    double[] x = Elements.of(kernel.x());
    double[] y = new double[kernel.y().shape().size()];
    int reduced = kernel.reduced();
    int inner = kernel.inner();
    ScalarElementwise.forEach(
        pool,
        kernel.outer() * inner,
        i -> {
          int first = i / inner * reduced * inner + i % inner;
          y[i] =
              switch (kernel.reduction()) {
                case SUM -> sum(x, first, inner, reduced);
                case MEAN -> sum(x, first, inner, reduced) / reduced;
                case MAX -> max(x, first, inner, reduced);
              };
        });
    Elements.store(y, kernel.y());
  }

  private static double sum(double[] x, int first, int stride, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += x[first + i * stride];
    }
    return sum;
  }

  private static double max(double[] x, int first, int stride, int count) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      max = Math.max(max, x[first + i * stride]);
    }
    return max;
  }

  /** Sum of exp(x - max) over a row. */
  private static double sumOfExponentials(double[] x, int first, int columns, double max) {
    double sum = 0;
    for (int j = 0; j < columns; j++) {
      sum += Math.exp(x[first + j] - max);
    }
    return sum;
  }

  static void softmax(WorkPool pool, Kernel.Softmax kernel) {
    double[] x = Elements.of(kernel.x());
    double[] y = new double[x.length];
    int columns = kernel.columns();
    pool.run(
        kernel.rows(),
        row -> {
          int first = row * columns;
          double max = max(x, first, 1, columns);
          double sum = sumOfExponentials(x, first, columns, max);
          for (int j = first; j < first + columns; j++) {
            y[j] = Math.exp(x[j] - max) / sum;
          }
        });
    Elements.store(y, kernel.y());
  }

  static void softmaxVjp(WorkPool pool, Kernel.SoftmaxVjp kernel) {
    double[] y = Elements.of(kernel.y());
    double[] dy = Elements.of(kernel.dy());
    double[] dx = new double[y.length];
    int columns = kernel.columns();
    pool.run(
        kernel.rows(),
        row -> {
          int first = row * columns;
          double sum = 0;
          for (int j = first; j < first + columns; j++) {
            sum += y[j] * dy[j];
          }
          for (int j = first; j < first + columns; j++) {
            dx[j] = y[j] * (dy[j] - sum);
          }
        });
    Elements.store(dx, kernel.dx());
  }

  static void logSoftmax(WorkPool pool, Kernel.LogSoftmax kernel) {
    double[] x = Elements.of(kernel.x());
    double[] y = new double[x.length];
    int columns = kernel.columns();
    pool.run(
        kernel.rows(),
        row -> {
          int first = row * columns;
          double max = max(x, first, 1, columns);
          double logSum = Math.log(sumOfExponentials(x, first, columns, max));
          for (int j = first; j < first + columns; j++) {
            y[j] = x[j] - max - logSum;
          }
        });
    Elements.store(y, kernel.y());
  }

  static void logSoftmaxVjp(WorkPool pool, Kernel.LogSoftmaxVjp kernel) {
    double[] y = Elements.of(kernel.y());
    double[] dy = Elements.of(kernel.dy());
    double[] dx = new double[y.length];
    int columns = kernel.columns();
    pool.run(
        kernel.rows(),
        row -> {
          int first = row * columns;
          double sum = sum(dy, first, 1, columns);
          for (int j = first; j < first + columns; j++) {
            dx[j] = dy[j] - Math.exp(y[j]) * sum;
          }
        });
    Elements.store(dx, kernel.dx());
  }
}
