package dev.azimuth.metrics;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A mean with its 95 % interval.
 *
 * @param mean of the values
 * @param low end of the interval
 * @param high end of the interval
 */
public record Interval(double mean, double low, double high) {
  private static final int RESAMPLES = 10_000;

  /**
   * The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): the values, one for each
   * object, drawn again with replacement 10,000 times.
   *
   * @throws IllegalArgumentException if there are no values
   */
  public static Interval bootstrap(double[] values, long seed) {
    if (values.length == 0) {
      throw new IllegalArgumentException("interval: needs at least one value");
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[] means = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      double sum = 0;
      for (int j = 0; j < values.length; j++) {
        sum += values[random.nextInt(values.length)];
      }
      means[i] = sum / values.length;
    }
    Arrays.sort(means);
    double mean = Arrays.stream(values).average().orElseThrow();
    return new Interval(
        mean, means[(int) (0.025 * RESAMPLES)], means[(int) (0.975 * RESAMPLES) - 1]);
  }

  /** {@code 18.324 [17.903, 18.712]}. */
  public String format() {
    return String.format("%.3f [%.3f, %.3f]", mean, low, high);
  }
}
