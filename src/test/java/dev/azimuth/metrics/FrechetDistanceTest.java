package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azimuth.metrics.FrechetDistance.Statistics;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrechetDistanceTest {
  private static double[][] normal(int n, int d, long seed) {
    Random random = new Random(seed);
    double[][] x = new double[n][d];
    for (double[] row : x) {
      for (int i = 0; i < d; i++) {
        row[i] = random.nextGaussian() * (i + 1);
      }
    }
    return x;
  }

  @Test
  void statisticsAreUnbiased() {
    Statistics statistics = Statistics.of(new double[][] {{1, 0}, {3, 4}});
    assertArrayEquals(new double[] {2, 2}, statistics.mean());
    assertArrayEquals(new double[][] {{2, 4}, {4, 8}}, statistics.covariance());
  }

  /** Of diagonal covariances it is that of the deviations, feature by feature. */
  @Test
  void diagonalsAreComparedByTheirDeviations() {
    Statistics a = new Statistics(new double[] {1, 0}, new double[][] {{4, 0}, {0, 9}});
    Statistics b = new Statistics(new double[] {4, 0}, new double[][] {{1, 0}, {0, 0}});
    assertEquals(9 + 1 + 9, FrechetDistance.between(a, b), 1e-12);
    assertEquals(FrechetDistance.between(b, a), FrechetDistance.between(a, b), 1e-12);
  }

  /** Of rank 1, (u uᵀ v vᵀ)^½ has the one eigenvalue |u·v|. */
  @Test
  void singularCovariancesNeedNoOffset() {
    double[] none = new double[2];
    Statistics a = new Statistics(none, new double[][] {{9, 12}, {12, 16}});
    Statistics b = new Statistics(none, new double[][] {{1, -2}, {-2, 4}});
    assertEquals(5, FrechetDistance.traceOfRoot(a, b, 0), 1e-7);
  }

  /** In two dimensions tr M^½ = √(tr M + 2 √det M), whatever axes the covariances have. */
  @Test
  void obliqueGaussiansHaveTheClosedForm() {
    double[][] a = {{5, 2}, {2, 3}};
    double[][] b = {{2, -1.5}, {-1.5, 4}};
    double traceOfProduct = 5 * 2 + 2 * 2 * -1.5 + 3 * 4;
    double determinant = (5 * 3 - 2 * 2) * (2 * 4 - 1.5 * 1.5);
    double root = Math.sqrt(traceOfProduct + 2 * Math.sqrt(determinant));
    double expected = 3 * 3 + 4 * 4 + (5 + 3) + (2 + 4) - 2 * root;
    double got =
        FrechetDistance.between(
            new Statistics(new double[] {0, 0}, a), new Statistics(new double[] {3, 4}, b));
    assertEquals(expected, got, 1e-10);
  }

  /** With fewer pictures than features it goes by another, smaller matrix to the same number. */
  @Test
  void fewPicturesOfManyFeaturesGiveTheSame() {
    double[][] a = normal(6, 20, 4);
    double[][] b = normal(9, 20, 5);
    double expected = FrechetDistance.between(Statistics.of(a), Statistics.of(b));
    // the larger matrix has zeros for eigenvalues, whose rounding it takes the roots of
    assertEquals(expected, FrechetDistance.between(a, b), 1e-5 * expected);
    assertEquals(0, FrechetDistance.between(a, a), 1e-9);
    double[][] many = normal(40, 5, 6);
    double[][] others = normal(30, 5, 7);
    assertEquals(
        FrechetDistance.between(Statistics.of(many), Statistics.of(others)),
        FrechetDistance.between(many, others));
  }

  @Test
  void aSetIsAtNoDistanceFromItself() {
    Statistics many = Statistics.of(normal(50, 8, 1));
    Statistics few = Statistics.of(normal(5, 8, 2));
    assertEquals(0, FrechetDistance.between(many, many), 1e-9);
    // half of its eigenvalues are rounding, whose roots are some 1e-8 of the largest's
    assertEquals(0, FrechetDistance.between(few, few), 1e-5);
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Statistics.of(new double[1][4]));
    assertThrows(IllegalArgumentException.class, () -> Statistics.of(new double[][] {{1}, {1, 2}}));
    Statistics two = Statistics.of(normal(9, 2, 3));
    Statistics three = Statistics.of(normal(9, 3, 3));
    assertThrows(IllegalArgumentException.class, () -> FrechetDistance.between(two, three));
  }
}
