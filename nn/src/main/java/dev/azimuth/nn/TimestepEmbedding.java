package dev.azimuth.nn;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;

/**
 * Sinusoidal embedding of timesteps: [cos(t·f_0), ..., sin(t·f_0), ...] with f_i =
 * maxPeriod^(-i/half).
 *
 * <p>Vaswani et al. 2017, as the reference's {@code timestep_embedding} lays it out.
 *
 * @param dim width of the embedding; an odd one ends in a zero
 * @param maxPeriod the longest wavelength over 2π
 */
public record TimestepEmbedding(int dim, double maxPeriod) {
  /** With the reference's longest period, 10,000. */
  public static TimestepEmbedding of(int dim) {
    return new TimestepEmbedding(dim, 10_000);
  }

  /** The embedding [timesteps.length, dim]. */
  public Tensor forward(Backend backend, DType dtype, long... timesteps) {
    int half = dim / 2;
    double[] values = new double[timesteps.length * dim];
    for (int n = 0; n < timesteps.length; n++) {
      for (int i = 0; i < half; i++) {
        double angle = timesteps[n] * Math.exp(-Math.log(maxPeriod) * i / half);
        values[n * dim + i] = Math.cos(angle);
        values[n * dim + half + i] = Math.sin(angle);
      }
    }
    return Tensor.of(backend, dtype, Shape.of(timesteps.length, dim), values);
  }
}
