package dev.azimuth.diffusion;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Which timesteps a DDIM run visits, noisiest first, and the noise level each step ends at.
 *
 * @param steps in the order of use
 */
public record DdimSchedule(List<Step> steps) {
  /** How timesteps are chosen. */
  public enum Rule {
    /**
     * The reference's sampler: every ⌊timesteps/S⌋-th from 1 on, the last (noisiest) one left out,
     * so that 50 asked steps are 49 network calls; the last step ends at ᾱ_0.
     */
    REFERENCE,
    /**
     * diffusers' {@code DDIMScheduler} as Zero-1-to-3 pipelines configure it: S steps, "leading"
     * spacing with offset 1, {@code set_alpha_to_one} false.
     */
    DIFFUSERS
  }

  /**
   * One step of the sampler (Song et al. 2021, equation 12).
   *
   * @param timestep what the network is told
   * @param alpha ᾱ at this timestep
   * @param alphaPrevious ᾱ where the step ends
   * @param sigma standard deviation of the noise it adds
   */
  public record Step(int timestep, double alpha, double alphaPrevious, double sigma) {}

  /**
   * The schedule for {@code count} asked steps.
   *
   * @param eta 0 is deterministic, 1 is DDPM's variance
   * @throws IllegalArgumentException unless 1 ≤ count ≤ timesteps and eta ≥ 0
   */
  public static DdimSchedule of(NoiseSchedule schedule, Rule rule, int count, double eta) {
    requireSteps(schedule, count, eta);
    List<Integer> ascending = timesteps(schedule, rule, count);
    int used = rule == Rule.REFERENCE ? ascending.size() - 1 : ascending.size();
    if (used < 1) {
      throw new IllegalArgumentException(
          "steps: "
              + count
              + " leave no network call under the reference's rule; ask for 2 or more");
    }
    List<Step> all = steps(schedule, ascending, eta);
    return new DdimSchedule(IntStream.range(0, used).mapToObj(i -> all.get(used - 1 - i)).toList());
  }

  /**
   * Every timestep of the rule with its numbers, ascending: the reference's {@code make_schedule}
   * before its sampler leaves out the last.
   */
  public static List<Step> all(NoiseSchedule schedule, Rule rule, int count, double eta) {
    requireSteps(schedule, count, eta);
    return steps(schedule, timesteps(schedule, rule, count), eta);
  }

  private static void requireSteps(NoiseSchedule schedule, int count, double eta) {
    if (count < 1 || count > schedule.timesteps()) {
      throw new IllegalArgumentException(
          "steps: must be from 1 to " + schedule.timesteps() + ", not " + count);
    }
    if (!(eta >= 0) || Double.isInfinite(eta)) {
      throw new IllegalArgumentException("eta: must be 0 or more, not " + eta);
    }
  }

  private static List<Integer> timesteps(NoiseSchedule schedule, Rule rule, int count) {
    int stride = schedule.timesteps() / count;
    return switch (rule) {
      // a value equal to the number of timesteps has no noise level; the sampler drops it
      case REFERENCE ->
          IntStream.iterate(1, t -> t <= schedule.timesteps(), t -> t + stride).boxed().toList();
      case DIFFUSERS -> IntStream.range(0, count).map(i -> i * stride + 1).boxed().toList();
    };
  }

  private static List<Step> steps(NoiseSchedule schedule, List<Integer> ascending, double eta) {
    return IntStream.range(0, ascending.size())
        .mapToObj(
            i -> {
              float alpha = alpha(schedule, ascending.get(i));
              float previous = alpha(schedule, i == 0 ? 0 : ascending.get(i - 1));
              // the reference's mixed precision: 1 - ᾱ is rounded to float32, the rest is float64
              double variance = (1.0 - previous) / (1f - alpha) * (1 - (double) alpha / previous);
              double sigma = eta * Math.sqrt(variance);
              return new Step(ascending.get(i), alpha, previous, sigma);
            })
        .toList();
  }

  private static float alpha(NoiseSchedule schedule, int timestep) {
    return schedule.alphasCumprod(Math.min(timestep, schedule.timesteps() - 1));
  }
}
