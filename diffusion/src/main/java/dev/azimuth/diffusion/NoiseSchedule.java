package dev.azimuth.diffusion;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;

/**
 * The forward process x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε (Ho et al. 2020) with the "linear" schedule of
 * latent diffusion: β = linspace(√linearStart, √linearEnd, timesteps)² (reference {@code ddpm.py},
 * {@code register_schedule}). Computed in float64; the reference keeps the results as float32,
 * which {@link #alphasCumprod(int)} honours.
 */
public final class NoiseSchedule {
  private final double[] betas;
  private final double[] alphasCumprod;

  /**
   * The sizes of a schedule, as the reference's configuration names them.
   *
   * @param timesteps number of noise levels
   * @param linearStart first β
   * @param linearEnd last β
   */
  public record Config(int timesteps, double linearStart, double linearEnd) {
    /** What every published model uses. */
    public static final Config PUBLISHED = new Config(1000, 0.00085, 0.012);

    /** Throws {@link IllegalArgumentException} unless 0 &lt; linearStart ≤ linearEnd &lt; 1. */
    public Config {
      if (timesteps < 1 || !(linearStart > 0) || !(linearEnd >= linearStart) || !(linearEnd < 1)) {
        throw new IllegalArgumentException(
            "schedule: needs timesteps >= 1 and 0 < linear_start <= linear_end < 1; got "
                + timesteps
                + ", "
                + linearStart
                + ", "
                + linearEnd);
      }
    }
  }

  /** The schedule of a configuration. */
  public NoiseSchedule(Config config) {
    int n = config.timesteps();
    betas = new double[n];
    alphasCumprod = new double[n];
    double first = Math.sqrt(config.linearStart());
    double last = Math.sqrt(config.linearEnd());
    double product = 1;
    for (int t = 0; t < n; t++) {
      double root = n == 1 ? first : first + (last - first) * t / (n - 1);
      betas[t] = root * root;
      product *= 1 - betas[t];
      alphasCumprod[t] = product;
    }
  }

  /** Number of noise levels. */
  public int timesteps() {
    return betas.length;
  }

  /** β_t in float64. */
  public double beta(int t) {
    return betas[t];
  }

  /** ᾱ_t in float64. */
  public double alphasCumprodExact(int t) {
    return alphasCumprod[t];
  }

  /** ᾱ_t as the reference's buffer holds it, in float32. */
  public float alphasCumprod(int t) {
    return (float) alphasCumprod[t];
  }

  /** ᾱ_{t-1} in float64; 1 for t = 0. */
  public double alphasCumprodPrevious(int t) {
    return t == 0 ? 1 : alphasCumprod[t - 1];
  }

  /** The posterior's variance β(1-ᾱ_{t-1})/(1-ᾱ_t). */
  public double posteriorVariance(int t) {
    return betas[t] * (1 - alphasCumprodPrevious(t)) / (1 - alphasCumprod[t]);
  }

  /** Weight of timestep t in the variational bound; that of 0, which diverges, is that of 1. */
  public double variationalWeight(int t) {
    int at = t == 0 && betas.length > 1 ? 1 : t;
    double rest = (1 - betas[at]) * (1 - alphasCumprod[at]);
    return betas[at] * betas[at] / (2 * posteriorVariance(at) * rest);
  }

  /**
   * x_t from x_0 and noise, both [N, ...], with a timestep for each of the N samples.
   *
   * @throws IllegalArgumentException if a timestep is outside the schedule
   */
  public Tensor addNoise(Tensor xStart, Tensor noise, int... t) {
    Check.same("addNoise", "one timestep per sample", t.length, xStart.shape().dim(0), xStart);
    double[] signal = new double[t.length];
    double[] deviation = new double[t.length];
    for (int n = 0; n < t.length; n++) {
      if (t[n] < 0 || t[n] >= timesteps()) {
        throw new IllegalArgumentException(
            "addNoise: timestep " + t[n] + " is outside 0.." + (timesteps() - 1));
      }
      signal[n] = (float) Math.sqrt(alphasCumprod[t[n]]);
      deviation[n] = (float) Math.sqrt(1 - alphasCumprod[t[n]]);
    }
    return xStart.mul(perSample(xStart, signal)).add(noise.mul(perSample(xStart, deviation)));
  }

  /**
   * The velocity v = √ᾱ_t ε - √(1-ᾱ_t) x_0 (Salimans and Ho 2022) at a timestep for each sample.
   *
   * @throws IllegalArgumentException if a timestep is outside the schedule
   */
  public Tensor velocity(Tensor xStart, Tensor noise, int... t) {
    return addNoise(noise, xStart.mul(-1), t);
  }

  private static Tensor perSample(Tensor like, double[] values) {
    int[] dims = new int[like.shape().rank()];
    Arrays.fill(dims, 1);
    dims[0] = values.length;
    return Tensor.of(like.backend(), like.dtype(), Shape.of(dims), values);
  }
}
