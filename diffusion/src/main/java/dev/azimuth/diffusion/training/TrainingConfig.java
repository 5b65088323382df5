package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.ModelConfig;
import org.jspecify.annotations.Nullable;

/**
 * A whole training: what {@code azimuth train --config} reads.
 *
 * @param seed everything random follows from it
 * @param model the networks; a scale factor of 1 is replaced by the one that gives latents a
 *     deviation of 1
 * @param autoencoder the first stage
 * @param klWeight weight of the autoencoder's divergence, per element of the image
 * @param imageEncoder the second stage
 * @param temperature of the image encoder's contrastive loss
 * @param noisePrediction the third stage
 * @param projectionLearningRateFactor multiplies that stage's learning rate for {@code
 *     cc_projection}, which alone tells the network of the camera's move; 10 as published
 * @param timestepShift s of the timesteps drawn, t/T = s·u / (1 + (s - 1)·u) for a uniform u (Esser
 *     et al. 2024, equation 23): above 1 more of them are noisy, where the condition must tell what
 *     the latent no longer does; 1 as published
 * @param mirror whether the third stage, which must learn shapes, sees each object mirrored too;
 *     the first two are cheaper without
 * @param conditionViews how many views the third stage's samples are conditioned on; one if it
 *     isn't said
 */
public record TrainingConfig(
    long seed,
    ModelConfig model,
    StageConfig autoencoder,
    double klWeight,
    StageConfig imageEncoder,
    double temperature,
    StageConfig noisePrediction,
    double projectionLearningRateFactor,
    double timestepShift,
    boolean mirror,
    ViewRange conditionViews) {

  /** Throws {@link IllegalArgumentException} naming the first part that is missing. */
  public TrainingConfig {
    require("model", model);
    require("autoencoder", autoencoder);
    require("image_encoder", imageEncoder);
    require("noise_prediction", noisePrediction);
    conditionViews = conditionViews == null ? ViewRange.ONE : conditionViews;
    if (conditionViews.most() > 1
        && !(model.conditioner() instanceof ConditionerConfig.MultiView)) {
      throw new IllegalArgumentException(
          "condition_views: only a MULTI_VIEW conditioner takes more than one view, not "
              + model.conditioner().json());
    }
    if (!(temperature > 0)) {
      throw new IllegalArgumentException("temperature: must be positive, not " + temperature);
    }
    if (!(projectionLearningRateFactor > 0)) {
      throw new IllegalArgumentException(
          "projection_learning_rate_factor: must be positive, not " + projectionLearningRateFactor);
    }
    if (!(timestepShift > 0)) {
      throw new IllegalArgumentException(
          "timestep_shift: must be positive (1: uniform timesteps), not " + timestepShift);
    }
    if (!(klWeight >= 0)) {
      throw new IllegalArgumentException("kl_weight: must be 0 or more, not " + klWeight);
    }
  }

  /** The same training of another model, on other numbers of views, from another seed. */
  public TrainingConfig withModel(ModelConfig other, ViewRange views, long otherSeed) {
    return new TrainingConfig(
        otherSeed,
        other,
        autoencoder,
        klWeight,
        imageEncoder,
        temperature,
        noisePrediction,
        projectionLearningRateFactor,
        timestepShift,
        mirror,
        views);
  }

  private static void require(String key, @Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException(key + ": is missing");
    }
  }
}
