package dev.azimuth.metrics;

/**
 * Peak signal-to-noise ratio, 10·log10(range² / MSE), in dB; infinite for equal pictures
 * (scikit-image {@code peak_signal_noise_ratio}).
 */
public final class Psnr {
  private Psnr() {}

  /** Mean of (a - b)² over all values. */
  public static double meanSquaredError(float[] a, float[] b) {
    if (a.length != b.length || a.length == 0) {
      throw new IllegalArgumentException(
          "psnr: pictures must have the same size, " + a.length + " != " + b.length + " values");
    }
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      sum += difference * difference;
    }
    return sum / a.length;
  }

  /**
   * The ratio of two pictures with the same number of values.
   *
   * @param range the largest possible minus the smallest possible value
   */
  public static double of(float[] a, float[] b, double range) {
    return 10 * Math.log10(range * range / meanSquaredError(a, b));
  }
}
