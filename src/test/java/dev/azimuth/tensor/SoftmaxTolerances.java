package dev.azimuth.tensor;

import static dev.azimuth.tensor.Tolerances.U;
import static dev.azimuth.tensor.Tolerances.growth;

import java.util.Map;

/** The part of {@link Tolerances} for rows of exponentials. */
final class SoftmaxTolerances {
  /** Roundings of an exponential, a division and a product. */
  private static final double EXPONENTIAL = 8;

  private SoftmaxTolerances() {}

  /**
   * A row of probabilities p_j = exp(x_j - max) / sum. Rounding x_j - max changes p_j by the
   * relative error u·|x_j - max|; the sum's own relative error is the mean of its terms'.
   */
  private record Row(double[] x, int first, int columns, double max, double logSum) {
    static Row of(double[] x, int first, int columns) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = first; j < first + columns; j++) {
        max = Math.max(max, x[j]);
      }
      double sum = 0;
      for (int j = first; j < first + columns; j++) {
        sum += Math.exp(x[j] - max);
      }
      return new Row(x, first, columns, max, Math.log(sum));
    }

    double p(int j) {
      return Math.exp(x[j] - max - logSum);
    }

    /** |x_j - max|; 0 where x_j is masked, since its p is 0 exactly. */
    double distance(int j) {
      return x[j] == Double.NEGATIVE_INFINITY ? 0 : max - x[j];
    }

    /** Relative error of the sum, in u. */
    double sumError() {
      double distances = 0;
      for (int j = first; j < first + columns; j++) {
        distances += p(j) * distance(j);
      }
      return growth(columns) + EXPONENTIAL + distances;
    }
  }

  static Map<String, double[]> softmax(Kernel.Softmax k) {
    double[] x = k.x().toDoubles();
    double[] bounds = new double[x.length];
    for (int i = 0; i < k.rows(); i++) {
      Row row = Row.of(x, i * k.columns(), k.columns());
      double sumError = row.sumError();
      for (int j = row.first; j < row.first + row.columns; j++) {
        bounds[j] = U * row.p(j) * (EXPONENTIAL + row.distance(j) + sumError);
      }
    }
    return Map.of("y", bounds);
  }

  /** y (dy - Σ y dy). */
  static Map<String, double[]> softmaxVjp(Kernel.SoftmaxVjp k) {
    double[] y = k.y().toDoubles();
    double[] dy = k.dy().toDoubles();
    double[] bounds = new double[y.length];
    for (int i = 0; i < k.rows(); i++) {
      int first = i * k.columns();
      double terms = 0;
      for (int j = first; j < first + k.columns(); j++) {
        terms += Math.abs(y[j] * dy[j]);
      }
      for (int j = first; j < first + k.columns(); j++) {
        bounds[j] = U * Math.abs(y[j]) * (3 * Math.abs(dy[j]) + (growth(k.columns()) + 3) * terms);
      }
    }
    return Map.of("dx", bounds);
  }

  /** x - max - ln sum: the logarithm turns the sum's relative error into an absolute one. */
  static Map<String, double[]> logSoftmax(Kernel.LogSoftmax k) {
    double[] x = k.x().toDoubles();
    double[] bounds = new double[x.length];
    for (int i = 0; i < k.rows(); i++) {
      Row row = Row.of(x, i * k.columns(), k.columns());
      double sumError = row.sumError();
      for (int j = row.first; j < row.first + row.columns; j++) {
        bounds[j] = U * (sumError + 3 * Math.abs(row.logSum) + 2 * row.distance(j));
      }
    }
    return Map.of("y", bounds);
  }

  /** dy - exp(y) Σ dy. */
  static Map<String, double[]> logSoftmaxVjp(Kernel.LogSoftmaxVjp k) {
    double[] y = k.y().toDoubles();
    double[] dy = k.dy().toDoubles();
    double[] bounds = new double[y.length];
    for (int i = 0; i < k.rows(); i++) {
      int first = i * k.columns();
      double terms = 0;
      for (int j = first; j < first + k.columns(); j++) {
        terms += Math.abs(dy[j]);
      }
      for (int j = first; j < first + k.columns(); j++) {
        double share = Math.exp(y[j]) * terms;
        bounds[j] = U * (2 * Math.abs(dy[j]) + share * (growth(k.columns()) + EXPONENTIAL));
      }
    }
    return Map.of("dx", bounds);
  }
}
