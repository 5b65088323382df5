package dev.azimuth.autograd;

import java.util.function.DoubleFunction;

/**
 * A derivative by central differences, extrapolated to step 0.
 *
 * <p>Central differences at steps h, h/2, h/4, ... have errors in even powers of h, which Neville's
 * scheme removes one after the other (Ridders 1982, "Accurate computation of F'(x) and F'(x)
 * F''(x)"). The entry of least apparent error is taken: beyond it, rounding grows faster than the
 * powers vanish. In float64 that leaves some 1e-12 of smooth functions of order 1, where a single
 * difference leaves 1e-10 at best.
 *
 * @param value the derivative of {@code sum(u * y(t))} in t at 0
 * @param error how far the neighbouring entries of the scheme are from it
 */
record DifferenceQuotient(double value, double error) {
  private static final int LEVELS = 10;

  /**
   * The derivative at 0 of {@code sum(u * y(t))}.
   *
   * @param y values at t; smooth for |t| up to {@code step}
   * @param u what each value is weighted by
   * @param step the first h
   * @param enough relative error at which no smaller step is tried
   */
  static DifferenceQuotient of(DoubleFunction<double[]> y, double[] u, double step, double enough) {
    double[] row = {central(y, u, step)};
    DifferenceQuotient best = new DifferenceQuotient(row[0], Double.POSITIVE_INFINITY);
    double h = step;
    for (int level = 1; level < LEVELS; level++) {
      h /= 2;
      double[] next = new double[level + 1];
      next[0] = central(y, u, h);
      double power = 1;
      for (int j = 1; j <= level; j++) {
        power *= 4;
        next[j] = next[j - 1] + (next[j - 1] - row[j - 1]) / (power - 1);
        double error = Math.max(Math.abs(next[j] - next[j - 1]), Math.abs(next[j] - row[j - 1]));
        if (error <= best.error) {
          best = new DifferenceQuotient(next[j], error);
        }
      }
      boolean isGrowing = Math.abs(next[level] - row[level - 1]) > 2 * best.error;
      if (best.error <= enough * Math.abs(best.value) || (isGrowing && level > 2)) {
        break;
      }
      row = next;
    }
    return best;
  }

  private static double central(DoubleFunction<double[]> y, double[] u, double h) {
    double[] plus = y.apply(h);
    double[] minus = y.apply(-h);
    // subtracting before summing keeps what the values have in common out of the sum
    double sum = 0;
    double lost = 0;
    for (int i = 0; i < u.length; i++) {
      double term = u[i] * (plus[i] - minus[i]) - lost;
      double total = sum + term;
      lost = total - sum - term;
      sum = total;
    }
    return sum / (2 * h);
  }
}
