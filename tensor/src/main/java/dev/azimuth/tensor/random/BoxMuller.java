package dev.azimuth.tensor.random;

/**
 * Pairs of normal numbers from pairs of uniform ones: {@code r cos(2 pi v)}, {@code r sin(2 pi v)}
 * with {@code r = sqrt(-2 ln(1 - u))}.
 *
 * <p>The elementary functions are our own, in double precision to within 2 units in the last place:
 * {@link Math} may give other bits on another processor, and {@link StrictMath} takes about twice
 * the time, since it has to reduce any angle, where a fraction of a turn reduces exactly and no
 * branch depends on the numbers.
 */
final class BoxMuller {
  /** ln 2 in two parts; the first has zeros at its end, so that its product with k is exact. */
  private static final double LN2_HIGH = 0x1.62e42fee00000p-1;

  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  private static final long SQRT_HALF_BITS = Double.doubleToRawLongBits(0.7071067811865476);

  private BoxMuller() {}

  /** The radius for a uniform u in [0, 1). */
  static double radius(double u) {
    return Math.sqrt(-2 * log(1 - u));
  }

  /**
   * The natural logarithm of x in (0, 1]. With x = m 2^k, m in [sqrt(1/2), sqrt(2)) and s = (m - 1)
   * / (m + 1): ln m = 2 artanh(s), a series in s^2 that has converged after 11 terms.
   */
  static double log(double x) {
    long bits = Double.doubleToRawLongBits(x);
    long k = (bits - SQRT_HALF_BITS) >> 52;
    double m = Double.longBitsToDouble(bits - (k << 52));
    double s = (m - 1) / (m + 1);
    double t = s * s;
    double series = 1.0 / 21;
    series = series * t + 1.0 / 19;
    series = series * t + 1.0 / 17;
    series = series * t + 1.0 / 15;
    series = series * t + 1.0 / 13;
    series = series * t + 1.0 / 11;
    series = series * t + 1.0 / 9;
    series = series * t + 1.0 / 7;
    series = series * t + 1.0 / 5;
    series = series * t + 1.0 / 3;
    return k * LN2_HIGH + (2 * s + (2 * s * t * series + k * LN2_LOW));
  }

  /** The cosine of a fraction v in [0, 1) of a full turn. */
  static double cosTurn(double v) {
    long quadrant = (long) (4 * v + 0.5);
    double a = 2 * Math.PI * (v - 0.25 * quadrant);
    return select(quadrant, cos(a), sin(a), (quadrant + 1) << 62);
  }

  /** The sine of a fraction v in [0, 1) of a full turn. */
  static double sinTurn(double v) {
    long quadrant = (long) (4 * v + 0.5);
    double a = 2 * Math.PI * (v - 0.25 * quadrant);
    return select(quadrant, sin(a), cos(a), quadrant << 62);
  }

  /**
   * The even or the odd one, its sign changed if the top bit of {@code sign} is set. In bits,
   * because a branch on random numbers is guessed wrong every other time and costs more than both
   * series.
   */
  private static double select(long quadrant, double even, double odd, long sign) {
    long bits = Double.doubleToRawLongBits(even);
    bits ^= (bits ^ Double.doubleToRawLongBits(odd)) & -(quadrant & 1);
    return Double.longBitsToDouble(bits ^ (sign & Long.MIN_VALUE));
  }

  /** Taylor's series for |a| at most pi/4; the first term left out is below 1e-19. */
  private static double sin(double a) {
    double t = a * a;
    double series = 1.0 / 355687428096000.0;
    series = series * t - 1.0 / 1307674368000.0;
    series = series * t + 1.0 / 6227020800.0;
    series = series * t - 1.0 / 39916800.0;
    series = series * t + 1.0 / 362880.0;
    series = series * t - 1.0 / 5040.0;
    series = series * t + 1.0 / 120.0;
    series = series * t - 1.0 / 6.0;
    return a + a * t * series;
  }

  /** Taylor's series for |a| at most pi/4; the first term left out is below 3e-18. */
  private static double cos(double a) {
    double t = a * a;
    double series = 1.0 / 20922789888000.0;
    series = series * t - 1.0 / 87178291200.0;
    series = series * t + 1.0 / 479001600.0;
    series = series * t - 1.0 / 3628800.0;
    series = series * t + 1.0 / 40320.0;
    series = series * t - 1.0 / 720.0;
    series = series * t + 1.0 / 24.0;
    series = series * t - 0.5;
    return 1 + t * series;
  }
}
