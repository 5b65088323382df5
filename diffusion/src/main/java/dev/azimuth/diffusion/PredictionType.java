package dev.azimuth.diffusion;

/** What a UNet predicts of x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε. */
public enum PredictionType {
  /** The noise ε (Ho et al. 2020), as every published Zero-1-to-3 does. */
  EPSILON,
  /**
   * The velocity v = √ᾱ_t ε - √(1-ᾱ_t) x_0 (Salimans and Ho 2022). Where there is almost nothing
   * but noise, an error in ε comes back in x_0 more than ten times as large; one in v does not, so
   * that a short training learns an object's shape and not its texture alone.
   */
  V_PREDICTION
}
