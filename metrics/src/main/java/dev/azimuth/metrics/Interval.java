package dev.azimuth.metrics;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

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

  /**
   * The interval of a statistic of a whole sample, such as a distance between two sets: computed
   * again on objects drawn with replacement. Drawing the same object twice biases such distances
   * upward, so the interval keeps the spread of what was drawn and is centred on the statistic.
   *
   * @param objects how many there are
   * @param draws how often they are drawn again
   * @param statistic of the objects with these numbers, each perhaps several times
   * @throws IllegalArgumentException if there are no objects
   */
  public static Interval bootstrap(
      int objects, int draws, ToDoubleFunction<int[]> statistic, long seed) {
    if (objects < 1 || draws < 1) {
      throw new IllegalArgumentException("interval: needs at least one object and one draw");
    }
    double value = statistic.applyAsDouble(IntStream.range(0, objects).toArray());
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[] drawn = new double[draws];
    for (int i = 0; i < draws; i++) {
      int[] sample = new int[objects];
      Arrays.setAll(sample, _ -> random.nextInt(objects));
      drawn[i] = statistic.applyAsDouble(sample);
    }
    Arrays.sort(drawn);
    double bias = Arrays.stream(drawn).average().orElseThrow() - value;
    return new Interval(
        value,
        drawn[(int) (0.025 * draws)] - bias,
        drawn[Math.max(0, (int) Math.ceil(0.975 * draws) - 1)] - bias);
  }

  /** {@code 18.324 [17.903, 18.712]}. */
  public String format() {
    return String.format("%.3f [%.3f, %.3f]", mean, low, high);
  }
}
