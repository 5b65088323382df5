package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class IntervalTest {
  private static double[] normal(int count, long seed) {
    Random random = new Random(seed);
    return random.doubles(count).map(_ -> 20 + 3 * random.nextGaussian()).toArray();
  }

  @Test
  void holdsTheMeanAndHasTheWidthOfTheory() {
    for (int seed = 0; seed < 5; seed++) {
      double[] values = normal(200, seed);
      Interval interval = Interval.bootstrap(values, seed);
      double sum = 0;
      double squares = 0;
      for (double value : values) {
        sum += value;
        squares += value * value;
      }
      double mean = sum / values.length;
      double deviation = Math.sqrt(squares / values.length - mean * mean);
      assertEquals(mean, interval.mean(), 1e-12);
      assertTrue(interval.low() < mean && mean < interval.high());
      // the resampled mean is normal with deviation σ/√n; a quantile of 10,000 draws is known to 2
      // %
      double half = 1.96 * deviation / Math.sqrt(values.length);
      assertEquals(half, mean - interval.low(), 0.1 * half);
      assertEquals(half, interval.high() - mean, 0.1 * half);
    }
  }

  @Test
  void coversTheTruthAsOftenAsItSays() {
    int covered = 0;
    for (int trial = 0; trial < 100; trial++) {
      Interval interval = Interval.bootstrap(normal(40, 1000 + trial), trial);
      covered += interval.low() <= 20 && 20 <= interval.high() ? 1 : 0;
    }
    // 95 of 100, a little fewer for 40 values; the binomial's deviation is 2.2
    assertTrue(covered >= 86 && covered <= 99, covered + " of 100");
  }

  @Test
  void theSeedDecides() {
    double[] values = normal(30, 7);
    assertEquals(Interval.bootstrap(values, 1), Interval.bootstrap(values, 1));
    assertNotEquals(Interval.bootstrap(values, 1), Interval.bootstrap(values, 2));
  }

  @Test
  void oneValueIsItsOwnInterval() {
    assertEquals(new Interval(3, 3, 3), Interval.bootstrap(new double[] {3}, 0));
    assertEquals("3.000 [3.000, 3.000]", new Interval(3, 3, 3).format());
    assertThrows(IllegalArgumentException.class, () -> Interval.bootstrap(new double[0], 0));
  }

  /** For the mean itself it has the width of the interval of means. */
  @Test
  void statisticsOfWholeSamplesAreCentredOnTheirValue() {
    double[] values = new double[40];
    Arrays.setAll(values, i -> i % 7);
    Interval direct = Interval.bootstrap(values, 3);
    Interval general =
        Interval.bootstrap(
            40,
            2000,
            drawn -> Arrays.stream(drawn).mapToDouble(i -> values[i]).average().orElse(0),
            3);
    assertEquals(direct.mean(), general.mean(), 1e-12);
    // ends of 2,000 draws are some 3 % of the width uncertain
    assertEquals(direct.low(), general.low(), 0.15 * (direct.high() - direct.low()));
    assertEquals(direct.high(), general.high(), 0.15 * (direct.high() - direct.low()));
    // a distance that repeats bias upward keeps its place
    Interval biased = Interval.bootstrap(40, 400, drawn -> 40 - distinct(drawn), 3);
    assertEquals(0, biased.mean());
    assertTrue(biased.low() < 0 && biased.high() > 0, biased.format());
    assertThrows(IllegalArgumentException.class, () -> Interval.bootstrap(0, 9, _ -> 1, 0));
  }

  private static double distinct(int[] drawn) {
    return Arrays.stream(drawn).distinct().count();
  }
}
