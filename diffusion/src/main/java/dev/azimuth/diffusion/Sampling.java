package dev.azimuth.diffusion;

/**
 * How a view is sampled.
 *
 * @param rule which timesteps
 * @param steps how many are asked for
 * @param scale guidance scale; 1 is none
 * @param eta 0 is deterministic, 1 is DDPM's variance
 */
public record Sampling(DdimSchedule.Rule rule, int steps, double scale, double eta) {
  /** The defaults of the reference's demo. */
  public static final Sampling REFERENCE = new Sampling(DdimSchedule.Rule.REFERENCE, 50, 3, 1);

  /** Throws {@link IllegalArgumentException} naming the value that can't be. */
  public Sampling {
    rule = rule == null ? DdimSchedule.Rule.REFERENCE : rule;
    if (steps < 1) {
      throw new IllegalArgumentException("steps: must be 1 or more, not " + steps);
    }
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("scale: must be a finite number, not " + scale);
    }
    if (!(eta >= 0) || Double.isInfinite(eta)) {
      throw new IllegalArgumentException("eta: must be 0 or more, not " + eta);
    }
  }
}
