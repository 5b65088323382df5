package dev.azimuth.diffusion.training;

/**
 * How one network is trained.
 *
 * @param steps optimizer steps
 * @param batchSize samples per step
 * @param learningRate AdamW's at its highest
 * @param warmUpSteps steps of linear warm-up from 0
 * @param finalFactor what the learning rate falls to by half a cosine, over its highest; 1 keeps it
 * @param weightDecay AdamW's
 * @param gradientClip largest norm of the whole gradient; 0 is none
 * @param emaDecay of the running average that is kept as the result; 0 keeps the last weights
 * @param checkpointEvery steps between checkpoints
 */
public record StageConfig(
    int steps,
    int batchSize,
    double learningRate,
    int warmUpSteps,
    double finalFactor,
    double weightDecay,
    double gradientClip,
    double emaDecay,
    int checkpointEvery) {

  /** Throws {@link IllegalArgumentException} naming the first number that can't be. */
  public StageConfig {
    require(steps >= 1, "steps", "1 or more", steps);
    require(batchSize >= 1, "batch_size", "1 or more", batchSize);
    require(learningRate > 0, "learning_rate", "positive", learningRate);
    require(warmUpSteps >= 0, "warm_up_steps", "0 or more", warmUpSteps);
    require(finalFactor >= 0 && finalFactor <= 1, "final_factor", "from 0 to 1", finalFactor);
    require(weightDecay >= 0, "weight_decay", "0 or more", weightDecay);
    require(gradientClip >= 0, "gradient_clip", "0 or more", gradientClip);
    require(emaDecay >= 0 && emaDecay < 1, "ema_decay", "from 0 to below 1", emaDecay);
    require(checkpointEvery >= 1, "checkpoint_every", "1 or more", checkpointEvery);
  }

  private static void require(boolean holds, String key, String rule, Object got) {
    if (!holds) {
      throw new IllegalArgumentException(key + ": must be " + rule + ", not " + got);
    }
  }

  /** Learning rate of step {@code step} (from 0) over its highest. */
  public double multiplier(long step) {
    if (step < warmUpSteps) {
      return (step + 1.0) / (warmUpSteps + 1.0);
    }
    double progress = (step - warmUpSteps) / Math.max(1.0, steps - warmUpSteps);
    double cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
    return finalFactor + (1 - finalFactor) * cosine;
  }
}
