package dev.azimuth.metrics;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/**
 * Fréchet's distance between two normal distributions, FID where they are fitted to Inception's
 * features (Heusel et al. 2017; reference pytorch-fid {@code fid_score.py}):
 *
 * <pre>|μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½</pre>
 *
 * <p>The last trace is that of the symmetric (Σ₁^½ Σ₂ Σ₁^½)^½, whose eigenvalues are real, so that
 * singular covariances need no offset. The reference takes a root that rounding can make fail, and
 * then adds {@code eps} to both diagonals; {@link #traceOfRoot} does so on request.
 */
public final class FrechetDistance {
  private FrechetDistance() {}

  /**
   * A distribution's mean [d] and covariance [d, d], symmetric.
   *
   * @param mean of each feature
   * @param covariance divided by n - 1
   */
  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  public record Statistics(double[] mean, double[][] covariance) {
    /**
     * Those of features [n, d].
     *
     * @throws IllegalArgumentException unless there are 2 or more rows of one length
     */
    public static Statistics of(double[][] features) {
      int n = features.length;
      if (n < 2) {
        throw new IllegalArgumentException("fid: a covariance needs 2 pictures or more, not " + n);
      }
      int d = features[0].length;
      double[] mean = new double[d];
      for (double[] row : features) {
        if (row.length != d) {
          throw new IllegalArgumentException(
              "fid: features must have one length, " + row.length + " != " + d);
        }
        for (int i = 0; i < d; i++) {
          mean[i] += row[i] / n;
        }
      }
      double[][] covariance = new double[d][d];
      for (double[] row : features) {
        for (int i = 0; i < d; i++) {
          double deviation = row[i] - mean[i];
          for (int j = 0; j <= i; j++) {
            covariance[i][j] += deviation * (row[j] - mean[j]) / (n - 1);
          }
        }
      }
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < i; j++) {
          covariance[j][i] = covariance[i][j];
        }
      }
      return new Statistics(mean, covariance);
    }
  }

  /**
   * The distance.
   *
   * @throws IllegalArgumentException if the distributions differ in their number of features
   */
  public static double between(Statistics a, Statistics b) {
    return between(a, b, traceOfRoot(a, b, 0));
  }

  /**
   * The distance between the distributions of two sets of features, [n₁, d] and [n₂, d].
   *
   * <p>Where there are fewer pictures than features, the trace is the sum of the singular values of
   * A₁A₂ᵀ, A being the centred features over √(n - 1): a matrix of n₁ by n₂ in place of d by d.
   *
   * @throws IllegalArgumentException unless each has 2 or more rows, all of one length
   */
  public static double between(double[][] a, double[][] b) {
    Statistics first = Statistics.of(a);
    Statistics second = Statistics.of(b);
    int d = first.mean.length;
    if (second.mean.length != d || Math.max(a.length, b.length) >= d) {
      return between(first, second);
    }
    RealMatrix product = centred(a, first.mean).multiply(centred(b, second.mean).transpose());
    double trace = 0;
    for (double value : new SingularValueDecomposition(product).getSingularValues()) {
      trace += value;
    }
    return between(first, second, trace);
  }

  /** Deviations from the mean, scaled so that their products sum to the covariance. */
  private static RealMatrix centred(double[][] features, double[] mean) {
    double scale = 1 / Math.sqrt(features.length - 1.0);
    double[][] deviations = new double[features.length][mean.length];
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < mean.length; j++) {
        deviations[i][j] = (features[i][j] - mean[j]) * scale;
      }
    }
    return new Array2DRowRealMatrix(deviations, false);
  }

  /** The distance, with this trace of the covariances' root. */
  public static double between(Statistics a, Statistics b, double traceOfRoot) {
    double distance = -2 * traceOfRoot;
    for (int i = 0; i < a.mean.length; i++) {
      double difference = a.mean[i] - b.mean[i];
      distance += difference * difference + a.covariance[i][i] + b.covariance[i][i];
    }
    return distance;
  }

  /**
   * tr (Σ₁Σ₂)^½, with {@code offset} added to both diagonals.
   *
   * @throws IllegalArgumentException if the distributions differ in their number of features
   */
  public static double traceOfRoot(Statistics a, Statistics b, double offset) {
    if (a.mean.length != b.mean.length) {
      throw new IllegalArgumentException(
          "fid: both must have the same features, %d != %d"
              .formatted(a.mean.length, b.mean.length));
    }
    RealMatrix root = root(shifted(a, offset));
    RealMatrix product = root.multiply(shifted(b, offset)).multiply(root);
    // rounding leaves it not quite symmetric
    RealMatrix symmetric = product.add(product.transpose()).scalarMultiply(0.5);
    double trace = 0;
    for (double eigenvalue : new EigenDecomposition(symmetric).getRealEigenvalues()) {
      trace += Math.sqrt(Math.max(eigenvalue, 0));
    }
    return trace;
  }

  private static RealMatrix shifted(Statistics statistics, double offset) {
    RealMatrix covariance = new Array2DRowRealMatrix(statistics.covariance);
    int d = statistics.mean.length;
    return covariance.add(MatrixUtils.createRealIdentityMatrix(d).scalarMultiply(offset));
  }

  private static RealMatrix root(RealMatrix covariance) {
    EigenDecomposition eigen = new EigenDecomposition(covariance);
    double[] roots = eigen.getRealEigenvalues();
    for (int i = 0; i < roots.length; i++) {
      roots[i] = Math.sqrt(Math.max(roots[i], 0));
    }
    return eigen
        .getV()
        .multiply(MatrixUtils.createRealDiagonalMatrix(roots))
        .multiply(eigen.getVT());
  }
}
