package dev.azimuth.diffusion;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Several condition views without any training: the mean of the noise that a model of one view
 * predicts by each, a near view weighing more (stable-dreamfusion, pull request 248). A view at
 * angle a from the new one weighs min(100, 1/a), a in radians; weights are divided by the largest
 * and dropped below 0.1.
 */
final class ViewAverage {
  private static final double HEAVIEST = 100;
  private static final double LEAST = 0.1;

  private ViewAverage() {}

  /**
   * The mean of predictors.
   *
   * @param single one for each view
   * @param angles of each sample's views from its new one, radians [B][n]
   */
  static NoisePredictor of(List<NoisePredictor> single, double[][] angles) {
    double[][] weights = Arrays.stream(angles).map(ViewAverage::weights).toArray(double[][]::new);
    return (x, timestep) -> {
      Tensor sum = x.mul(0);
      for (int i = 0; i < single.size(); i++) {
        Tensor e = single.get(i).predict(x, timestep);
        sum = sum.add(e.mul(column(x, weights, i)));
      }
      return sum;
    };
  }

  /** What each view weighs; they sum to 1. */
  static double[] weights(double... angles) {
    double[] weights =
        Arrays.stream(angles).map(a -> a > 1 / HEAVIEST ? 1 / a : HEAVIEST).toArray();
    double largest = Arrays.stream(weights).max().orElseThrow();
    double[] kept = Arrays.stream(weights).map(w -> w < LEAST * largest ? 0 : w).toArray();
    double sum = Arrays.stream(kept).sum();
    return Arrays.stream(kept).map(w -> w / sum).toArray();
  }

  private static Tensor column(Tensor x, double[][] weights, int i) {
    double[] column = Arrays.stream(weights).mapToDouble(w -> w[i]).toArray();
    DType dtype = x.dtype();
    return Tensor.of(x.backend(), dtype, Shape.of(column.length, 1, 1, 1), column);
  }
}
