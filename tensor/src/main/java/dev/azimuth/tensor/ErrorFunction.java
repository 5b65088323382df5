package dev.azimuth.tensor;

/**
 * The normal distribution function Φ to double precision, for the exact GELU.
 *
 * <p>erf by its Maclaurin series near 0 and erfc by Lentz's continued fraction further out
 * (Abramowitz and Stegun, 7.1.6 and 7.1.14).
 */
public final class ErrorFunction {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double SQRT_PI = Math.sqrt(Math.PI);
  private static final double INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

  private ErrorFunction() {}

  /** Φ(x), the probability that a standard normal variable is at most x. */
  public static double normalCdf(double x) {
    double z = Math.abs(x) * SQRT_HALF;
    if (z < 2.5) {
      double half = 0.5 * erfSeries(z);
      return x >= 0 ? 0.5 + half : 0.5 - half;
    }
    double tail = 0.5 * erfcFraction(z);
    return x >= 0 ? 1 - tail : tail;
  }

  /** The standard normal density. */
  public static double normalPdf(double x) {
    return INVERSE_SQRT_2_PI * Math.exp(-0.5 * x * x);
  }

  private static double erfSeries(double z) {
    // every term of e^(-z^2) sum 2^n z^(2n+1) / (2n+1)!! is positive: nothing cancels
    double term = z;
    double sum = z;
    for (int n = 1; term > sum * 1e-17; n++) {
      term *= 2 * z * z / (2 * n + 1);
      sum += term;
    }
    return 2 / SQRT_PI * Math.exp(-z * z) * sum;
  }

  private static double erfcFraction(double z) {
    if (z > 27) {
      return 0; // below the smallest double
    }
    double fraction = z;
    for (int n = 60; n >= 1; n--) {
      fraction = z + n / 2.0 / fraction;
    }
    return Math.exp(-z * z) / SQRT_PI / fraction;
  }
}
